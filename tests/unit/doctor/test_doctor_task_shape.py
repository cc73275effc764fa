"""A task definition by names alone: what looks like a secret is found, and no value of it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.doctor.ownership import shape


def definition(*containers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"family": "shop-app", "containerDefinitions": [{"name": "app"} | each for each in containers], **fields}


def variable(name: str, value: str) -> dict[str, Any]:
    return {"environment": [{"name": name, "value": value}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("OPENAI_API_KEY", "x"),
        ("openai_apikey", "x"),
        ("SESSION_SECRET", "x"),
        ("GITHUB_TOKEN", "x"),
        ("AWS_CREDENTIALS", "x"),
        ("CACHE", "redis://:hunter2@cache:6379"),
        ("UPSTREAM", "postgres://shop:hunter2@db/shop"),
        ("SOMETHING", f"AKIA{'X' * 16}"),
        ("SOMETHING", f"-----BEGIN RSA {'PRIVATE KEY'}-----"),
        ("SOMETHING", "sk-abcdefghijklmnopqrstuvwx"),
    ],
)
def test_a_plain_variable_looks_like_a_secret_when_its_name_or_value_does(name: str, value: str) -> None:
    found = shape(definition(variable(name, value)))

    assert found.plain == (("app", name),)
    assert value not in repr(found) or value == "x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_ENV", "production"),
        ("DATABASE_HOST", "db.internal"),
        ("DATABASE_URL", "postgres://shop@db/shop"),
        ("API_PASSWORD", ""),
        ("SECRET_NAME_PREFIX", "shop"),
        ("TOKEN_LIFETIME", "3600"),
        ("PUBLIC_URL", "https://shop.example.com/@mona"),
    ],
)
def test_a_plain_variable_is_no_secret_when_it_only_sounds_like_one(name: str, value: str) -> None:
    assert shape(definition(variable(name, value))).plain == ()


def test_containers_without_log_or_health_check_are_named() -> None:
    found = shape(
        definition(
            {"name": "app", "healthCheck": {"command": ["CMD", "x"]}, "logConfiguration": {"logDriver": "awslogs"}},
            {"name": "proxy"},
            {"name": "init", "essential": False, "logConfiguration": {"logDriver": "awslogs"}},
        )
    )

    assert found.silent == ("proxy",)
    assert found.unchecked == ("proxy",)


def test_roles_images_and_secrets_are_kept() -> None:
    secret = {"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:1:secret:shop-a1b2c3:key::"}
    found = shape(definition({"image": "shop:1", "secrets": [secret]}, taskRoleArn="t", executionRoleArn="e"))

    assert (found.task_role, found.execution_role) == ("t", "e")
    assert found.images == (("app", "shop:1"),)
    assert found.secrets[0].value_from == secret["valueFrom"]
