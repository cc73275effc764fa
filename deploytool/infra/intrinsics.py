"""CloudFormation's intrinsic functions, worked out from what parameters, mappings and conditions tell.

What only AWS knows (``Ref`` of a resource, ``Fn::GetAtt``, ``Fn::ImportValue``) stays as it is, in its long form.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Values = Mapping[str, str]
"""Parameters and pseudo parameters (``AWS::Region``) by name."""
NO_VALUE: dict[str, Any] = {"Ref": "AWS::NoValue"}
NAMES = re.compile(r"\$\{([^!}][^}]*)\}")
"""What a text of ``Fn::Sub`` names."""
LITERAL = re.compile(r"\$\{!([^}]*)\}")
"""What ``Fn::Sub`` writes as it is, without the exclamation mark."""
_SCALAR = str | int | float | bool


@dataclass(frozen=True)
class Scope:
    """What a template's values are worked out with. ``values``: text, or a list for a list parameter."""

    values: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)


def scope_of(document: Mapping[str, Any], values: Values) -> Scope:
    """The scope of a template under given parameters, with the defaults of the others."""
    known: dict[str, Any] = {name: value for name, value in values.items() if name.startswith("AWS::")}
    for name, declared in (document.get("Parameters") or {}).items():
        value = values.get(name, declared.get("Default"))
        if value is not None:
            kind = str(declared.get("Type", "String"))
            is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
            known[name] = [part.strip() for part in _joined(value).split(",")] if is_list else as_text(value)
    return Scope(known, document.get("Mappings") or {}, document.get("Conditions") or {})


def resolve(value: Any, scope: Scope) -> Any:
    """``value`` with everything worked out that ``scope`` tells; entries that are ``AWS::NoValue`` are left out."""
    match value:
        case list():
            return [item for item in (resolve(item, scope) for item in value) if item != NO_VALUE]
        case Mapping() if len(value) == 1:
            return _resolve_function(value, scope)
        case Mapping():
            return _resolve_entries(value, scope)
        case _:
            return value


def text_of(value: Any, scope: Scope) -> str | None:
    """The text that a value comes to; ``None`` where only AWS knows it."""
    text = resolve(value, scope)
    return as_text(text) if isinstance(text, _SCALAR) else None


def holds(condition: Any, scope: Scope) -> bool | None:
    """Whether a condition (its name, or its expression) holds; true for none, ``None`` where that cannot be told."""
    match condition:
        case None:
            return True
        case str(name) | {"Condition": str(name)}:
            # A condition that names itself is CloudFormation's to refuse: each is looked into once.
            rest = {other: value for other, value in scope.conditions.items() if other != name}
            known = name in scope.conditions
            return holds(scope.conditions[name], replace(scope, conditions=rest)) if known else None
        case {"Fn::Equals": [left, right]}:
            one, other = text_of(left, scope), text_of(right, scope)
            return None if one is None or other is None else one == other
        case {"Fn::Not": [inner]}:
            return _not(holds(inner, scope))
        case {"Fn::And": list(parts)}:
            return _all(holds(part, scope) for part in parts)
        case {"Fn::Or": list(parts)}:
            return _not(_all(_not(holds(part, scope)) for part in parts))
        case _:
            return None


def existing(section: Mapping[str, Any] | None, scope: Scope) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Entries of ``Resources`` or ``Outputs`` whose condition holds, or cannot be told."""
    for name, declared in (section or {}).items():
        if holds(declared.get("Condition"), scope) is not False:
            yield name, declared


def imports_of(value: Any) -> Iterator[Any]:
    """What ``Fn::ImportValue`` names anywhere in a resolved value; in both branches of a condition that is unknown."""
    match value:
        case {"Fn::ImportValue": name}:
            yield name
        case Mapping() | list():
            for item in value.values() if isinstance(value, Mapping) else value:
                yield from imports_of(item)


def as_text(value: Any) -> str:
    """A scalar as CloudFormation compares it: ``true`` and ``"true"`` are the same."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_true(value: Any) -> bool:
    """A switch that is on, however it is written."""
    return as_text(value).lower() == "true"


def number(value: Any) -> int | None:
    """A whole number, however it is written; ``None`` where it is none, or unknown."""
    text = as_text(value)
    return int(text) if text.isdecimal() else None


def listed(value: Any) -> list[Any]:
    """What may be written as one or as a list."""
    return value if isinstance(value, list) else [value]


def _resolve_entries(value: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    entries = {key: resolve(item, scope) for key, item in value.items()}
    return {key: item for key, item in entries.items() if item != NO_VALUE}


def _resolve_function(value: Mapping[str, Any], scope: Scope) -> Any:
    match value:
        case {"Ref": str(name)}:
            return scope.values.get(name, value)
        case {"Fn::If": [condition, yes, no]}:
            chosen = holds(condition, scope)
            if chosen is None:
                return {"Fn::If": [condition, resolve(yes, scope), resolve(no, scope)]}
            return resolve(yes if chosen else no, scope)
        case {"Fn::FindInMap": list(keys)}:
            return _find_in_map(resolve(keys, scope), scope.mappings)
        case {"Fn::Join": [str(separator), items]}:
            parts = resolve(items, scope)
            if isinstance(parts, list) and all(isinstance(part, _SCALAR) for part in parts):
                return separator.join(map(as_text, parts))
            return {"Fn::Join": [separator, parts]}
        case {"Fn::Split": [str(separator), inner]}:
            text = resolve(inner, scope)
            return text.split(separator) if isinstance(text, str) else {"Fn::Split": [separator, text]}
        case {"Fn::Select": [position, items]}:
            index, parts = resolve(position, scope), resolve(items, scope)
            place = number(index)
            if isinstance(parts, list) and place is not None and place < len(parts):
                return parts[place]
            return {"Fn::Select": [index, parts]}
        case {"Fn::Sub": str(text)}:
            return _substitute(text, scope.values)
        case {"Fn::Sub": [str(text), Mapping() as named]}:
            return _substitute(text, {**scope.values, **{name: resolve(item, scope) for name, item in named.items()}})
        case _:
            return _resolve_entries(value, scope)


def _find_in_map(keys: list[Any], mappings: Mapping[str, Any]) -> Any:
    value: Any = mappings
    for key in keys:
        if not isinstance(key, str) or not isinstance(value, Mapping) or key not in value:
            return {"Fn::FindInMap": keys}
        value = value[key]
    return value


def _substitute(text: str, known: Mapping[str, Any]) -> Any:
    def substitute(name: re.Match[str]) -> str:
        value = known.get(name[1].strip())
        return as_text(value) if isinstance(value, _SCALAR) else name[0]

    substituted = NAMES.sub(substitute, text)
    unknown = NAMES.findall(substituted)
    if not unknown:
        return LITERAL.sub(r"${\1}", substituted)
    return {"Fn::Sub": [substituted, {name: known[name] for name in unknown if name in known}]}


def _joined(value: Any) -> str:
    return ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _all(answers: Iterable[bool | None]) -> bool | None:
    known = list(answers)
    return False if False in known else None if None in known else True
