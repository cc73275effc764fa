"""All templates of an environment together, and what a check of them reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from deploytool.infra.intrinsics import NAMES, as_text, existing, imports_of, resolve, scope_of


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


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource that exists under the given parameters, its properties resolved as far as possible."""

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
    """Its name; not text where that is unknown."""


@dataclass(frozen=True)
class TemplateSet:
    """Every stack of one environment."""

    resources: tuple[Resource, ...]
    exports: Mapping[str, tuple[str, Any]]
    """Stack and value by export name."""
    imports: tuple[Import, ...]
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By stack: the allowed values of each parameter that has neither a value nor a default."""
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The templates by stack, nothing resolved: what other parameters would make of them."""
    region: str = ""
    """Empty where it is unknown."""

    def declared(self, resource: Resource) -> Mapping[str, Any]:
        """A resource as its template has it."""
        declared: Mapping[str, Any] = self.documents[resource.stack]["Resources"][resource.name]
        return declared

    def of_type(self, *types: str) -> Iterator[Resource]:
        """In the order of the templates."""
        return (resource for resource in self.resources if resource.type in types)

    def get(self, stack: str, name: str) -> Resource | None:
        """By logical id."""
        return next((each for each in self.resources if (each.stack, each.name) == (stack, name)), None)

    def targets(self, stack: str, value: Any) -> tuple[Resource, ...]:
        """The resources that a value in ``stack`` names: by ``Ref``, ``Fn::GetAtt`` or ``Fn::ImportValue``, in a
        list, in text or joined. A value that names none (plain text, a parameter) has none.
        """
        match value:
            case list(items):
                return tuple(resource for item in items for resource in self.targets(stack, item))
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
                resource = self.get(stack, name)
                return (resource,) if resource else ()
            case {"Fn::ImportValue": str(name)} if name in self.exports:
                return self.targets(*self.exports[name])
            case {"Fn::Split": [_, inner]} | {"Fn::Join": [_, inner]}:
                return self.targets(stack, inner)
            case {"Fn::Sub": [str(text), Mapping() as named]}:
                own = [{"Ref": name.partition(".")[0]} for name in NAMES.findall(text) if name not in named]
                return self.targets(stack, [*named.values(), *own])
            case _:
                return ()

    def target(self, stack: str, value: Any) -> Resource | None:
        """The first of ``targets``."""
        return next(iter(self.targets(stack, value)), None)


Check = Callable[[TemplateSet], Iterator[TemplateFault]]
CHECKS: list[Check] = []
"""Every check, in the order of its module; named by its rule, as cfn-lint and checkov name theirs."""


def check(*types: str) -> Callable[[Callable[[TemplateSet, Resource], Iterator[tuple[str, str]]]], Check]:
    """Register a function as a check of every resource of these types: it yields cause and fix of each fault.

    It also gets the whole ``TemplateSet``, since many faults lie between two stacks.
    """

    def register(examine: Callable[[TemplateSet, Resource], Iterator[tuple[str, str]]]) -> Check:
        @wraps(examine)
        def run(templates: TemplateSet) -> Iterator[TemplateFault]:
            for resource in templates.of_type(*types):
                for cause, fix in examine(templates, resource):
                    yield TemplateFault(resource.stack, resource.name, cause, fix)

        CHECKS.append(run)
        return run

    return register


def template_set(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> TemplateSet:
    """Templates by stack, under these parameters."""
    resources: list[Resource] = []
    exports: dict[str, tuple[str, Any]] = {}
    imports: list[Import] = []
    choices: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for stack, document in templates.items():
        scope = scope_of(document, values)
        choices[stack] = {
            name: tuple(map(as_text, declared.get("AllowedValues") or ()))
            for name, declared in (document.get("Parameters") or {}).items()
            if name not in scope.values
        }
        for name, declared in existing(document.get("Resources"), scope):
            properties = resolve(declared.get("Properties") or {}, scope)
            imports += [Import(stack, name, export) for export in imports_of(properties)]
            policies = (str(declared.get(key, "")) for key in ("DeletionPolicy", "UpdateReplacePolicy"))
            resources.append(Resource(stack, name, str(declared.get("Type", "")), properties, *policies))
        for name, declared in existing(document.get("Outputs"), scope):
            value = resolve(declared.get("Value"), scope)
            imports += [Import(stack, name, export) for export in imports_of(value)]
            export = resolve((declared.get("Export") or {}).get("Name"), scope)
            if isinstance(export, str):
                exports[export] = (stack, value)
    region = str(values.get("AWS::Region", ""))
    return TemplateSet(tuple(resources), exports, tuple(imports), choices, templates, region)
