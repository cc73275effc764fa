"""Which container gets the image where the configuration names none."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.ecs.task_definition import ContainerUnclear, Place, container_for, repository_of

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
PLACE = Place("services.app", "shop", f"{HOST}/shop")


def definition(**essential: bool) -> dict[str, Any]:
    return {"containerDefinitions": [{"name": name, "essential": is_so} for name, is_so in essential.items()]}


def task(**images: tuple[bool, str]) -> dict[str, Any]:
    """Containers by name: whether each is essential, and its image."""
    return {
        "containerDefinitions": [
            {"name": name, "essential": is_essential, "image": image} for name, (is_essential, image) in images.items()
        ]
    }


@pytest.mark.parametrize(
    ("containers", "chosen"),
    [
        (definition(main=True), "main"),
        (definition(proxy=True, app=True), "app"),
        (definition(main=True, agent=False), "main"),
        ({"containerDefinitions": [{"name": "main"}, {"name": "agent", "essential": False}]}, "main"),
        (task(nginx=(True, "nginx:1.27"), php=(False, f"{HOST}/shop:old")), "php"),
        (task(app=(True, "nginx:1.27"), php=(True, f"{HOST}/shop@sha256:0")), "php"),
        (task(one=(True, f"{HOST}/shop:a"), app=(False, f"{HOST}/shop:b")), "app"),
        (task(main=(True, "PLACEHOLDER"), agent=(False, "datadog/agent:7")), "main"),
        (task(main=(True, "old/shop:1"), agent=(False, "datadog/agent:7")), "main"),
    ],
    ids=[
        "the only one",
        "the one of that name",
        "the only essential one",
        "essential where it does not say",
        "the one that runs the repository, though another is essential",
        "the one that runs the repository, though another has the name",
        "the name, where several run the repository",
        "the only essential one, which waits for its image",
        "the only essential one, whose image is of another registry",
    ],
)
def test_chooses(containers: dict[str, Any], chosen: str) -> None:
    assert container_for(containers, "app", PLACE) == chosen


def test_the_container_is_the_one_that_runs_the_repository_now_when_a_file_leaves_its_image_open() -> None:
    live = task(nginx=(True, "nginx:1.26"), php=(False, f"{HOST}/shop:1"), gone=(False, f"{HOST}/shop:1"))
    file = task(nginx=(True, "nginx:1.27"), php=(False, "PLACEHOLDER"))
    assert container_for(file, "app", PLACE, live) == "php"


@pytest.mark.parametrize(
    "containers",
    [definition(one=True, two=True), task(nginx=(True, "nginx:1.27"), php=(False, "PLACEHOLDER"))],
    ids=["two are essential", "the essential one has its image, and another waits for one"],
)
def test_asks_for_the_name_when_it_is_unclear(containers: dict[str, Any]) -> None:
    with pytest.raises(ContainerUnclear, match="and none is named") as caught:
        container_for(containers, "app", PLACE)

    assert caught.value.fix == "write services.app.containers: {CONTAINER: shop} in place of services.app.image"


def test_the_fix_is_the_key_of_the_migration_when_its_container_is_unclear() -> None:
    with pytest.raises(ContainerUnclear) as caught:
        container_for(definition(one=True, two=True), "migrate", Place("migrate"))

    assert caught.value.fix == "name the container under migrate.container"


@pytest.mark.parametrize(
    ("image", "repository"),
    [("nginx", "/nginx"), ("a/b:1", "/a/b"), ("localhost:5000/a@sha256:1", "/localhost:5000/a"), ("", "/")],
)
def test_the_repository_is_the_image_without_tag_and_digest(image: str, repository: str) -> None:
    assert repository_of(image) == repository
