"""ECS gives a deployment up since it cannot find an image, and no task says which."""

from __future__ import annotations

import pytest

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.stop_failures import IMAGE_UNRESOLVED
from deploytool.release.failures import with_missing_images
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.faults import Fault, denied

PINNED, TAGGED = "registry.test/shop@sha256:9c", "registry.test/proxy:3"
UNRESOLVED = Diagnosis(IMAGE_UNRESOLVED.code, "ECS could not find an image", "push it")


def told(cloud: Cloud, *images: str, diagnosis: Diagnosis = UNRESOLVED) -> Diagnosis:
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    arn = cloud.ecs.register({"family": "app", "containerDefinitions": containers}, {})
    return with_missing_images(diagnosis, Rollout("app", "ecs-svc/2", arn), cloud.deps)


@pytest.mark.parametrize(
    ("images", "named"),
    [((PINNED, TAGGED, TAGGED), TAGGED), ((PINNED,), PINNED)],
    ids=["only a tag has to be resolved", "all are pinned"],
)
def test_the_image_is_named(images: tuple[str, ...], named: str) -> None:
    assert told(Cloud(), *images).cause == f"ECS could not find an image: {named}"


def test_it_is_told_without_a_name_when_the_revision_may_not_be_read() -> None:
    cloud = Cloud()
    cloud.ecs.faults.append(Fault("DescribeTaskDefinition", denied("DescribeTaskDefinition")))
    assert told(cloud, TAGGED) == UNRESOLVED


def test_nothing_is_read_for_another_reason() -> None:
    cloud = Cloud()
    other = Diagnosis("deployment-failed", "ECS gave up", "")
    assert told(cloud, TAGGED, diagnosis=other) == other
    assert cloud.ecs.made("DescribeTaskDefinition") == []
