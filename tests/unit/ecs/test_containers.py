"""Which container gets the image where the configuration names none."""

from __future__ import annotations

import pytest

from deploytool.ecs.task_definition import ContainerUnclear, container_for


def definition(**essential: bool) -> dict[str, object]:
    return {"containerDefinitions": [{"name": name, "essential": is_so} for name, is_so in essential.items()]}


@pytest.mark.parametrize(
    ("containers", "chosen"),
    [
        (definition(main=True), "main"),
        (definition(proxy=True, app=True), "app"),
        (definition(main=True, agent=False), "main"),
        ({"containerDefinitions": [{"name": "main"}, {"name": "agent", "essential": False}]}, "main"),
    ],
    ids=["the only one", "the one of that name", "the only essential one", "essential where it does not say"],
)
def test_chooses(containers: dict[str, object], chosen: str) -> None:
    assert container_for(containers, "app", "services.app") == chosen


def test_asks_for_the_name_when_it_is_unclear() -> None:
    with pytest.raises(ContainerUnclear, match="containers one, two, and none is named") as caught:
        container_for(definition(one=True, two=True), "app", "services.app")

    assert "services.app.containers" in caught.value.fix
