"""Templates with everything worked out that parameters tell: conditions, mappings, text.

What only AWS knows (``Ref`` of a resource, ``Fn::GetAtt``, ``Fn::ImportValue``) stays as it is, in its long form.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_VALUE: dict[str, Any] = {"Ref": "AWS::NoValue"}
NAMES = re.compile(r"\$\{([^!}][^}]*)\}")
"""What a text of ``Fn::Sub`` names."""
LITERAL = re.compile(r"\$\{!([^}]*)\}")
"""What ``Fn::Sub`` writes as it is, without the exclamation mark."""


@dataclass(frozen=True)
class Scope:
    """What a template's values are worked out with. ``values``: text, or a list for a list parameter."""

    values: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)


def scope_of(document: Mapping[str, Any], values: Mapping[str, str]) -> Scope:
    """The scope of a template under given parameters, with the defaults of the others."""
    found: dict[str, Any] = {name: value for name, value in values.items() if name.startswith("AWS::")}
    for name, declared in (document.get("Parameters") or {}).items():
        value = values.get(name, declared.get("Default"))
        if value is not None:
            kind = str(declared.get("Type", "String"))
            is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
            found[name] = [part.strip() for part in str(value).split(",")] if is_list else str(value)
    return Scope(found, document.get("Mappings") or {}, document.get("Conditions") or {})


def simplified(value: Any, scope: Scope) -> Any:
    """``value`` with everything worked out that ``scope`` tells; entries that are ``AWS::NoValue`` are left out."""
    if isinstance(value, list):
        return [each for each in (simplified(item, scope) for item in value) if each != NO_VALUE]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        (name, argument), *_ = value.items()
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](argument, scope)
    inner = {key: simplified(each, scope) for key, each in value.items()}
    return {key: each for key, each in inner.items() if each != NO_VALUE}


def holds(condition: Any, scope: Scope) -> bool | None:
    """Whether a condition (its name, or its expression) holds; ``None`` where that cannot be told."""
    match condition:
        case str(name) | {"Condition": str(name)}:
            return holds(scope.conditions[name], scope) if name in scope.conditions else None
        case {"Fn::Equals": [left, right]}:
            one, other = simplified(left, scope), simplified(right, scope)
            told = isinstance(one, str | int | bool) and isinstance(other, str | int | bool)
            return as_text(one) == as_text(other) if told else None
        case {"Fn::Not": [inner]}:
            found = holds(inner, scope)
            return None if found is None else not found
        case {"Fn::And": list(parts)}:
            return _all(holds(part, scope) for part in parts)
        case {"Fn::Or": list(parts)}:
            none = _all(holds({"Fn::Not": [part]}, scope) for part in parts)
            return None if none is None else not none
        case _:
            return None


def as_text(value: Any) -> str:
    """A scalar as CloudFormation compares it: ``true`` and ``"true"`` are the same."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_true(value: Any) -> bool:
    """A switch that is on, however it is written."""
    return as_text(value).lower() == "true"


def number(value: Any) -> int | None:
    """A whole number, however it is written; ``None`` where it is none, or nobody can tell."""
    text = as_text(value)
    return int(text) if text.isdecimal() else None


def listed(value: Any) -> list[Any]:
    """What may be written as one or as a list."""
    return value if isinstance(value, list) else [value]


def _all(found: Any) -> bool | None:
    answers = list(found)
    if False in answers:
        return False
    return None if None in answers else True


def _ref(name: Any, scope: Scope) -> Any:
    return scope.values.get(name, {"Ref": name})


def _if(argument: Any, scope: Scope) -> Any:
    name, yes, no = argument
    chosen = holds(name, scope)
    if chosen is None:
        return {"Fn::If": [name, simplified(yes, scope), simplified(no, scope)]}
    return simplified(yes if chosen else no, scope)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    keys = simplified(argument, scope)
    found: Any = scope.mappings
    for key in keys:
        if not isinstance(key, str) or key not in found:
            return {"Fn::FindInMap": keys}
        found = found[key]
    return found


def _join(argument: Any, scope: Scope) -> Any:
    between, parts = argument[0], simplified(argument[1], scope)
    if isinstance(parts, list) and all(not isinstance(part, Mapping | list) for part in parts):
        return between.join(as_text(part) for part in parts)
    return {"Fn::Join": [between, parts]}


def _split(argument: Any, scope: Scope) -> Any:
    text = simplified(argument[1], scope)
    return text.split(argument[0]) if isinstance(text, str) else {"Fn::Split": [argument[0], text]}


def _select(argument: Any, scope: Scope) -> Any:
    index, parts = simplified(argument[0], scope), simplified(argument[1], scope)
    if isinstance(parts, list) and int(index) < len(parts):
        return parts[int(index)]
    return {"Fn::Select": [index, parts]}


def _sub(argument: Any, scope: Scope) -> Any:
    text, more = (argument, {}) if isinstance(argument, str) else argument
    known = {**scope.values, **{name: simplified(each, scope) for name, each in more.items()}}

    def told(found: re.Match[str]) -> str:
        value = known.get(found[1].strip())
        return as_text(value) if isinstance(value, str | int | bool) else found[0]

    done = NAMES.sub(told, text)
    open_names = NAMES.findall(done)
    if not open_names:
        return LITERAL.sub(r"${\1}", done)
    left = {name: known[name] for name in open_names if name in known}
    return {"Fn::Sub": [done, left]}


_FUNCTIONS = {
    "Ref": _ref,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::Sub": _sub,
}
