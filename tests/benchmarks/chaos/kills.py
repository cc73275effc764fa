"""kill -9 at random instants of a release, then one more release."""

from __future__ import annotations

import time

from tests.benchmarks.chaos.env import WAIT, ChaosEnv
from tests.benchmarks.chaos.row import Row, counted
from tests.benchmarks.failure import MeasurementFailed

BUILD_SECONDS = 4.0
"""What a build that finds its layers adds to a release."""
STEPS = ("build: ", "migrate: ", "deploy: ", "verify: ", "roll back: ")
BUILT_ANEW = 3
"""Every third release has to build first."""


def kills(env: ChaosEnv, attempts: int) -> Row:
    """All services on one version and every invariant kept, each time."""
    failures, where = [], dict[str, int]()
    for number in range(1, attempts + 1):
        commit = env.next()
        builds = number % BUILT_ANEW == 0
        if builds:
            env.forget_images(commit)
        running = env.start("release")
        # The first half second is Python starting: nothing can be left from it.
        at = env.random.uniform(0.5, env.seconds + (BUILD_SECONDS if builds else 0))
        time.sleep(at)
        over = running.process.poll() is not None
        if not over:
            running.kill()
        step = "over" if over else _step(running.told)
        where[step] = where.get(step, 0) + 1
        after = env.run("release", *WAIT)
        wrong = f"the next release ended with {after.code}: {after.told}" if after.code else env.wrong(commit)
        if wrong:
            failures.append(f"number {number}, killed after {at:.1f} s in {step}: {wrong}")
            _recover_by_force(env)
        env.write_line(f"kill {number} of {attempts}: after {at:4.1f} s, {step}: {wrong or 'settled'}")
    note = ", ".join(f"{step} {count}" for step, count in sorted(where.items()))
    return counted("kill -9 at a random instant, then one more release", attempts, failures, note)


def _step(output: str) -> str:
    """Where it was when it was killed, from what it said: lines that begin with the time."""
    if "released: " in output:
        return "close"
    said = [line.partition("  ")[2] for line in output.splitlines()]
    began = [words.partition(":")[0] for words in said if words.startswith(STEPS)]
    return began[-1] if began else "look"


def _recover_by_force(env: ChaosEnv) -> None:
    """One failure must not be counted again in every attempt that follows."""
    env.run("lock", "release", "--force")
    ended = env.run("release", *WAIT)
    if ended.code:
        raise MeasurementFailed(f"nothing can be released any more: {ended.told}")
