"""JSON Schema (draft 2020-12) of a document, from its declaration in ``documents``."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]
SCALARS: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}


def document_schema(declaration: type, *, strict: bool = False) -> Schema:
    """The schema of one document; what it shares within itself is under ``$defs``.

    Readers must ignore fields that they do not know, so that fields may be added; with ``strict`` none is allowed.
    """
    definitions: dict[str, Schema] = {}
    body = _object(declaration, definitions)
    if strict:
        for schema in (body, *definitions.values()):
            schema["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": declaration.__name__, **body,
            "$defs": dict(sorted(definitions.items()))}  # fmt: skip


def _object(declaration: type, definitions: dict[str, Schema]) -> Schema:
    hints = get_type_hints(declaration, include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    return {
        "description": " ".join((declaration.__doc__ or "").split()),
        "type": "object",
        "properties": {name: _schema(hint, definitions) for name, hint in hints.items()},
        "required": [name for name in hints if name not in optional],
    }


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:
    if hint in SCALARS:
        return dict(SCALARS[hint])
    if is_typeddict(hint):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    origin, parts = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _schema(parts[0], definitions)
    if origin is Annotated:
        return {**_schema(parts[0], definitions), **dict(parts[1:])}
    if origin is Literal:
        return {"const": parts[0]} if len(parts) == 1 else {"enum": list(parts)}
    if origin is list:
        return {"type": "array", "items": _schema(parts[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(parts[1], definitions)}
    if origin in (Union, types.UnionType):
        options = [_schema(part, definitions) for part in parts]
        if len(options) == 2 and options[1] == {"type": "null"} and "type" in options[0]:
            return {**options[0], "type": [options[0]["type"], "null"]}
        return {"anyOf": options}
    raise TypeError(f"no JSON Schema for {hint!r}")
