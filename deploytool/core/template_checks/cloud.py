"""All stacks together: their resources, and where a value of one stack leads in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploytool.core.template_checks.simplify import NAMES, Scope, as_text, holds, scope_of, simplified


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
class Cloud:
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


def cloud_of(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> Cloud:
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
            properties = simplified(declared.get("Properties") or {}, scope)
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
            value = simplified(declared.get("Value"), scope)
            imports += [Import(stack, name, export) for export in _imported(value)]
            export = simplified((declared.get("Export") or {}).get("Name"), scope)
            if isinstance(export, str):
                exports[export] = (stack, value)
    return Cloud(tuple(resources), exports, tuple(imports), choices)


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
