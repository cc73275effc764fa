"""Reads configuration text as the command line does."""

from __future__ import annotations

import pytest

from deploytool.cli.read_config import document_of
from deploytool.core.config.faults import ConfigFaults
from deploytool.core.config.model import Config
from deploytool.core.config.parse import parse


def config_of(text: str) -> Config:
    return parse(document_of(text.encode(), "deploytool.yml"))


def told_about(text: str | bytes) -> list[str]:
    """The lines a person reads about a file that is wrong."""
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigFaults) as raised:
        parse(document_of(content, "deploytool.yml"))
    return [str(fault) for fault in raised.value.faults]
