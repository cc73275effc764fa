"""ECS calls a deployment failed before it lists the tasks that say why."""

from __future__ import annotations

import pytest

from tests.support.fake_account import Cloud
from tests.support.fake_ecs.life import CRASHES
from tests.unit.release import plan_cases as cases


@pytest.mark.parametrize(
    ("lag", "code"), [(0.0, "container-failed"), (9.0, "container-failed"), (60.0, "tasks-failed")]
)
def test_the_reason_is_looked_for_until_the_task_is_listed_and_not_for_ever(lag: float, code: str) -> None:
    cloud = Cloud()
    cloud.ecs.add("worker", rollback=False)
    cloud.ecs.next_life["worker"] = CRASHES
    cloud.ecs.listing_lag = lag

    outcome = cloud.release(cloud.plan(cases.service("worker")))

    # Its first task stops after 3 s, and the third, with which the deployment fails, after 9.
    assert code in [diagnosis.code for diagnosis in outcome.diagnoses]
