"""How much a rollback adds to what ECS takes for the rollout itself."""

from __future__ import annotations

import time

from tests.benchmarks.chaos.ground import Ground
from tests.benchmarks.chaos.row import Row, timed
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.watching import completed_at

BOUND = 1.5


def rollbacks(ground: Ground, attempts: int) -> Row:
    """From the start of the command to the old version serving, less what lies between the last UpdateService and ECS's
    COMPLETED as an observer sees it.
    """
    over, failures = [], []
    for number in range(1, attempts + 1):
        other = next(each["release"] for each in ground.book.releases if _brings_another(each, ground))
        ground.shop.front.reset()
        with ground.observer() as observer:
            observer.until_settled()
            began, epoch = time.monotonic(), time.time()
            ran = ground.run("rollback", "--to", other)
            observer.until_settled()
        updates = [call.at + call.seconds - epoch for call in ground.shop.front.calls("ecs", "UpdateService")]
        completed = completed_at(observer.looks)
        wrong = f"exit {ran.code}: {ran.told}" if ran.code else ground.wrong()
        if wrong or completed is None or not updates:
            failures.append(f"number {number}: {wrong or 'nobody saw the rollout'}")
            continue
        itself = completed - began - max(updates)
        over.append(completed - began - itself)
        told = f"{over[-1]:.2f} s over the rollout's {itself:.2f} s, exit at {ran.seconds:.2f} s"
        ground.write_line(f"rollback {number} of {attempts}: {told}")
    if not over and not failures:
        raise MeasurementFailed("no rollback was measured")
    return timed("rollback: start to old version serving, over the rollout itself", BOUND, over, failures)


def _brings_another(record: dict[str, object], ground: Ground) -> bool:
    now = ground.shop.account.running()
    return record["result"] == "released" and record["kind"] == "release" and record["serving"] != now
