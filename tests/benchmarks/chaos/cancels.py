"""SIGINT at random instants of a release: how long until everything is closed."""

from __future__ import annotations

import time

from deploytool.errors import Exit
from tests.benchmarks.chaos.env import WAIT, ChaosEnv
from tests.benchmarks.chaos.row import Row, timed

BOUND = 5.0


def cancels(env: ChaosEnv, attempts: int) -> Row:
    """From the signal to the end of the process, which is when ledger, lock and GitHub are closed."""
    failures, seconds = [], []
    for number in range(1, attempts + 1):
        commit = env.next()
        running = env.start("release")
        running.until_told("releasing ")
        time.sleep(env.random.uniform(0, env.seconds * 0.7))
        if running.process.poll() is not None:
            continue
        seconds.append(running.interrupt())
        code = running.ended().code
        wrong = "" if code in (Exit.CANCELLED, Exit.OK) else f"exit {code}: {running.told}"
        wrong = wrong or env.wrong()
        after = env.run("release", *WAIT)
        wrong = wrong or (f"the next release ended with {after.code}: {after.told}" if after.code else "")
        wrong = wrong or env.wrong(commit)
        if wrong:
            failures.append(f"number {number}: {wrong}")
        env.write_line(f"cancel {number} of {attempts}: closed in {seconds[-1]:.1f} s {wrong}")
    return timed("cancel: everything closed after SIGINT", BOUND, seconds, failures)
