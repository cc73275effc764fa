"""The variables that text in the configuration may name, and how they are filled in.

`${name}` is replaced; `$${` is written to mean `${` itself; any other dollar sign is just that.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.model import Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploytool.core.config.document import Path
    from deploytool.core.config.faults import Found

PLACE = frozenset({"app", "environment", "region", "account"})
RELEASE = PLACE | {"commit", "short_commit"}
LIVE = RELEASE | {"host"}

_TOKEN = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<name>[^}]*)\}|(?P<open>\$\{)")


def check_variables(text: str, allowed: frozenset[str], path: Path, found: Found) -> None:
    """Reports each variable of `text` that does not exist, or is not known yet where it is used."""
    for token in _TOKEN.finditer(text):
        name = token["name"]
        if token["open"]:
            found.at_value(path, "`${` is never closed", "write `${name}`, or `$${` for the characters themselves")
        elif name is None or name in allowed:
            continue
        elif name in LIVE:
            found.at_value(path, f"${{{name}}} is not known here", f"known here: {', '.join(sorted(allowed))}")
        else:
            fix = did_you_mean(name, sorted(allowed)) + " (`$${` writes the characters themselves)"
            found.at_value(path, f'there is no variable "{name}"', fix)


def variables_in(text: str) -> frozenset[str]:
    return frozenset(token["name"] for token in _TOKEN.finditer(text) if token["name"] is not None)


def fill(text: str, known: Mapping[str, str]) -> str:
    """`text` with its variables replaced and `$${` turned into `${`. What is not in `known` stays as written."""
    return _TOKEN.sub(lambda token: "${" if token["escape"] else _value(token, known), text)


def fill_some(text: str, known: Mapping[str, str]) -> str:
    """As `fill`, for text that will be filled once more: `$${` is kept for then."""
    return _TOKEN.sub(lambda token: token[0] if token["escape"] else _value(token, known), text)


def _value(token: re.Match[str], known: Mapping[str, str]) -> str:
    return known.get(token["name"] or "", token[0])


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """A copy of a part of the configuration, variables filled in; in a `Verify`, `${host}` is left for `verify_at`."""
    return _each_text(value, lambda text: fill(text, known), lambda text: fill_some(text, known))


def verify_at(verify: Verify, host: str) -> Verify:
    """The check with `${host}` filled in: the DNS name of the load balancer that the live service is behind."""

    def at_host(text: str) -> str:
        return fill(text, {"host": host})

    done: Verify = _each_text(verify, at_host, at_host)
    return done


def _each_text(value: Any, change: Callable[[str], str], in_verify: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_each_text(item, change, in_verify) for item in value)
    if isinstance(value, dict):
        return {key: _each_text(item, change, in_verify) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        inner = in_verify if isinstance(value, Verify) else change
        parts = {part.name: _each_text(getattr(value, part.name), inner, in_verify) for part in fields(value)}
        return replace(value, **parts)
    return value
