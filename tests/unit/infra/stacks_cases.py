"""Stacks, templates and events to write tables with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from deploytool.config.model import EnvironmentConfig, ImageConfig, InfraConfig, MigrateConfig, ServiceConfig
from deploytool.infra.events import StackEvent
from deploytool.infra.stacks import StackState
from deploytool.infra.templates import Template

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def state(status: str, **more: Any) -> StackState:
    return StackState("shop-production-data", "arn:stack/shop-production-data/1", status, **more)


def template(document: dict[str, Any], key: str = "data") -> Template:
    return Template(key, "", document)


def event(number: int, logical_id: str, status: str, reason: str = "", type_: str = "AWS::S3::Bucket") -> StackEvent:
    """The ``number`` is its order in time, and its id."""
    at = START + timedelta(seconds=number)
    return StackEvent(f"e{number}", logical_id, type_, status, reason, at, f"id-of-{logical_id}")


def of_stack(number: int, status: str, reason: str = "") -> StackEvent:
    at = START + timedelta(seconds=number)
    name, kind = "shop-production-data", "AWS::CloudFormation::Stack"
    return StackEvent(f"e{number}", name, kind, status, reason, at, "arn:stack", of_stack=True)


def service(name: str, image: str | None = "app", **more: Any) -> ServiceConfig:
    return ServiceConfig(name, more.pop("called", name), image, more.pop("containers", {}), None, (), 900, None)


def settings(services: dict[str, ServiceConfig] | None = None, **more: Any) -> EnvironmentConfig:
    image = ImageConfig("app", "Dockerfile", ".", None, (), {}, {}, "none", "shop", "${commit}", None)
    return EnvironmentConfig(
        app="shop",
        environment="production",
        region="us-east-1",
        cluster="shop",
        repository="images",
        account=None,
        role_arn=None,
        github_environment="production",
        url=None,
        production=True,
        timeout=900,
        images={"app": image},
        migrate=more.pop("migrate", None),
        services=services if services is not None else {"app": service("app"), "worker": service("worker")},
        ledger=more.pop("ledger", "deploytool"),
        infra=more.pop("infra", InfraConfig()),
    )


MIGRATE = MigrateConfig("shop-migrate", "migrate", "app", None, None, 900, "finish", None)
