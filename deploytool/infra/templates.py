"""CloudFormation templates, of the configuration or of the package, and what each of them declares."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import yaml

import deploytool
from deploytool.errors import ConfigurationError
from deploytool.infra.intrinsics import Values, as_text, existing, imports_of, resolve, scope_of, text_of
from deploytool.infra.stacks import NAMES, short_type

MOST_BYTES = 51_200
"""Largest TemplateBody that CreateChangeSet takes."""
_NAMED_IAM = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}
_IMPORTED_BY_NAME = {
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
}
"""Types that CloudFormation imports by a name of our choice → the property that holds it. A secret is not among them:
its identifier is an ARN that ends with what Secrets Manager chose."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TemplateInvalid(ConfigurationError):
    """A template is missing, is not YAML, or is too large for CloudFormation."""


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
    """What was removed from it, since the cloud it goes to has no such types."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """By name."""
        declared = self.document.get("Parameters") or {}
        return {name: _parameter(name, raw) for name, raw in declared.items()}

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What CloudFormation wants acknowledged: roles, and roles with names of their own."""
        iam = [raw for raw in self._declared.values() if str(raw.get("Type", "")).startswith("AWS::IAM::")]
        has_names = any(_NAMED_IAM.get(raw["Type"], "") in (raw.get("Properties") or {}) for raw in iam)
        needed = ["CAPABILITY_NAMED_IAM"] if has_names else ["CAPABILITY_IAM"] if iam else []
        return (*needed, *(["CAPABILITY_AUTO_EXPAND"] if self.document.get("Transform") else []))

    def deletion_policy(self, logical_id: str) -> str:
        """What becomes of a resource that leaves the stack; `Delete` where nothing is said, as with most types."""
        return str((self._declared.get(logical_id) or {}).get("DeletionPolicy", "Delete"))

    @property
    def update_replace_policies(self) -> Mapping[str, str]:
        """What becomes of a resource that is replaced, by logical id, where the template says."""
        declared = self._declared.items()
        return {name: str(raw["UpdateReplacePolicy"]) for name, raw in declared if "UpdateReplacePolicy" in raw}

    @property
    def named(self) -> frozenset[str]:
        """Logical ids of what has a name of its own, which CloudFormation cannot replace under the same name."""
        declared = self._declared.items()
        return frozenset(
            name for name, raw in declared if NAMES.get(str(raw.get("Type")), "") in (raw.get("Properties") or {})
        )

    def resources(self, values: Values) -> tuple[Resource, ...]:
        """Those whose condition holds, or is unknown beforehand."""
        declared = existing(self._declared, scope_of(self.document, values))
        return tuple(Resource(name, str(raw.get("Type", ""))) for name, raw in declared)

    def imports(self, values: Values) -> frozenset[str]:
        """Names of the exports of other stacks that it needs, where they are known beforehand."""
        scope = scope_of(self.document, values)
        sections = (self._declared, self.document.get("Outputs"))
        parts = [raw for section in sections for _, raw in existing(section, scope)]
        names = imports_of([resolve(part, scope) for part in parts])
        return frozenset(name for name in names if isinstance(name, str))

    @property
    def _declared(self) -> Mapping[str, Any]:
        return self.document.get("Resources") or {}


Prepare = Callable[[Template], Template]
"""What is done to a template before it is used: nothing, or what the sandbox needs."""


def templates(directory: Path | None, keys: Iterable[str], prepare: Prepare) -> dict[str, Template]:
    """By key of the stack; without a directory, those that come with deploytool. Raises TemplateInvalid."""
    source = directory or own_directory()
    return {key: prepare(_template(source / f"{key}.yaml", key)) for key in keys}


def own_directory() -> Path:
    """In a wheel beside the code, in a checkout at its root."""
    package = Path(deploytool.__file__).parent
    packed = package / "_cloudformation"
    return packed if packed.is_dir() else package.parent / "cloudformation"


def literal_names(template: Template, values: Values) -> Template:
    """The template with names written out, so that CloudFormation takes over what an earlier stack left under them.

    ``ImportExistingResources`` finds what exists only where the name is plain text in the template, and where the
    resource stays when its stack goes.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    resources = template.document.get("Resources") or {}
    scope = scope_of(template.document, values)
    written = {}
    for logical_id, raw in resources.items():
        key = _IMPORTED_BY_NAME.get(raw.get("Type", ""), "")
        declared_name = (raw.get("Properties") or {}).get(key)
        stays = str(raw.get("DeletionPolicy", "")).startswith("Retain")
        if stays and isinstance(declared_name, Mapping) and (name := text_of(declared_name, scope)):
            written[logical_id] = {**raw, "Properties": {**raw["Properties"], key: name}}
    if not written:
        return template
    document = {**template.document, "Resources": {**resources, **written}}
    return replace(template, document=document, body=as_json(document))


def as_json(document: Mapping[str, Any]) -> str:
    """A template without comments and spaces; CloudFormation takes JSON as well as YAML."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def parameter_text(value: Any) -> str:
    """A value as CloudFormation takes one: text; a list joined by commas."""
    return ",".join(map(parameter_text, value)) if isinstance(value, list | tuple) else as_text(value)


def describe_omitted(templates: Iterable[Template]) -> str:
    """One line about what was left out; empty where nothing was."""
    counts = Counter(short_type(resource.type) for template in templates for resource in template.left_out)
    if not counts:
        return ""
    types = ", ".join(f"{kind} × {number}" if number > 1 else kind for kind, number in sorted(counts.items()))
    return f"not supported by the sandbox and left out: {types}"


def _parameter(name: str, declared: Mapping[str, Any]) -> Parameter:
    default = declared.get("Default")
    return Parameter(
        name,
        None if default is None else parameter_text(default),
        secret=as_text(declared.get("NoEcho", "")).lower() == "true",
        allowed=tuple(parameter_text(value) for value in declared.get("AllowedValues", ())),
        pattern=str(declared.get("AllowedPattern", "")),
        is_list="List" in str(declared.get("Type", "")),
    )


def _template(path: Path, key: str) -> Template:
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_LongForm)  # noqa: S506  (a SafeLoader, which knows CloudFormation's tags)
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateInvalid(f"cannot read the template {path}: {error}", "correct infra.templates") from error
    except yaml.YAMLError as error:
        raise TemplateInvalid(f"the template {path} is not YAML: {error}", "correct it") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateInvalid(f"the template {path} has no Resources", "correct it")
    body = text if len(text.encode()) <= MOST_BYTES else as_json(document)
    if len(body.encode()) > MOST_BYTES:
        raise TemplateInvalid(f"the template {path} exceeds CloudFormation's limit of {MOST_BYTES} bytes", "split it")
    return Template(key, body, document)


class _LongForm(_LOADER):  # type: ignore[misc]  # which class it is depends on whether libyaml is installed
    """Reads ``!Ref x`` as ``{"Ref": "x"}``, and dates as the text they are meant as."""

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


_LongForm.add_multi_constructor("!", _function)
