"""kill -9 at random instants of a release, then one more release."""

from __future__ import annotations

import time

from tests.benchmarks.chaos.ground import WAIT, Ground
from tests.benchmarks.chaos.row import Row, counted
from tests.benchmarks.failure import MeasurementFailed

BUILD_SECONDS = 4.0
"""What a build that finds its layers adds to a release."""
STEPS = ("build: ", "migrate: ", "deploy: ", "verify: ", "roll back: ")
BUILT_ANEW = 3
"""Every third release has to build first."""


def kills(ground: Ground, attempts: int) -> Row:
    """All services on one version and every invariant kept, each time."""
    failures, where = [], dict[str, int]()
    for number in range(1, attempts + 1):
        commit = ground.next()
        builds = number % BUILT_ANEW == 0
        if builds:
            ground.forget_images(commit)
        running = ground.start("release")
        # The first half second is Python starting: nothing can be left from it.
        at = ground.random.uniform(0.5, ground.seconds + (BUILD_SECONDS if builds else 0))
        time.sleep(at)
        over = running.process.poll() is not None
        if not over:
            running.kill()
        step = "over" if over else _step(running.told)
        where[step] = where.get(step, 0) + 1
        after = ground.run("release", *WAIT)
        wrong = f"the next release ended with {after.code}: {after.told}" if after.code else ground.wrong(commit)
        if wrong:
            failures.append(f"number {number}, killed after {at:.1f} s in {step}: {wrong}")
            _mend(ground)
        ground.write_line(f"kill {number} of {attempts}: after {at:4.1f} s, {step}: {wrong or 'settled'}")
    note = ", ".join(f"{step} {count}" for step, count in sorted(where.items()))
    return counted("kill -9 at a random instant, then one more release", attempts, failures, note)


def _step(told: str) -> str:
    """Where it was when it was killed, from what it said: lines that begin with the time."""
    if "released: " in told:
        return "close"
    said = [line.partition("  ")[2] for line in told.splitlines()]
    began = [words.partition(":")[0] for words in said if words.startswith(STEPS)]
    return began[-1] if began else "look"


def _mend(ground: Ground) -> None:
    """One failure must not be counted again in every attempt that follows."""
    ground.run("lock", "release", "--force")
    ended = ground.run("release", *WAIT)
    if ended.code:
        raise MeasurementFailed(f"nothing can be released any more: {ended.told}")
