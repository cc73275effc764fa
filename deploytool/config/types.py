"""The kinds of value in `deploytool.yml`: how each is checked, read and described, and the variables of its text."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from deploytool.config.errors import did_you_mean, dotted
from deploytool.config.model import VerifyConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.config.errors import IssueCollector, Path


PLACE = frozenset({"app", "environment", "region", "account"})
RELEASE = PLACE | {"commit", "short_commit", "git_tag"}
LIVE = RELEASE | {"host"}

ENVIRONMENT_VARIABLE = re.compile(r"env\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
"""`${env.NAME}`: an environment variable of deploytool's own process, in every text that takes variables."""
_WITHHELD = re.compile(r"AWS_(?:SECRET|SESSION)_\w+|GITHUB_TOKEN|GH_TOKEN|ACTIONS_\w+")
"""Credentials of the job: what is released must not hold them."""

# `${name}` is replaced; `$${` means `${` itself; any other dollar sign is literal.
_TOKEN = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<name>[^}]*)\}|(?P<open>\$\{)")


def check_variables(text: str, allowed: frozenset[str], path: Path, issues: IssueCollector) -> None:
    """Reports each variable of `text` that does not exist, or is not available where it is used."""
    for token in _TOKEN.finditer(text):
        name = token["name"]
        if token["open"]:
            issues.at_value(path, "`${` is not closed", "write `${name}`, or `$${` for a literal `${`")
        elif name is None or name in allowed:
            continue
        elif variable := ENVIRONMENT_VARIABLE.fullmatch(name):
            if _WITHHELD.fullmatch(variable["name"]):
                issues.at_value(path, f"${{{name}}} is a credential of the job", "give the value another name")
        elif name in LIVE:
            issues.at_value(path, f"${{{name}}} is not available here", f"use one of: {', '.join(sorted(allowed))}")
        else:
            fix = did_you_mean(name, sorted(allowed)) + " (`$${` is a literal `${`)"
            issues.at_value(path, f'unknown variable "{name}"', fix)


def unset_variables(value: Any) -> list[str]:
    """Environment variables that text of the value still names."""
    names: list[str] = []

    def note(text: str) -> str:
        matches = map(ENVIRONMENT_VARIABLE.fullmatch, sorted(variables_in(text)))
        names.extend(match["name"] for match in matches if match)
        return text

    _map_text(value, note, note)
    return list(dict.fromkeys(names))


def variables_in(text: str) -> frozenset[str]:
    return frozenset(token["name"] for token in _TOKEN.finditer(text) if token["name"] is not None)


def fill(text: str, known: Mapping[str, str]) -> str:
    """`text` with its variables replaced and `$${` turned into `${`; unknown variables stay."""
    return _TOKEN.sub(lambda token: "${" if token["escape"] else _value(token, known), text)


def fill_some(text: str, known: Mapping[str, str]) -> str:
    """As `fill`, for text that is filled again later: `$${` stays."""
    return _TOKEN.sub(lambda token: token[0] if token["escape"] else _value(token, known), text)


def _value(token: re.Match[str], known: Mapping[str, str]) -> str:
    return known.get(token["name"] or "", token[0])


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """A copy of a part of the configuration, variables filled in; in a `Verify`, `${host}` is left for `verify_at`."""
    return _map_text(value, lambda text: fill(text, known), lambda text: fill_some(text, known))


def verify_at(verify: VerifyConfig, host: str) -> VerifyConfig:
    """The check with `${host}` filled in: the DNS name of the service's load balancer."""

    def at_host(text: str) -> str:
        return fill(text, {"host": host})

    result: VerifyConfig = _map_text(verify, at_host, at_host)
    return result


def _map_text(value: Any, change: Callable[[str], str], in_verify: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_map_text(item, change, in_verify) for item in value)
    if isinstance(value, dict):
        return {key: _map_text(item, change, in_verify) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        inner = in_verify if isinstance(value, VerifyConfig) else change
        parts = {part.name: _map_text(getattr(value, part.name), inner, in_verify) for part in fields(value)}
        return replace(value, **parts)
    return value


_HOURS_AND_LESS = r"([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?"
WITHIN_A_DAY = rf"^(?=[0-9]){_HOURS_AND_LESS}$"
"""Pattern of JSON Schema for durations in the configuration, which are at most a day."""
_WRITTEN = re.compile(rf"(?=[0-9])([0-9]{{1,4}}d)?{_HOURS_AND_LESS}")
_UNITS = (24 * 3600, 3600, 60, 1)


def seconds_of(text: str) -> int | None:
    """Of ``90s``, ``15m``, ``1h30m``, ``90d``, or a number of seconds; ``None`` for anything else."""
    if re.fullmatch(r"[0-9]{1,8}", text):
        return int(text)
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    return sum(unit * int(part[:-1]) for unit, part in zip(_UNITS, match.groups(), strict=True) if part)


Schema = dict[str, Any]

DAY = 24 * 60 * 60


class Shape(ABC):
    """One kind of value. `read` takes only values without issues."""

    @abstractmethod
    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        """Reports everything that is wrong with the value."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema of the value."""

    def patch_schema(self) -> Schema:
        """JSON Schema of an override, in which null removes a key."""
        return self.schema()

    def read(self, value: Any) -> Any:
        """The value as the program uses it, defaults filled in."""
        return value


def report_kind(expected: str, value: object, path: Path, issues: IssueCollector) -> None:
    """Reports a value of the wrong kind, without repeating it: it may be a secret."""
    kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    actual = kinds.get(type(value), "nothing")
    fix = ""
    if value is None:
        fix = "give it a value or remove the line"
    elif expected == "text" and isinstance(value, int | float):
        fix = "put it in quotes"
    issues.at_value(path, f"{_name(path)} must be {expected}, not {actual}", fix)


def _name(path: Path) -> str:
    if not path:
        return "the file"
    last = path[-1]
    return f'an item of "{path[-2]}"' if isinstance(last, int) else f'"{last}"'


@dataclass(frozen=True)
class Text(Shape):
    """Text, not empty unless `empty`. `pattern` is explained by `means`; `variables` are those it may name."""

    pattern: str = ""
    means: str = ""
    variables: frozenset[str] = frozenset()
    empty: bool = False

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, str):
            report_kind("text", value, path, issues)
        elif not value and not self.empty:
            issues.at_value(path, f"{_name(path)} is empty", "give it a value or remove the line")
        elif self.pattern and not (re.search(self.pattern, value) and "\n" not in value):
            issues.at_value(path, f"{_name(path)} must be {self.means}")
        elif self.variables:
            check_variables(value, self.variables, path, issues)

    def schema(self) -> Schema:
        schema: Schema = {"type": "string"}
        if not self.empty:
            schema["minLength"] = 1
        if self.pattern:
            schema["pattern"] = self.pattern
        return schema


@dataclass(frozen=True)
class Choice(Shape):
    """One of `words`."""

    words: tuple[str, ...]

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, str):
            report_kind(f"one of {', '.join(self.words)}", value, path, issues)
        elif value not in self.words:
            issues.at_value(path, f'{_name(path)} cannot be "{value}"', did_you_mean(value, self.words))

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Flag(Shape):
    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, bool):
            report_kind("true or false", value, path, issues)

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class TextOrFalse(Text):
    """Text, or false, which is read as None."""

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if value is True or not isinstance(value, str | bool):
            report_kind(f"{self.means}, or false", value, path, issues)
        elif value is not False:
            super().check(value, path, issues)

    def read(self, value: Any) -> Any:
        return value or None

    def schema(self) -> Schema:
        return {"anyOf": [super().schema(), {"const": False}]}


