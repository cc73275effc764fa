"""How much a rollback adds to what ECS takes for the rollout itself."""

from __future__ import annotations

import time

from tests.benchmarks.chaos.env import ChaosEnv
from tests.benchmarks.chaos.row import Row, timed
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.watching import completed_at
from tests.support.ledger_view import running_services

BOUND = 1.5


def rollbacks(env: ChaosEnv, attempts: int) -> Row:
    """From the start of the command to the old version serving, less what lies between the last UpdateService and ECS's
    COMPLETED as an observer sees it.
    """
    over, failures = [], []
    for number in range(1, attempts + 1):
        other = next(each["release_id"] for each in env.book.releases if _brings_another(each, env))
        env.shop.front.reset()
        with env.observer() as observer:
            observer.until_settled()
            began, epoch = time.monotonic(), time.time()
            ran = env.run("rollback", "--to", other)
            observer.until_settled()
        updates = [call.at + call.seconds - epoch for call in env.shop.front.calls("ecs", "UpdateService")]
        completed = completed_at(observer.looks)
        wrong = f"exit {ran.code}: {ran.told}" if ran.code else env.wrong()
        if wrong or completed is None or not updates:
            failures.append(f"number {number}: {wrong or 'nobody saw the rollout'}")
            continue
        itself = completed - began - max(updates)
        over.append(completed - began - itself)
        summary = f"{over[-1]:.2f} s over the rollout's {itself:.2f} s, exit at {ran.seconds:.2f} s"
        env.write_line(f"rollback {number} of {attempts}: {summary}")
    if not over and not failures:
        raise MeasurementFailed("no rollback was measured")
    return timed("rollback: start to old version serving, over the rollout itself", BOUND, over, failures)


def _brings_another(record: dict[str, object], env: ChaosEnv) -> bool:
    now = env.shop.account.running()
    return record["result"] == "released" and record["operation"] == "release" and running_services(record) != now
