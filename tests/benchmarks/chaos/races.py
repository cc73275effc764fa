"""Two releases started together: one runs, the other does as it was told."""

from __future__ import annotations

from tests.benchmarks.chaos.ground import Ground
from tests.benchmarks.chaos.row import Row, counted

TOLD = {
    "refuse": ((), [0, 8]),
    "wait": (("--if-busy", "wait"), [0, 0]),
    "supersede": (("--if-busy", "supersede"), [0, 9]),
}
"""Options, and the two exit codes in order."""


def races(ground: Ground, attempts: int) -> Row:
    """In turn: refuse, wait, supersede."""
    failures = []
    for number in range(1, attempts + 1):
        policy, (options, codes) = list(TOLD.items())[number % len(TOLD)]
        commit = ground.next()
        known = {each["release"] for each in ground.book.releases}
        both = [ground.start("release", *options) for _ in range(2)]
        ended = [each.ended() for each in both]
        wrong = _unlike(sorted(each.code for each in ended), codes) or ground.wrong(commit)
        new = [each["result"] for each in ground.book.releases if each["release"] not in known]
        if not wrong and new.count("released") != 1:
            wrong = f"the ledger has {new}"
        if wrong:
            told = "\n---\n".join(each.told for each in ended)
            failures.append(f"number {number}, {policy}: {wrong}\n{told}")
        ground.write_line(f"race {number} of {attempts}, {policy}: {wrong or 'one ran'}")
    return counted("two releases started together", attempts, failures, "refuse, wait, supersede in turn")


def _unlike(found: list[int], wanted: list[int]) -> str:
    return "" if found == wanted else f"exit codes {found}, not {wanted}"
