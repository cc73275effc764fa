"""Registering what is live with other images, and nothing else changed."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ecs.task_definition import (
    READ_ONLY,
    LogGroup,
    Secret,
    UnknownContainer,
    containers,
    cpu_architecture,
    from_template,
    listens,
    operating_system,
    references,
    region_and_account,
    tag_changes,
    to_register,
)
from deploytool.errors import Exit
from deploytool.release.model import Commit, ReleaseRequest, TriggeredBy
from deploytool.release.planner import tags

ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/shop-app:11"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:" + "a" * 64
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/shop/key"


def described(**more: Any) -> dict[str, Any]:
    """A revision as DescribeTaskDefinition tells it, tags beside it."""
    return {
        "taskDefinitionArn": ARN,
        "family": "shop-app",
        "revision": 11,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.19"}],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": "2026-03-01T12:00:00Z",
        "registeredBy": "arn:aws:iam::123456789012:root",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {"name": "app", "image": "shop:old", "environment": [{"name": "EMPTY", "value": ""}]},
            {"name": "proxy", "image": "envoy:1"},
        ],
        **more,
    }


def request(**origin: Any) -> ReleaseRequest:
    return ReleaseRequest("r-1", "shop", "production", Commit("0123456789abcdef"), TriggeredBy(**origin))


def test_only_the_image_changes_when_a_live_revision_is_registered_again() -> None:
    assert to_register(described(), {"app": IMAGE}) == {
        "family": "shop-app",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {"name": "app", "image": IMAGE, "environment": [{"name": "EMPTY", "value": ""}]},
            {"name": "proxy", "image": "envoy:1"},
        ],
    }


def test_the_live_revision_itself_is_left_as_it_was() -> None:
    live = described()
    to_register(live, {"app": IMAGE})
    assert live == described()


def test_the_read_only_fields_are_those_that_aws_does_not_take_back() -> None:
    ecs = botocore.session.get_session().get_service_model("ecs")
    told = set(ecs.shape_for("TaskDefinition").members)
    taken = set(ecs.shape_for("RegisterTaskDefinitionRequest").members)
    assert told - taken == READ_ONLY


def test_fields_that_ministack_leaves_empty_are_not_sent_back() -> None:
    payload = to_register(described(pidMode="", proxyConfiguration=None, placementConstraints=[]), {})
    assert "pidMode" not in payload
    assert "proxyConfiguration" not in payload


def test_own_and_reserved_tags_are_not_carried_over_and_others_are() -> None:
    listed = [
        {"key": "deploytool:pull-request", "value": "7"},
        {"key": "aws:cloudformation:stack-name", "value": "shop"},
        {"key": "team", "value": "web"},
    ]
    assert to_register(described(tags=listed), {})["tags"] == [{"key": "team", "value": "web"}]


def test_an_unknown_container_is_refused_by_name_and_with_those_there_are() -> None:
    with pytest.raises(UnknownContainer) as refused:
        to_register(described(), {"web": IMAGE})
    assert refused.value.exit_code is Exit.PRECONDITION_FAILED
    assert refused.value.cause == "task definition shop-app has no container web"
    assert "app, proxy" in refused.value.fix


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_template_may_be_a_payload_or_a_saved_answer_of_describe(wrapped: bool) -> None:
    template = {"taskDefinition": described(), "tags": []} if wrapped else described()
    payload = from_template(template, {"app": IMAGE}, family="shop-staging")
    assert payload["family"] == "shop-staging"
    assert payload["containerDefinitions"][0]["image"] == IMAGE
    assert READ_ONLY.isdisjoint(payload)


def test_a_revision_is_tagged_with_release_commit_pull_request_and_run() -> None:
    assert tags(request(pull_request=7, run_url="https://github.com/o/r/actions/runs/1", run_id="1")) == {
        "deploytool:release": "r-1",
        "deploytool:commit": "0123456789abcdef",
        "deploytool:pull-request": "7",
        "deploytool:run": "https://github.com/o/r/actions/runs/1",
    }


def test_what_is_not_known_makes_no_tag() -> None:
    assert set(tags(request())) == {"deploytool:release", "deploytool:commit"}


@given(st.text())
def test_tag_values_hold_only_what_ecs_allows(run: str) -> None:
    value = tags(request(run_url=run)).get("deploytool:run", "")
    assert len(value) <= 256
    assert all(character.isalnum() or character in "_ +-=.:/@" for character in value)


@pytest.mark.parametrize(
    ("platform", "cpu"),
    [(None, "X86_64"), ({}, "X86_64"), ({"cpuArchitecture": "ARM64"}, "ARM64"), ({"cpuArchitecture": ""}, "X86_64")],
)
def test_the_cpu_is_x86_where_the_task_definition_does_not_say(platform: Any, cpu: str) -> None:
    assert cpu_architecture(described(runtimePlatform=platform)) == cpu


@pytest.mark.parametrize(
    ("platform", "system"),
    [
        (None, "LINUX"),
        ({}, "LINUX"),
        ({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, "WINDOWS_SERVER_2022_CORE"),
    ],
)
def test_the_system_is_linux_where_the_task_definition_does_not_say(platform: Any, system: str) -> None:
    assert operating_system(described(runtimePlatform=platform)) == system


@pytest.mark.parametrize(
    ("mappings", "port", "answers"),
    [
        ([{"containerPort": 80}, {"containerPort": 8080}], 8080, True),
        ([{"containerPort": 80}], 8080, False),
        ([{"containerPortRange": "8000-8100"}], 8080, True),
        ([{"containerPortRange": "8000-8010"}], 8080, False),
        ([{"containerPortRange": "all"}], 8080, False),
        (None, 80, False),
    ],
)
def test_a_container_listens_when_its_mappings_have_the_port(mappings: Any, port: int, answers: bool) -> None:
    definition = described(containerDefinitions=[{"name": "other"}, {"name": "app", "portMappings": mappings}])
    assert listens(definition, "app", port) is answers
    assert listens(definition, "web", port) is None


@pytest.mark.parametrize(
    ("arn", "place"),
    [
        (SECRET, ("us-east-1", "123456789012")),
        ("arn:aws-cn:iam::123456789012:role/a:b", ("", "123456789012")),
        ("/shop/key", ("", "")),
        ("arn:aws:ssm", ("", "")),
    ],
)
def test_region_and_account_are_those_of_the_arn(arn: str, place: tuple[str, str]) -> None:
    assert region_and_account(arn) == place


def test_a_tag_of_the_user_is_named_when_it_comes_goes_or_changes() -> None:
    before = [{"key": "cost", "value": "1"}, {"key": "team", "value": "a"}, {"key": "deploytool:commit", "value": "x"}]
    after = [{"key": "team", "value": "b"}, {"key": "new", "value": "c"}]
    assert tag_changes({"tags": before}, {"tags": after}) == ("tag cost removed", "tag team changed", "tag new added")
    assert tag_changes({"tags": before}, {"tags": before[:2]}) == ()
    assert tag_changes({}, {"tags": None}) == ()


def test_containers_come_in_their_order() -> None:
    assert containers(described()) == ("app", "proxy")
    assert containers({}) == ()


def test_references_name_each_secret_log_group_and_role_once() -> None:
    logging = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/app", "awslogs-region": "eu-west-1"},
        "secretOptions": [{"name": "token", "valueFrom": PARAMETER}],
    }
    made = {"logDriver": "awslogs", "options": {"awslogs-group": "/made", "awslogs-create-group": "true"}}
    found = references(
        described(
            executionRoleArn="arn:aws:iam::123456789012:role/both",
            taskRoleArn="arn:aws:iam::123456789012:role/both",
            containerDefinitions=[
                {
                    "name": "app",
                    "secrets": [{"name": "KEY", "valueFrom": f"{SECRET}:key::"}],
                    "logConfiguration": logging,
                    "repositoryCredentials": {"credentialsParameter": SECRET},
                },
                {"name": "sidecar", "logConfiguration": {**logging, "secretOptions": []}},
                {"name": "at home", "logConfiguration": {**logging, "options": {"awslogs-group": "/shop/app"}}},
                {"name": "made", "logConfiguration": made},
                {"name": "other", "logConfiguration": {"logDriver": "awsfirelens"}},
                {"name": "none", "logConfiguration": {"logDriver": "awslogs"}},
            ],
        )
    )
    assert found.secrets == (
        Secret("app", "KEY", f"{SECRET}:key::"),
        Secret("app", "token", PARAMETER),
        Secret("app", "", SECRET),
        Secret("at home", "token", PARAMETER),
    )
    assert found.log_groups == (LogGroup("/shop/app", "eu-west-1"), LogGroup("/shop/app"))
    assert found.roles == ("arn:aws:iam::123456789012:role/both",)


@pytest.mark.parametrize(
    ("value_from", "resource"),
    [
        (SECRET, SECRET),
        (f"{SECRET}:key::", SECRET),
        (f"{SECRET}::AWSPREVIOUS:", SECRET),
        (PARAMETER, PARAMETER),
        ("/shop/key", "/shop/key"),
    ],
)
def test_the_resource_of_a_secret_is_named_without_key_and_version(value_from: str, resource: str) -> None:
    assert Secret("app", "KEY", value_from).resource == resource


values = st.recursive(
    st.booleans() | st.integers() | st.text(min_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)
unknown = st.dictionaries(st.from_regex(r"future[A-Z][a-z]{1,8}", fullmatch=True), values, max_size=4)


@given(unknown, unknown)
def test_fields_this_tool_does_not_know_survive(top: dict[str, Any], inner: dict[str, Any]) -> None:
    live = described(**top, containerDefinitions=[{"name": "app", "image": "shop:old", **inner}])
    payload = to_register(live, {"app": IMAGE})
    assert {key: payload[key] for key in top} == top
    assert payload["containerDefinitions"] == [{"name": "app", "image": IMAGE, **inner}]


@given(unknown)
def test_registering_what_was_registered_changes_nothing_more(top: dict[str, Any]) -> None:
    once = to_register(described(**top), {"app": IMAGE})
    again = to_register({**described(), **once, "revision": 12}, {"app": IMAGE})
    assert again == once
