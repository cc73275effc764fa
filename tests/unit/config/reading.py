"""Reads configuration text as the command line does."""

from __future__ import annotations

import pytest

from deploytool.config.errors import ConfigErrors
from deploytool.config.loader import parse
from deploytool.config.model import ConfigFile
from deploytool.config.yaml import document_of


def config_of(text: str) -> ConfigFile:
    return parse(document_of(text.encode(), "deploytool.yml"))


def messages_for(text: str | bytes) -> list[str]:
    """The lines a person reads about a file that is wrong."""
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigErrors) as raised:
        parse(document_of(content, "deploytool.yml"))
    return [str(fault) for fault in raised.value.issues]
