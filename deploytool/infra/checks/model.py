"""What a check says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# SEG core.template_checks.fault
# What a check says.


@dataclass(frozen=True)
class TemplateFault:
    """One fault in one resource of one stack."""

    stack: str
    resource: str
    """Logical id."""
    cause: str
    fix: str

    def __str__(self) -> str:
        return f"{self.stack}.{self.resource}: {self.cause}; {self.fix}"


# SEG core.template_checks.simplify
# Templates with everything worked out that parameters tell: conditions, mappings, text.
#
# What only AWS knows (``Ref`` of a resource, ``Fn::GetAtt``, ``Fn::ImportValue``) stays as it is, in its long form.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html

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


def resolve(value: Any, scope: Scope) -> Any:
    """``value`` with everything worked out that ``scope`` tells; entries that are ``AWS::NoValue`` are left out."""
    if isinstance(value, list):
        return [each for each in (resolve(item, scope) for item in value) if each != NO_VALUE]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        (name, argument), *_ = value.items()
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](argument, scope)
    inner = {key: resolve(each, scope) for key, each in value.items()}
    return {key: each for key, each in inner.items() if each != NO_VALUE}


def holds(condition: Any, scope: Scope) -> bool | None:
    """Whether a condition (its name, or its expression) holds; ``None`` where that cannot be told."""
    match condition:
        case str(name) | {"Condition": str(name)}:
            return holds(scope.conditions[name], scope) if name in scope.conditions else None
        case {"Fn::Equals": [left, right]}:
            one, other = resolve(left, scope), resolve(right, scope)
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
        return {"Fn::If": [name, resolve(yes, scope), resolve(no, scope)]}
    return resolve(yes if chosen else no, scope)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    keys = resolve(argument, scope)
    found: Any = scope.mappings
    for key in keys:
        if not isinstance(key, str) or key not in found:
            return {"Fn::FindInMap": keys}
        found = found[key]
    return found


def _join(argument: Any, scope: Scope) -> Any:
    between, parts = argument[0], resolve(argument[1], scope)
    if isinstance(parts, list) and all(not isinstance(part, Mapping | list) for part in parts):
        return between.join(as_text(part) for part in parts)
    return {"Fn::Join": [between, parts]}


def _split(argument: Any, scope: Scope) -> Any:
    text = resolve(argument[1], scope)
    return text.split(argument[0]) if isinstance(text, str) else {"Fn::Split": [argument[0], text]}


def _select(argument: Any, scope: Scope) -> Any:
    index, parts = resolve(argument[0], scope), resolve(argument[1], scope)
    if isinstance(parts, list) and int(index) < len(parts):
        return parts[int(index)]
    return {"Fn::Select": [index, parts]}


def _sub(argument: Any, scope: Scope) -> Any:
    text, more = (argument, {}) if isinstance(argument, str) else argument
    known = {**scope.values, **{name: resolve(each, scope) for name, each in more.items()}}

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


# SEG core.template_checks.cloud
# All stacks together: their resources, and where a value of one stack leads in another.


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource that exists under the given parameters, its properties worked out as far as they can be."""

    stack: str
    name: str
    """Logical id."""
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    deletion_policy: str = ""
    update_replace_policy: str = ""


@dataclass(frozen=True)
class Import:
    """One use of another stack's export."""

    stack: str
    where: str
    """Logical id of the resource or output."""
    export: Any
    """Its name; not text where that cannot be told."""


@dataclass(frozen=True)
class TemplateSet:
    """Every stack of one environment."""

    resources: tuple[Resource, ...]
    exports: Mapping[str, tuple[str, Any]]
    """Stack and value by export name."""
    imports: tuple[Import, ...]
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By stack: the allowed values of each parameter that has neither a value nor a default."""

    def of_type(self, *types: str) -> Iterator[Resource]:
        """In the order of the templates."""
        return (each for each in self.resources if each.type in types)

    def get(self, stack: str, name: str) -> Resource | None:
        """By logical id."""
        return next((each for each in self.resources if (each.stack, each.name) == (stack, name)), None)

    def targets(self, stack: str, value: Any) -> tuple[Resource, ...]:
        """The resources that a value in ``stack`` names: by ``Ref``, ``Fn::GetAtt`` or ``Fn::ImportValue``, in a
        list, in text or joined. A value that names none (plain text, a parameter) has none.
        """
        match value:
            case list(items):
                return tuple(found for item in items for found in self.targets(stack, item))
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
                found = self.get(stack, name)
                return (found,) if found else ()
            case {"Fn::ImportValue": str(name)} if name in self.exports:
                return self.targets(*self.exports[name])
            case {"Fn::Split": [_, inner]} | {"Fn::Join": [_, inner]}:
                return self.targets(stack, inner)
            case {"Fn::Sub": [str(text), Mapping() as named]}:
                here = [{"Ref": name.partition(".")[0]} for name in NAMES.findall(text) if name not in named]
                return self.targets(stack, [*named.values(), *here])
            case _:
                return ()

    def target(self, stack: str, value: Any) -> Resource | None:
        """The first of ``targets``."""
        return next(iter(self.targets(stack, value)), None)


def template_set(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> TemplateSet:
    """Templates by stack, under these parameters."""
    resources: list[Resource] = []
    exports: dict[str, tuple[str, Any]] = {}
    imports: list[Import] = []
    choices: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for stack, document in templates.items():
        scope = scope_of(document, values)
        choices[stack] = {
            name: tuple(as_text(each) for each in declared.get("AllowedValues") or ())
            for name, declared in (document.get("Parameters") or {}).items()
            if name not in scope.values
        }
        for name, declared in _existing(document.get("Resources"), scope):
            properties = resolve(declared.get("Properties") or {}, scope)
            imports += [Import(stack, name, export) for export in _imported(properties)]
            resources.append(
                Resource(
                    stack,
                    name,
                    str(declared.get("Type", "")),
                    properties,
                    str(declared.get("DeletionPolicy", "")),
                    str(declared.get("UpdateReplacePolicy", "")),
                )
            )
        for name, declared in _existing(document.get("Outputs"), scope):
            value = resolve(declared.get("Value"), scope)
            imports += [Import(stack, name, export) for export in _imported(value)]
            export = resolve((declared.get("Export") or {}).get("Name"), scope)
            if isinstance(export, str):
                exports[export] = (stack, value)
    return TemplateSet(tuple(resources), exports, tuple(imports), choices)


def _existing(section: Mapping[str, Any] | None, scope: Scope) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, declared in (section or {}).items():
        if "Condition" not in declared or holds(declared["Condition"], scope) is not False:
            yield name, declared


def _imported(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        if "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        else:
            for each in value.values():
                yield from _imported(each)
    elif isinstance(value, list):
        for each in value:
            yield from _imported(each)
