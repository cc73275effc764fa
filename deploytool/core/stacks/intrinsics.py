"""The few of CloudFormation's intrinsic functions that can be told without AWS: parameters, text, conditions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Values = Mapping[str, str]
"""Parameters and pseudo parameters (``AWS::Region``) by name."""

_NAME = re.compile(r"\$\{(!?)([^}]*)\}")


def resolved(value: Any, values: Values) -> str | None:
    """The text that this comes to; ``None`` where it names something else than ``values``."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case {"Ref": str(name)}:
            return values.get(name)
        case {"Fn::Sub": str(text)}:
            return _substituted(text, values)
        case {"Fn::Sub": [str(text), Mapping() as more]}:
            inner = {name: resolved(each, values) for name, each in more.items()}
            return _substituted(text, {**values, **{name: each for name, each in inner.items() if each is not None}})
        case {"Fn::Join": [str(between), list(parts)]}:
            found = [resolved(part, values) for part in parts]
            return None if None in found else between.join(str(part) for part in found)
        case _:
            return None


def holds(condition: Any, conditions: Mapping[str, Any], values: Values) -> bool | None:
    """Whether a condition (its name or its expression) holds; true where there is none, ``None`` if nobody can tell."""
    match condition:
        case None:
            return True
        case str() | {"Condition": str()}:
            name = condition if isinstance(condition, str) else condition["Condition"]
            # One that names itself is CloudFormation's to refuse: each is looked into once.
            rest = {other: each for other, each in conditions.items() if other != name}
            return holds(conditions[name], rest, values) if name in conditions else None
        case {"Fn::Equals": [left, right]}:
            one, other = resolved(left, values), resolved(right, values)
            return None if one is None or other is None else one == other
        case {"Fn::Not": [inner]}:
            found = holds(inner, conditions, values)
            return None if found is None else not found
        case {"Fn::And": list(parts)}:
            return _all([holds(part, conditions, values) for part in parts])
        case {"Fn::Or": list(parts)}:
            none_holds = _all([holds({"Fn::Not": [part]}, conditions, values) for part in parts])
            return None if none_holds is None else not none_holds
        case _:
            return None


def _substituted(text: str, values: Values) -> str | None:
    unknown = [name for literal, name in _NAME.findall(text) if not literal and name.strip() not in values]
    if unknown:
        return None
    return _NAME.sub(lambda found: f"${{{found[2]}}}" if found[1] else values[found[2].strip()], text)


def _all(found: list[bool | None]) -> bool | None:
    if False in found:
        return False
    return None if None in found else True
