"""When two task definitions are the same, and what is told where they are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ecs.task_definition import diff, same

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def definition(*, container: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    return {
        "family": "shop-app",
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "app", "image": f"{REGISTRY}/shop:1", **(container or {})}],
        **top,
    }


ENVIRONMENT = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]

EQUAL = {
    "read-only fields": (definition(revision=3, status="ACTIVE", taskDefinitionArn="arn"), definition()),
    "tags": (definition(tags=[{"key": "a", "value": "b"}]), definition()),
    "cpu as number": (definition(cpu=256), definition(cpu="256")),
    "cpu in vCPU": (definition(cpu=".25 vCPU"), definition()),
    "memory in GB": (definition(memory="0.5 GB"), definition()),
    "container cpu filled in": (definition(container={"cpu": 0}), definition()),
    "essential filled in": (definition(container={"essential": True}), definition()),
    "empty lists filled in": (definition(volumes=[], container={"mountPoints": [], "volumesFrom": []}), definition()),
    "order of environment": (
        definition(container={"environment": ENVIRONMENT}),
        definition(container={"environment": ENVIRONMENT[::-1]}),
    ),
    "host port and protocol filled in": (
        definition(container={"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]}),
        definition(container={"portMappings": [{"containerPort": 80}]}),
    ),
    "health check filled in": (
        definition(container={"healthCheck": {"command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3}}),
        definition(container={"healthCheck": {"command": ["CMD", "x"]}}),
    ),
    "platform filled in": (
        definition(runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}),
        definition(),
    ),
    "network mode of Fargate filled in": (
        definition(requiresCompatibilities=["FARGATE"], networkMode=None),
        definition(requiresCompatibilities=["FARGATE"]),
    ),
    "fault injection filled in": (definition(enableFaultInjection=False), definition()),
}

DIFFERENT = {
    "image": (definition(), definition(container={"image": "shop:2"})),
    "not essential": (definition(container={"essential": False}), definition()),
    "empty environment value": (
        definition(container={"environment": [{"name": "A", "value": ""}]}),
        definition(container={"environment": []}),
    ),
    "order of the command": (
        definition(container={"command": ["a", "b"]}),
        definition(container={"command": ["b", "a"]}),
    ),
    "host port with bridge": (
        definition(networkMode="bridge", container={"portMappings": [{"containerPort": 80, "hostPort": 80}]}),
        definition(networkMode="bridge", container={"portMappings": [{"containerPort": 80}]}),
    ),
    "another host port": (
        definition(container={"portMappings": [{"containerPort": 80, "hostPort": 81}]}),
        definition(container={"portMappings": [{"containerPort": 80}]}),
    ),
    "memory in a unit nobody knows": (definition(memory="1 GB"), definition(memory="1 TB")),
    "memory that is no number": (definition(memory="x GB"), definition()),
    "a field of the future": (definition(futureField=False), definition()),
}


@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL)
def test_what_ecs_fills_in_or_reorders_makes_no_difference(pair: tuple[Any, Any]) -> None:
    assert same(*pair)
    assert diff(*pair) == ()


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_what_changes_the_task_makes_a_difference(pair: tuple[Any, Any]) -> None:
    assert not same(*pair)
    assert diff(*pair)


texts = st.text("abcXYZ", min_size=1, max_size=4)
definitions = st.builds(
    lambda names, secrets, ports, cpu: definition(
        cpu=cpu,
        container={
            "environment": [{"name": name, "value": name} for name in names],
            "secrets": [{"name": name, "valueFrom": name} for name in secrets],
            "portMappings": [{"containerPort": port} for port in ports],
        },
    ),
    st.lists(texts, unique=True, max_size=4),
    st.lists(texts, unique=True, max_size=4),
    st.lists(st.integers(1, 65535), unique=True, max_size=3),
    st.sampled_from(["256", 256, "512"]),
)


@given(definitions, st.randoms())
def test_same_holds_for_itself_in_any_order(one: dict[str, Any], random: Any) -> None:
    other = json.loads(json.dumps(one))
    for key in ("environment", "secrets", "portMappings"):
        random.shuffle(other["containerDefinitions"][0][key])
    assert same(one, one)
    assert same(one, other)
    assert same(other, one)


@given(definitions, definitions)
def test_same_is_symmetric_and_agrees_with_diff(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert same(one, other) == same(other, one) == (diff(one, other) == ())


BEFORE = definition(
    executionRoleArn="arn:aws:iam::123456789012:role/old",
    containerDefinitions=[
        {
            "name": "app",
            "image": f"{REGISTRY}/shop:1111111@sha256:{'a' * 64}",
            "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "GONE", "value": "hunter2"}],
            "secrets": [{"name": "X", "valueFrom": "arn:x"}, {"name": "KEY", "valueFrom": "arn:old"}],
            "command": ["node", "a.js"],
        },
        {"name": "old-sidecar", "image": "s:1"},
    ],
)
AFTER = definition(
    executionRoleArn="arn:aws:iam::123456789012:role/new",
    cpu="512",
    memory=None,
    runtimePlatform={"cpuArchitecture": "ARM64"},
    volumes=[{"name": "data"}],
    containerDefinitions=[
        {
            "name": "app",
            "image": f"{REGISTRY}/shop:2222222@sha256:{'b' * 64}",
            "environment": [{"name": "LOG_LEVEL", "value": "hunter3"}, {"name": "NEW", "value": "hunter4"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:new"}],
            "essential": False,
            "healthCheck": {"command": ["CMD", "true"]},
        },
        {"name": "new-sidecar", "image": "s:2"},
    ],
)


def test_every_difference_is_told_in_words() -> None:
    assert set(diff(BEFORE, AFTER)) == {
        "cpu 256 → 512",
        "memory 512 → none",
        "cpuArchitecture none → ARM64",
        "executionRoleArn old → new",
        "volumes added",
        "app: image changes from shop:1111111@sha256:aaaaaaaaaaaa… to shop:2222222@sha256:bbbbbbbbbbbb…",
        "app: environment LOG_LEVEL changed",
        "app: environment GONE removed",
        "app: environment NEW added",
        "app: secret X removed",
        "app: secret KEY changed",
        "app: command [node a.js] → none",
        "app: essential True → False",
        "app: healthCheck added",
        "container old-sidecar removed",
        "container new-sidecar added, image s:2",
    }


def test_values_of_environment_variables_are_never_told() -> None:
    assert "hunter" not in " ".join(diff(BEFORE, AFTER) + diff(AFTER, BEFORE))
    assert "app: healthCheck removed" in diff(AFTER, BEFORE)
