"""The few of CloudFormation's intrinsic functions that can be told without AWS: parameters, text, conditions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import yaml

import deploytool
from deploytool.errors import ConfigurationError
from deploytool.infra.stacks import short_type

# SEG core.stacks.intrinsics
# The few of CloudFormation's intrinsic functions that can be told without AWS: parameters, text, conditions.
#
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html

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


# SEG core.stacks.template
# What is read of a template before CloudFormation gets it.

MOST_BYTES = 51_200
"""Largest TemplateBody that CreateChangeSet takes."""

_NAMED_IAM = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter that a template declares."""

    name: str
    default: str | None = None
    secret: bool = False
    """NoEcho: its value is never shown."""
    allowed: tuple[str, ...] = ()
    """AllowedValues; empty where any will do."""
    pattern: str = ""
    """AllowedPattern, of the whole value, of a list's every item."""
    is_list: bool = False


@dataclass(frozen=True)
class Resource:
    """One resource of a template, under given parameters."""

    logical_id: str
    type: str


@dataclass(frozen=True)
class Template:
    """A template as a mapping, intrinsic functions in their long form (``{"Ref": …}``, ``{"Fn::Sub": …}``)."""

    key: str
    body: str = field(repr=False)
    """The text that CloudFormation gets."""
    document: Mapping[str, Any] = field(repr=False)
    left_out: tuple[Resource, ...] = ()
    """What was taken out of it, since the cloud it goes to has no such types."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """By name."""
        declared = self.document.get("Parameters") or {}
        return {name: _parameter(name, each) for name, each in declared.items()}

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What must be acknowledged for CloudFormation to take it: roles, and roles with names of their own."""
        resources = (self.document.get("Resources") or {}).values()
        iam = [each for each in resources if str(each.get("Type", "")).startswith("AWS::IAM::")]
        named = any(_NAMED_IAM.get(each["Type"], "") in (each.get("Properties") or {}) for each in iam)
        needed = ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if iam else []
        return (*needed, *(["CAPABILITY_AUTO_EXPAND"] if self.document.get("Transform") else []))

    def deletion_policy(self, logical_id: str) -> str:
        """What becomes of a resource that leaves the stack; `Delete` where nothing is said, as with most types."""
        resource = (self.document.get("Resources") or {}).get(logical_id) or {}
        return str(resource.get("DeletionPolicy", "Delete"))

    @property
    def update_replace_policies(self) -> Mapping[str, str]:
        """What becomes of a resource that is replaced, by logical id, where the template says."""
        found = (self.document.get("Resources") or {}).items()
        return {name: str(each["UpdateReplacePolicy"]) for name, each in found if "UpdateReplacePolicy" in each}

    def resources(self, values: Values) -> tuple[Resource, ...]:
        """Those whose condition holds, or cannot be told beforehand."""
        conditions = self.document.get("Conditions") or {}
        return tuple(
            Resource(name, str(each.get("Type", "")))
            for name, each in (self.document.get("Resources") or {}).items()
            if holds(each.get("Condition"), conditions, values) is not False
        )

    def imports(self, values: Values) -> frozenset[str]:
        """Names of the exports of other stacks that it needs, as far as they can be told beforehand."""
        conditions = self.document.get("Conditions") or {}
        parts = [*(self.document.get("Resources") or {}).values(), *(self.document.get("Outputs") or {}).values()]
        live = [part for part in parts if holds(part.get("Condition"), conditions, values) is not False]
        names = (resolved(each, values) for part in live for each in _imported(part, conditions, values))
        return frozenset(name for name in names if name is not None)


def _parameter(name: str, declared: Mapping[str, Any]) -> Parameter:
    default = declared.get("Default")
    return Parameter(
        name,
        None if default is None else parameter_text(default),
        secret=str(declared.get("NoEcho", "")).lower() == "true",
        allowed=tuple(parameter_text(each) for each in declared.get("AllowedValues", ())),
        pattern=str(declared.get("AllowedPattern", "")),
        is_list="List" in str(declared.get("Type", "")),
    )


def as_json(document: Mapping[str, Any]) -> str:
    """A template without comments and spaces; CloudFormation takes JSON as well as YAML."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def parameter_text(value: Any) -> str:
    """A value as CloudFormation takes one: text; a list joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(parameter_text, value)) if isinstance(value, list | tuple) else str(value)


