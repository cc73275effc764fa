"""Configuration, a wish and what is live, as the tests of planning and of the engine put them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.config import model as config
from deploytool.ecs.model import Deployment, ServiceState, TaskDefinition
from deploytool.release.model import Commit, ObservedService, ObservedState, PublishedImage, ReleaseRequest, TriggeredBy

REGISTRY = "registry.test"
SHA = "4f2a9c1d8e7b6a5f4e3d2c1b0a9f8e7d6c5b4a39"
OLD = f"{REGISTRY}/shop@sha256:" + "1b" * 32
DIGEST = "sha256:" + "9c" * 32
REQUEST = ReleaseRequest(
    "r-20261123-120307-4f2a9c1", "shop", "production", Commit(SHA), TriggeredBy("ada", run_id="77")
)


def arn(family: str, number: int = 1) -> str:
    return f"arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:{number}"


def definition(family: str, *containers: str, image: str = OLD, **more: Any) -> dict[str, Any]:
    """A live revision of ``family`` with one container of the same name, or with ``containers``."""
    return {
        "taskDefinitionArn": arn(family),
        "family": family,
        "revision": 1,
        "status": "ACTIVE",
        "containerDefinitions": [{"name": name, "image": image} for name in containers or (family,)],
        **more,
    }


def state(name: str, **more: Any) -> ServiceState:
    """A steady service with the breaker on."""
    steady = Deployment("ecs-svc/1", "PRIMARY", arn(name), "COMPLETED", desired=1, running=1)
    wanted: dict[str, Any] = {
        "arn": f"arn:aws:ecs:us-east-1:123456789012:service/shop/{name}",
        "cluster": "shop",
        "status": "ACTIVE",
        "task_definition": arn(name),
        "desired": 1,
        "running": 1,
        "pending": 0,
        "deployments": (steady,),
        "circuit_breaker": True,
        "circuit_breaker_rollback": True,
        **more,
    }
    return ServiceState(name, **wanted)


def found(key: str, task: TaskDefinition | None = None, host: str = "", **more: Any) -> ObservedService:
    """Service ``key`` as it was found."""
    return ObservedService(key, state(key, **more), task or definition(key), host=host)


def live(
    *services: ObservedService, images: Mapping[str, PublishedImage | None] | None = None, **more: Any
) -> ObservedState:
    """What was looked up: by default image app is in the registry."""
    known = {"app": PublishedImage(DIGEST, ("linux/amd64",))} if images is None else images
    return ObservedState("123456789012", {service.key: service for service in services}, known, **more)


def image(name: str, repository: str = "shop", tag: str = SHA[:12]) -> config.ImageConfig:
    return config.ImageConfig(name, "Dockerfile", ".", None, (), {}, {}, "none", repository, tag, None)


def service(name: str, *after: str, **more: Any) -> config.ServiceConfig:
    """A service of the configuration that runs image app in its only container."""
    wanted: dict[str, Any] = {
        "service": name,
        "image": None if "containers" in more else "app",
        "containers": {},
        "template": None,
        "after": after,
        "timeout": 600,
        "verify": None,
        **more,
    }
    return config.ServiceConfig(name, **wanted)


def migration(**more: Any) -> config.MigrateConfig:
    wanted: dict[str, Any] = {
        "task": "migrate",
        "image": "app",
        "like": "app",
        "container": None,
        "command": None,
        "timeout": 300,
        "on_cancel": "finish",
        "template": None,
        **more,
    }
    return config.MigrateConfig(**wanted)


def verification(**more: Any) -> config.VerifyConfig:
    """Ask until the answer tells the new commit."""
    wanted: dict[str, Any] = {
        "url": "https://${host}/health",
        "expect": config.ExpectConfig(200, None, SHA),
        "timeout": 60,
        "interval": 5,
        "bake": 0,
        "alarms": (),
        **more,
    }
    return config.VerifyConfig(**wanted)


def settings(
    *services: config.ServiceConfig, migrate: config.MigrateConfig | None = None, **more: Any
) -> config.EnvironmentConfig:
    wanted: dict[str, Any] = {
        "app": "shop",
        "environment": "production",
        "region": "us-east-1",
        "cluster": "shop",
        "repository": "shop",
        "account": None,
        "role_arn": None,
        "github_environment": "production",
        "url": "https://shop.test",
        "production": True,
        "timeout": 1800,
        "images": {"app": image("app")},
        "migrate": migrate,
        "services": {each.name: each for each in services},
        **more,
    }
    return config.EnvironmentConfig(**wanted)
