"""docs/json.md and docs/schemas: what the code says."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from deploytool.cli.schemas import DOCUMENTS, schema_of
from scripts.tools.document_schemas import is_current


def test_the_published_schemas_are_those_of_the_code() -> None:
    assert is_current(), "write them: scripts/dev document-schemas"


def test_every_schema_is_one() -> None:
    for kind in DOCUMENTS:
        Draft202012Validator.check_schema(schema_of(kind))
