"""Which major version of Node a project wants."""

from __future__ import annotations

import re

DEFAULT = 24
"""The LTS release in the middle of its life on 2026-11-24 (https://github.com/nodejs/release#release-schedule)."""
LTS = (DEFAULT, 22, 20, 18)
OTHERS = tuple(range(30, 13, -1))
CODE_NAMES = {"hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24}

_COMPARATOR = re.compile(r"(?P<operator>[<>]=?|[\^~=v])?\s*v?(?P<major>\d+)(?P<rest>(?:\.[\dx*]+)*)")


def node_major(told: str) -> int:
    """The LTS release that fits `.nvmrc` or `engines.node`; `DEFAULT` where it names none.

    A version that is no LTS release is taken where no other fits.
    """
    told = told.strip().lower()
    name = told.removeprefix("lts/")
    if name in CODE_NAMES:
        return CODE_NAMES[name]
    alternatives = [list(_COMPARATOR.finditer(re.sub(r"(\S+) - ", r">=\1 <=", part))) for part in told.split("||")]
    alternatives = [each for each in alternatives if each]
    for major in (*LTS, *OTHERS):
        if any(all(_fits(major, one) for one in each) for each in alternatives):
            return major
    return DEFAULT


def _fits(major: int, comparator: re.Match[str]) -> bool:
    bound, operator = int(comparator["major"]), comparator["operator"]
    inner = any(part not in ("0", "x", "*") for part in comparator["rest"].split(".")[1:])
    if operator in (">=", ">"):
        # Majors only: `>20.1` lets a later 20 in, `>20` does not.
        return major >= bound + (operator == ">" and not inner)
    if operator in ("<", "<="):
        return major < bound + (operator == "<=" or inner)
    return major == bound
