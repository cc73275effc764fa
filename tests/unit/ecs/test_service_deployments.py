"""What an answer of DescribeServiceDeployments that leaves a deployment out is taken for."""

from __future__ import annotations

import pytest

from deploytool.ecs.client import ServiceDeployments
from deploytool.ecs.deployment_model import rollout_of
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployments_api import DeploymentsApi, Readable
from tests.support.fake_ecs.ecs import EcsModel, revision


@pytest.mark.parametrize(
    ("how", "statuses"),
    [
        ("readable", ["PENDING", "SUCCESSFUL"]),
        ("empty", ["PENDING", None]),
        ("denied", ["PENDING", None]),
    ],
)
def test_describe_services_alone_decides_when_an_answer_leaves_the_deployment_out(
    how: Readable, statuses: list[str | None]
) -> None:
    ecs = EcsModel(VirtualClock())
    service = ecs.add("app")
    before = service.view()
    service.move_to(revision("app", 2))
    rollout = rollout_of(before, service.primary.view(), revision("app", 2))
    deployments = ServiceDeployments(DeploymentsApi(ecs.members, how))

    found = []
    for seconds in (1.0, 60.0):
        ecs.clock.sleep(seconds)
        deployments.learn([service.view()])
        found.append(deployments.of([rollout]).get("app"))

    assert [each.status if each else None for each in found] == statuses
