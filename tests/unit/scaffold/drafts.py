"""What the tests of drafts share: a wish, and the draft that comes of it as configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploytool.config.loader import parse, resolve
from deploytool.config.model import ConfigFile, EnvironmentConfig
from deploytool.config.yaml import document_of
from deploytool.scaffold.model import Draft
from deploytool.scaffold.new_infrastructure import NewInfrastructureOptions, configuration

TEMPLATES = Path(__file__).parents[3] / "cloudformation"


def options(*environments: str, **more: Any) -> NewInfrastructureOptions:
    return NewInfrastructureOptions(
        **{"app": "shop", "region": "us-east-1", **more, "environments": environments or ("production",)}
    )


def read(draft: Draft) -> ConfigFile:
    """The file that is written of the draft, as deploytool reads it; a fault in it raises ConfigFaults."""
    return parse(document_of(configuration(draft).encode(), "deploytool.yml"))


def settings(draft: Draft, environment: str = "production") -> EnvironmentConfig:
    return resolve(read(draft), environment)
