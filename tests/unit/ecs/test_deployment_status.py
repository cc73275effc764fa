"""What became of a rollout: one case per thing that can happen in ECS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.ecs.deployment_status import judge
from deploytool.ecs.model import Deployment, ServiceDeployment
from tests.unit.ecs.deployment_status_table import (
    NEW,
    OLD,
    OTHER,
    ROLLOUT,
    WITHOUT_SERVICE_DEPLOYMENTS,
    Case,
    seen,
    told,
)
from tests.unit.ecs.rollback_table import ROLLBACKS
from tests.unit.ecs.service_deployment_table import WITH_SERVICE_DEPLOYMENTS

CASES = WITHOUT_SERVICE_DEPLOYMENTS + WITH_SERVICE_DEPLOYMENTS + ROLLBACKS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.happened)
def test_the_verdict_says_what_happened_in_ecs(case: Case) -> None:
    verdict = judge(case.rollout, case.service, case.service_deployment, False, case.sighting)
    assert verdict.state is case.state
    assert case.says in verdict.detail
    assert verdict.detail


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.happened)
def test_out_of_time_settles_what_is_undecided_and_changes_nothing_else(case: Case) -> None:
    before = judge(case.rollout, case.service, case.service_deployment, False, case.sighting)
    after = judge(case.rollout, case.service, case.service_deployment, True, case.sighting)
    assert after.settled
    if before.settled:
        assert after == before
    else:
        assert after == DeploymentStatus(
            DeploymentState.TIMED_OUT, f"timed out while {before.state.replace('_', ' ')}: {before.detail}"
        )
        assert after.failed


deployments = st.builds(
    Deployment,
    id=st.sampled_from(["ecs-svc/1", "ecs-svc/2", "ecs-svc/3"]),
    status=st.sampled_from(["PRIMARY", "ACTIVE", "INACTIVE"]),
    task_definition=st.sampled_from([OLD, NEW, OTHER]),
    rollout_state=st.sampled_from(["COMPLETED", "FAILED", "IN_PROGRESS", None]),
    desired=st.integers(0, 3),
    running=st.integers(0, 3),
    pending=st.integers(0, 3),
)
service_deployments = st.builds(
    told,
    st.sampled_from(
        [
            "PENDING",
            "IN_PROGRESS",
            "SUCCESSFUL",
            "STOPPED",
            "STOP_REQUESTED",
            "ROLLBACK_REQUESTED",
            "ROLLBACK_IN_PROGRESS",
            "ROLLBACK_SUCCESSFUL",
            "ROLLBACK_FAILED",
        ]
    ),
    st.integers(1, 3),
)


@given(st.lists(deployments, max_size=3, unique_by=lambda d: d.id), st.none() | service_deployments)
def test_only_our_revision_is_ever_called_live(listed: list[Deployment], told_by_ecs: ServiceDeployment | None) -> None:
    service = seen(*listed)
    verdict = judge(ROLLOUT, service, told_by_ecs, out_of_time=False)
    if verdict.state is DeploymentState.SUCCEEDED and (told_by_ecs is None or told_by_ecs.status != "SUCCESSFUL"):
        assert service.primary is not None
        assert service.primary.id == ROLLOUT.deployment_id or service.primary.task_definition == NEW
        assert service.primary.rollout_state in ("COMPLETED", None)


def test_there_are_enough_cases_and_each_is_named_once() -> None:
    assert len({case.happened for case in CASES}) == len(CASES) >= 30
