"""What the tests of drafts share: a wish, and the draft that comes of it as configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploytool.cli.read_config import document_of
from deploytool.core.config.model import Config, Settings
from deploytool.core.config.parse import parse
from deploytool.core.config.resolve import resolve
from deploytool.core.init.configuration import configuration
from deploytool.core.init.model import Draft
from deploytool.core.init.new_cloud import Wish

TEMPLATES = Path(__file__).parents[3] / "cloudformation"


def wish(*environments: str, **more: Any) -> Wish:
    return Wish(**{"app": "shop", "region": "us-east-1", **more, "environments": environments or ("production",)})


def read(draft: Draft) -> Config:
    """The file that is written of the draft, as deploytool reads it; a fault in it raises ConfigFaults."""
    return parse(document_of(configuration(draft).encode(), "deploytool.yml"))


def settings(draft: Draft, environment: str = "production") -> Settings:
    return resolve(read(draft), environment)
