"""Documents of ``--output json``, held against the schemas of the code, with no field beside those declared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from deploytool.cli.schemas import schema_of


def valid_document(document: Mapping[str, Any] | str) -> dict[str, Any]:
    """The document, as a script reads it. Fails where it is not the only one, or not as its schema has it."""
    read: dict[str, Any] = json.loads(document if isinstance(document, str) else json.dumps(document))
    assert not (
        errors := [f"{error.json_path}: {error.message}" for error in _validator(read["kind"]).iter_errors(read)]
    ), errors
    return read


def valid_lines(text: str) -> list[dict[str, Any]]:
    """JSON lines, each valid."""
    return [valid_document(line) for line in text.splitlines()]


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(kind, strict=True), format_checker=Draft202012Validator.FORMAT_CHECKER)