@dataclass(frozen=True)
class ParameterValue(Shape):
    """A CloudFormation parameter: text, a whole number, true or false, or a list; read as text.

    A number with a point must be in quotes: YAML makes 16.1 of 16.10.
    """

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                check_variables(item, PLACE, path, issues)
            elif isinstance(item, float):
                report_kind("text", item, path, issues)
            elif not isinstance(item, int):
                report_kind("text, a whole number, true or false, or a list of these", item, path, issues)

    def read(self, value: Any) -> Any:
        if isinstance(value, bool):
            return str(value).lower()
        return ",".join(self.read(item) for item in value) if isinstance(value, list) else str(value)

    def schema(self) -> Schema:
        single = ["string", "integer", "boolean"]
        return {"anyOf": [{"type": single}, {"type": "array", "items": {"type": single}}]}


@dataclass(frozen=True)
class Whole(Shape):
    """A whole number from `least` to `most`."""

    least: int
    most: int

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            report_kind("a whole number", value, path, issues)
        elif not self.least <= value <= self.most:
            issues.at_value(path, f"{_name(path)} must be from {self.least} to {self.most}")

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Duration(Shape):
    """`90s`, `15m`, `1h30m`, or a number of seconds; read as seconds. At most a day."""

    least: int = 1

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            report_kind("a duration", value, path, issues)
        elif isinstance(value, str) and not re.fullmatch(WITHIN_A_DAY, value):
            issues.at_value(path, f'{_name(path)} cannot be "{value}"', "write it like 90s, 15m, 1h30m, or in seconds")
        elif not self.least <= self.read(value) <= DAY:
            issues.at_value(path, f"{_name(path)} must be from {self.least}s to 24h", "a bare number means seconds")

    def read(self, value: Any) -> Any:
        return value if isinstance(value, int) else seconds_of(value)

    def schema(self) -> Schema:
        number = {"type": "integer", "minimum": self.least, "maximum": DAY}
        return {"anyOf": [{"type": "string", "pattern": WITHIN_A_DAY}, number]}


NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


@dataclass(frozen=True)
class ListOf(Shape):
    """Read as a tuple."""

    item: Shape
    least: int = 0

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, list):
            report_kind("a list", value, path, issues)
            return
        if len(value) < self.least:
            issues.at_value(path, f'"{path[-1]}" is empty', "give it an item or remove the line")
        for index, item in enumerate(value):
            self.item.check(item, (*path, index), issues)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema(), "minItems": self.least}

    def read(self, value: Any) -> Any:
        return tuple(self.item.read(item) for item in value)


@dataclass(frozen=True)
class MapOf(Shape):
    """A mapping from the user's own names."""

    item: Shape
    least: int = 0
    names: str = NAME

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, issues)
            return
        if len(value) < self.least:
            issues.at_value(path, f'"{path[-1]}" is empty', "it needs at least one entry")
        for name, item in value.items():
            if not isinstance(name, str) or not re.fullmatch(self.names, name):
                issues.at_key(
                    (*path, name), f'"{name}" is no valid name in {dotted(path)}', f"it must match {self.names}"
                )
            else:
                self.item.check(item, (*path, name), issues)

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
    """One key of a record. `default` is as in the file; None: no default."""

    shape: Shape
    description: str
    required: bool = False
    default: object = None

    def describe(self, schema: Schema) -> Schema:
        shown = {"default": self.default} if self.default is not None else {}
        return {"description": self.description, **schema, **shown}


@dataclass(frozen=True)
class Record(Shape):
    """A mapping with known keys. Read as a dict with every key, None without value and default.

    Exactly one of `one_of` and at least one of `any_of` is required. A key in `needs` requires the other. With
    `extensions`, keys that begin with `x-` are allowed, for YAML anchors.
    """

    keys: Mapping[str, Key]
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    extensions: bool = False

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, issues)
            return
        for name, item in value.items():
            if name in self.keys:
                self.keys[name].shape.check(item, (*path, name), issues)
            elif not (self.extensions and str(name).startswith("x-")):
                issues.at_key((*path, name), f'unknown key "{name}"', did_you_mean(str(name), self.keys))
        for name, key in self.keys.items():
            if key.required and name not in value:
                issues.missing(path, name, f"add it: {key.description}")
        self._check_together(value, path, issues)

    def _check_together(self, value: Mapping[str, object], path: Path, issues: IssueCollector) -> None:
        present = [name for name in self.one_of if name in value]
        if len(present) > 1:
            fix = "keep one; in an override, set the other to null"
            issues.at_key((*path, present[-1]), f"{' and '.join(present)} are mutually exclusive", fix)
        if self.one_of and not present:
            issues.missing(path, self.one_of[0], f"give one of: {', '.join(self.one_of)}")
        if self.any_of and not any(name in value for name in self.any_of):
            issues.missing(path, self.any_of[0], f"give at least one of: {', '.join(self.any_of)}")
        for name, needed in self.needs.items():
            if name in value and needed not in value:
                issues.at_key((*path, name), f'"{name}" requires "{needed}"', f'add "{needed}"')

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
    """What an environment overrides: the same keys, none required, null to remove one.

    Only the keys are checked here: the record is checked after merging.
    """

    record: Record

    def check(self, value: object, path: Path, issues: IssueCollector) -> None:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, issues)
            return
        for name in value:
            if name not in self.record.keys:
                issues.at_key((*path, name), f'unknown key "{name}"', did_you_mean(str(name), self.record.keys))

    def schema(self) -> Schema:
        return self.record.patch_schema()


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _read(key: Key, value: object) -> Any:
    return None if value is None else key.shape.read(value)
