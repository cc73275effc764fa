"""JSON Schemas made from the declarations of the documents; the published ones are checked with every verb."""

from __future__ import annotations

from typing import TypedDict

import pytest

from deploytool.output.json_schema import document_schema


class Unclear(TypedDict):
    """Holds what JSON cannot."""

    at: complex


def test_a_declaration_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        document_schema(Unclear)
