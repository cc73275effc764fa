"""The JSON Schema of `deploytool.yml`, for editors: it knows structure; names and variables are checked by `parse`."""

from __future__ import annotations

from deploytool.core.config.keys import FILE
from deploytool.core.config.scalars import Schema


def json_schema() -> Schema:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "deploytool.yml",
        "description": "What archdeck-deploy releases, and where to.",
        **FILE.schema(),
    }
