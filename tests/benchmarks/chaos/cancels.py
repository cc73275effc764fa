"""SIGINT at random instants of a release: how long until everything is closed."""

from __future__ import annotations

import time

from deploytool.errors import Exit
from tests.benchmarks.chaos.ground import WAIT, Ground
from tests.benchmarks.chaos.row import Row, timed

BOUND = 5.0


def cancels(ground: Ground, attempts: int) -> Row:
    """From the signal to the end of the process, which is when ledger, lock and GitHub are closed."""
    failures, seconds = [], []
    for number in range(1, attempts + 1):
        commit = ground.next()
        running = ground.start("release")
        running.until_told("releasing ")
        time.sleep(ground.random.uniform(0, ground.seconds * 0.7))
        if running.process.poll() is not None:
            continue
        seconds.append(running.interrupt())
        code = running.ended().code
        wrong = "" if code in (Exit.CANCELLED, Exit.OK) else f"exit {code}: {running.told}"
        wrong = wrong or ground.wrong()
        after = ground.run("release", *WAIT)
        wrong = wrong or (f"the next release ended with {after.code}: {after.told}" if after.code else "")
        wrong = wrong or ground.wrong(commit)
        if wrong:
            failures.append(f"number {number}: {wrong}")
        ground.write_line(f"cancel {number} of {attempts}: closed in {seconds[-1]:.1f} s {wrong}")
    return timed("cancel: everything closed after SIGINT", BOUND, seconds, failures)
