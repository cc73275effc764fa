"""The kinds of value that hold others: lists, mappings from names of the user's, and records of known keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploytool.core.config.document import dotted
from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.scalars import Schema, Shape, report_kind

if TYPE_CHECKING:
    from deploytool.core.config.document import Path
    from deploytool.core.config.faults import Found

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


@dataclass(frozen=True)
class ListOf(Shape):
    """A list, read as a tuple."""

    item: Shape
    least: int = 0

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, list):
            report_kind("a list", value, path, found)
            return
        if len(value) < self.least:
            found.at_value(path, f'"{path[-1]}" is empty', "give it an item or remove the line")
        for index, item in enumerate(value):
            self.item.check(item, (*path, index), found)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema(), "minItems": self.least}

    def read(self, value: Any) -> Any:
        return tuple(self.item.read(item) for item in value)


@dataclass(frozen=True)
class MapOf(Shape):
    """A mapping from names that the user gives."""

    item: Shape
    least: int = 0
    names: str = NAME

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, found)
            return
        if len(value) < self.least:
            found.at_value(path, f'"{path[-1]}" is empty', "it needs at least one entry")
        for name, item in value.items():
            if not isinstance(name, str) or not re.fullmatch(self.names, name):
                found.at_key(
                    (*path, name), f'"{name}" cannot be a name in {dotted(path)}', f"it must match {self.names}"
                )
            else:
                self.item.check(item, (*path, name), found)

    def schema(self) -> Schema:
        return self._schema(self.item.schema()) | {"minProperties": self.least}

    def patch_schema(self) -> Schema:
        return self._schema(_or_null(self.item.patch_schema()))

    def _schema(self, item: Schema) -> Schema:
        return {"type": "object", "propertyNames": {"pattern": self.names}, "additionalProperties": item}

    def read(self, value: Any) -> Any:
        return {name: self.item.read(item) for name, item in value.items()}


@dataclass(frozen=True)
class Key:
    """One key of a record. `default` is written as the user would write it; None where there is none to write."""

    shape: Shape
    description: str
    required: bool = False
    default: object = None

    def describe(self, schema: Schema) -> Schema:
        shown = {"default": self.default} if self.default is not None else {}
        return {"description": self.description, **schema, **shown}


@dataclass(frozen=True)
class Record(Shape):
    """A mapping with known keys. Read as a dict that has every key, None where it is neither given nor defaulted.

    Of the keys `one_of` exactly one is there; of `any_of` at least one. A key in `needs` makes no sense without
    the other. With `extensions`, keys that begin with `x-` are the user's own, a place for YAML anchors.
    """

    keys: Mapping[str, Key]
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    extensions: bool = False

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, found)
            return
        for name, item in value.items():
            if name in self.keys:
                self.keys[name].shape.check(item, (*path, name), found)
            elif not (self.extensions and str(name).startswith("x-")):
                found.at_key((*path, name), f'unknown key "{name}"', did_you_mean(str(name), self.keys))
        for name, key in self.keys.items():
            if key.required and name not in value:
                found.missing(path, name, f"add it: {key.description}")
        self._check_together(value, path, found)

    def _check_together(self, value: Mapping[str, object], path: Path, found: Found) -> None:
        given = [name for name in self.one_of if name in value]
        if len(given) > 1:
            fix = "keep one; in an override, set the other to null"
            found.at_key((*path, given[-1]), f"{' and '.join(given)} exclude each other", fix)
        if self.one_of and not given:
            found.missing(path, self.one_of[0], f"give one of: {', '.join(self.one_of)}")
        if self.any_of and not any(name in value for name in self.any_of):
            found.missing(path, self.any_of[0], f"give at least one of: {', '.join(self.any_of)}")
        for name, needed in self.needs.items():
            if name in value and needed not in value:
                found.at_key((*path, name), f'"{name}" does nothing without "{needed}"', f'give "{needed}" as well')

    def schema(self) -> Schema:
        schema = self._schema({name: key.describe(key.shape.schema()) for name, key in self.keys.items()})
        required = [name for name, key in self.keys.items() if key.required]
        if required:
            schema["required"] = required
        if self.one_of:
            schema["oneOf"] = [{"required": [name]} for name in self.one_of]
        if self.any_of:
            schema["anyOf"] = [{"required": [name]} for name in self.any_of]
        if self.needs:
            schema["dependentRequired"] = {name: [needed] for name, needed in self.needs.items()}
        return schema

    def patch_schema(self) -> Schema:
        parts = {name: _or_null(key.shape.patch_schema()) for name, key in self.keys.items()}
        return self._schema(
            {name: {"description": self.keys[name].description, **part} for name, part in parts.items()}
        )

    def _schema(self, properties: Schema) -> Schema:
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if self.extensions:
            schema["patternProperties"] = {"^x-": {}}
        return schema

    def read(self, value: Any) -> Any:
        return {name: _read(key, value.get(name, key.default)) for name, key in self.keys.items()}


@dataclass(frozen=True)
class Patch(Shape):
    """What an environment changes of a record: the same keys, none required, null to take one away.

    Only that it is a mapping of those keys is checked here: what becomes of the record is checked after merging.
    """

    record: Record

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, found)
            return
        for name in value:
            if name not in self.record.keys:
                found.at_key((*path, name), f'unknown key "{name}"', did_you_mean(str(name), self.record.keys))

    def schema(self) -> Schema:
        return self.record.patch_schema()


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _read(key: Key, value: object) -> Any:
    return None if value is None else key.shape.read(value)
