"""Two releases started together: one runs, the other follows its policy."""

from __future__ import annotations

from tests.benchmarks.chaos.env import ChaosEnv
from tests.benchmarks.chaos.row import Row, counted

TOLD = {
    "refuse": ((), [0, 8]),
    "wait": (("--if-busy", "wait"), [0, 0]),
    "supersede": (("--if-busy", "supersede"), [0, 9]),
}
"""Options, and the two exit codes in order."""


def races(env: ChaosEnv, attempts: int) -> Row:
    """In turn: refuse, wait, supersede."""
    failures = []
    for number in range(1, attempts + 1):
        policy, (options, codes) = list(TOLD.items())[number % len(TOLD)]
        commit = env.next()
        known = {each["release_id"] for each in env.book.releases}
        both = [env.start("release", *options) for _ in range(2)]
        ended = [each.ended() for each in both]
        wrong = _unlike(sorted(each.code for each in ended), codes) or env.wrong(commit)
        new = [each["result"] for each in env.book.releases if each["release_id"] not in known]
        if not wrong and new.count("released") != 1:
            wrong = f"the ledger has {new}"
        if wrong:
            output = "\n---\n".join(each.told for each in ended)
            failures.append(f"number {number}, {policy}: {wrong}\n{output}")
        env.write_line(f"race {number} of {attempts}, {policy}: {wrong or 'one ran'}")
    return counted("two releases started together", attempts, failures, "refuse, wait, supersede in turn")


def _unlike(codes: list[int], expected: list[int]) -> str:
    return "" if codes == expected else f"exit codes {codes}, not {expected}"