def _imported(part: Any, conditions: Mapping[str, Any], values: Values) -> Iterator[Any]:
    if isinstance(part, Mapping):
        if "Fn::ImportValue" in part:
            yield part["Fn::ImportValue"]
        elif "Fn::If" in part:
            name, yes, no = part["Fn::If"]
            chosen = holds(name, conditions, values)
            yield from _imported([each for each, when in ((yes, True), (no, False)) if chosen in (when, None)],
                                 conditions, values)  # fmt: skip
        else:
            yield from _imported(list(part.values()), conditions, values)
    elif isinstance(part, list):
        for each in part:
            yield from _imported(each, conditions, values)


# SEG cli.infra_templates
# The templates: read from the directory that the configuration names, else the ones that come with deploytool.

Prepare = Callable[[Template], Template]
"""What is done to a template before it is used: nothing, or what the sandbox needs."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TemplateInvalid(ConfigurationError):
    """A template is not there, is not YAML, or is too large for CloudFormation."""


def templates(directory: Path | None, keys: Iterable[str], prepare: Prepare) -> dict[str, Template]:
    """By key of the stack. Raises TemplateInvalid."""
    place = directory or own_directory()
    return {key: prepare(_template(place / f"{key}.yaml", key)) for key in keys}


def own_directory() -> Path:
    """In a wheel beside the code, in a checkout at its root."""
    package = Path(deploytool.__file__).parent
    packed = package / "_cloudformation"
    return packed if packed.is_dir() else package.parent / "cloudformation"


def _template(path: Path, key: str) -> Template:
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_Long)  # noqa: S506  (a SafeLoader, which knows CloudFormation's tags)
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateInvalid(f"the template {path} cannot be read: {error}", "correct infra.templates") from error
    except yaml.YAMLError as error:
        raise TemplateInvalid(f"the template {path} is not YAML: {error}", "correct it") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateInvalid(f"the template {path} has no Resources", "correct it")
    body = text if len(text.encode()) <= MOST_BYTES else as_json(document)
    if len(body.encode()) > MOST_BYTES:
        raise TemplateInvalid(
            f"the template {path} is larger than the {MOST_BYTES} bytes that CloudFormation takes", "split it"
        )
    return Template(key, body, document)


class _Long(_LOADER):  # type: ignore[misc]  # which class it is depends on whether libyaml is there
    """Writes ``!Ref x`` as ``{"Ref": "x"}``, and reads dates as the text they are meant as."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _LOADER.yaml_implicit_resolvers.items()
    }


def _function(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Long.add_multi_constructor("!", _function)


# SEG core.stacks.spelled_out
# Names written out in a template, so that CloudFormation takes over what an earlier stack left under them.
#
# ``ImportExistingResources`` looks for what exists only where the name stands in the template as plain text, and where
# the resource stays when its stack goes.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html

_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
}
"""Types that CloudFormation imports by a name of our choice → the property that holds it. A secret is not among them:
its identifier is an ARN that ends with what Secrets Manager chose."""


def literal_names(template: Template, values: Values) -> Template:
    """The same template, as JSON where a name had to be written out."""
    written = dict(_with_literal_names(template.document.get("Resources") or {}, values))
    if not written:
        return template
    document = {**template.document, "Resources": {**template.document["Resources"], **written}}
    return replace(template, document=document, body=as_json(document))


def _with_literal_names(resources: Mapping[str, Any], values: Values) -> Iterator[tuple[str, Any]]:
    for logical_id, each in resources.items():
        key = _NAMES.get(each.get("Type", ""), "")
        given = (each.get("Properties") or {}).get(key)
        stays = str(each.get("DeletionPolicy", "")).startswith("Retain")
        if stays and isinstance(given, Mapping) and (name := resolved(given, values)):
            yield logical_id, {**each, "Properties": {**each["Properties"], key: name}}


def describe_omitted(templates: Iterable[Template]) -> str:
    """One line about what was left out; empty where nothing was."""
    counts = Counter(short_type(each.type) for template in templates for each in template.left_out)
    if not counts:
        return ""
    listed = ", ".join(f"{kind} × {number}" if number > 1 else kind for kind, number in sorted(counts.items()))
    return f"the sandbox has no such types, so these are left out: {listed}"
