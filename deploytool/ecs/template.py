"""A task definition file of the repository: read, checked against RegisterTaskDefinition, its variables filled in.

What a file may hold: a payload of RegisterTaskDefinition, or an answer of DescribeTaskDefinition, as the AWS CLI, the
console or an SDK writes them, in JSON or YAML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from deploytool.config.errors import ConfigErrors, ConfigIssue, Document, IssueCollector, Path, Position, did_you_mean
from deploytool.config.json_reader import json_document
from deploytool.config.types import fill, report_kind
from deploytool.config.yaml import decoded, document_of
from deploytool.ecs.model import TaskDefinition
from deploytool.ecs.task_definition import CPUS, READ_ONLY, is_image


class TemplateErrors(ConfigErrors):
    """Task definition files that ECS would not take; `issues` has every reason, with its place."""

    what = "the task definition files have"
    check = "then run `deploytool plan`"


@dataclass(frozen=True)
class Template:
    """What to register but for the images of this release."""

    definition: TaskDefinition
    warnings: tuple[str, ...] = ()
    images: Mapping[str, ConfigIssue] = field(default_factory=dict)
    """By container: what is wrong with its image, unless a release fills it in."""


_IGNORED = ("_", "$", "//")
"""How a key begins that is a comment: ``_comment``, ``$schema``, ``//``."""
_LIMITS = {"integer": 31, "long": 63}
_NUMBERS = re.compile(r"-?[0-9]{1,18}")
_FLAGS = {"true": True, "false": False}
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
_ROLES = frozenset({"executionRoleArn", "taskRoleArn"})

_FREE_TEXT = frozenset({"command", "entryPoint", "dockerLabels", "driverOpts", "expression", "labels", "tags"})
"""Fields of text that is not ours to judge: a shell or a container may fill in what looks like a placeholder."""
_AWSLOGS = frozenset({"awslogs-group", "awslogs-region", "awslogs-stream-prefix"})
_UPPER = r"[A-Z][A-Z0-9_]*"
_IN_FREE_TEXT = re.compile(
    rf"<{_UPPER}>|\$\{{\w+\}}|\{{\{{ *[\w:/-][^{{}}]*\}}\}}|(?<![A-Za-z0-9])__{_UPPER}?__(?![A-Za-z0-9])|#\{{\w+\}}#"
)
_ELSEWHERE = re.compile(
    rf"{_IN_FREE_TEXT.pattern}|<[A-Za-z_][\w .:-]*>|\$\{{[^}}]*\}}|\{{\{{[^}}]*\}}\}}|\$\({_UPPER}\)|\${_UPPER}|"
    rf"<%.*?%>|%{_UPPER}%|@{_UPPER}@|\[{_UPPER}\]|#\{{[^}}]*\}}"
)
"""Placeholders of sed, envsubst, Jinja, Mustache, ERB, Azure Pipelines, Octopus and documentation."""


def read_template(content: bytes, file: str, model: Any, variables: Mapping[str, str]) -> Template:
    """``model`` is botocore's shape of RegisterTaskDefinition's input; ``file`` is the path to show.

    Raises TemplateErrors with every reason at once.
    """
    try:
        document, path = _unwrapped(_document(content, file))
    except ConfigErrors as error:
        raise TemplateErrors(error.issues) from error
    reader = _Reader(document, variables)
    template = reader.template(model, path)
    if issues := (*document.issues, *reader.issues.collected):
        raise TemplateErrors(issues)
    return template


def _document(content: bytes, file: str) -> Document:
    text = decoded(content, file)
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in (".yml", ".yaml"):
        return document_of(content, file)
    if suffix in (".json", ".jsonnet") or text.lstrip()[:1] in ("", "{", "["):
        return json_document(text, file)
    return document_of(content, file)


def _unwrapped(document: Document) -> tuple[Document, Path]:
    """Where the task definition is: at the top, or in an answer, whose tags stand beside it."""
    data = document.data
    inner = data.get("taskDefinition") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(inner, dict):
        return document, ()
    if "tags" not in data:
        return document, ("taskDefinition",)

    def moved(places: Mapping[Path, Position]) -> dict[Path, Position]:
        return {("taskDefinition", *at) if at[:1] == ("tags",) else at: place for at, place in places.items()}

    whole = {**data, "taskDefinition": {**inner, "tags": data["tags"]}}
    return replace(document, data=whole, keys=moved(document.keys), values=moved(document.values)), ("taskDefinition",)


class _Reader:
    def __init__(self, document: Document, variables: Mapping[str, str]) -> None:
        self.issues = IssueCollector(document)
        self._document = document
        self._variables = variables
        self._warnings: list[str] = []
        self._images: dict[Path, ConfigIssue] = {}
        self._nulls: set[Path] = set()

    def template(self, model: Any, path: Path) -> Template:
        data: Any = self._document.data
        for part in path:
            data = data[part]
        if not isinstance(data, dict) or not (model.members.keys() - {"tags"}) & data.keys():
            self._no_task_definition(data, path)
            return Template({})
        definition = self._structure(data, model, path, optional=("family",))
        images: dict[str, ConfigIssue] = {}
        if isinstance(data.get("containerDefinitions"), list):
            parts = [part if isinstance(part, dict) else None for part in data["containerDefinitions"]]
            images = self._check_containers(parts, (*path, "containerDefinitions"))
        self._check_platform(definition, path)
        return Template(definition, tuple(dict.fromkeys(self._warnings)), images)

    def _no_task_definition(self, data: object, path: Path) -> None:
        if isinstance(data, list):
            problem = "is the list of containers alone, not a task definition"
            fix = 'wrap it: {"family": "…", "containerDefinitions": [ … ]}, with cpu, memory and roles'
        else:
            problem, fix = "has no containerDefinitions", "write a task definition into it"
        for key in data if isinstance(data, dict) else ():
            if key.lower().replace("_", "") == "containerdefinitions":
                self.issues.at_key(
                    (*path, key), problem, f'write "containerDefinitions" for "{key}", and all fields so'
                )
                return
        self.issues.at_value(path, problem, fix)

    def _value(self, value: object, shape: Any, path: Path) -> Any:
        match shape.type_name:
            case "structure":
                return self._structure(value, shape, path)
            case "list":
                return self._list(value, shape, path)
            case "map":
                return self._map(value, shape, path)
            case "integer" | "long":
                return self._number(self._filled_in(value, path), _LIMITS[shape.type_name], path)
            case "boolean":
                return self._flag(self._filled_in(value, path), path)
            case "string":
                return self._text(value, shape, path)
        return value

    def _structure(self, value: object, shape: Any, path: Path, optional: tuple[str, ...] = ()) -> dict[str, Any]:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, self.issues)
            return {}
        result = {}
        for name, item in value.items():
            here = (*path, name)
            if item is None:
                self._nulls.add(here)
            elif name in shape.members:
                result[name] = self._value(item, shape.members[name], here)
            elif not (optional and name in READ_ONLY):
                self._unknown(name, item, shape, here)
        for name in shape.required_members:
            if name not in result and name not in optional:
                self._missing(name, path)
        return result

    def _unknown(self, name: str, item: object, shape: Any, path: Path) -> None:
        if name.startswith(_IGNORED):
            place = self._document.position_of_key(path)
            self._warnings.append(f"{_at(self._document.file, place)}: {shown(name)} is ignored: ECS has no such field")
        elif item not in ([], {}, ""):
            closest = did_you_mean(name, shape.members)
            same = [known for known in shape.members if known.lower() == name.lower().replace("_", "")]
            if same or not closest.startswith("did you mean"):
                closest = (
                    f'write "{same[0]}"'
                    if same
                    else "remove it; if ECS has this field, use a newer version of deploytool"
                )
            self.issues.at_key(path, f'unknown field "{shown(name)}"', closest)

    def _missing(self, name: str, path: Path) -> None:
        if (*path, name) in self._nulls:
            self.issues.at_value((*path, name), f'"{name}" is null', "give it a value")
        else:
            self.issues.missing(path, name, "add it")

    def _list(self, value: object, shape: Any, path: Path) -> list[Any]:
        if not isinstance(value, list):
            members = list(getattr(shape.member, "members", ()))[:2]
            report_kind("a list", value, path, self.issues)
            if members and isinstance(value, dict):
                entry = ", ".join(f'"{name}": …' for name in members)
                self.issues.collected[-1] = _with_fix(self.issues.collected[-1], f"write it as [{{{entry}}}]")
            return []
        return [self._value(item, shape.member, (*path, index)) for index, item in enumerate(value)]

    def _map(self, value: object, shape: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, dict):
            report_kind("a mapping", value, path, self.issues)
            return {}
        return {name: self._value(item, shape.value, (*path, name)) for name, item in value.items() if item is not None}

    def _filled_in(self, value: object, path: Path) -> object:
        """A number or flag whose whole text is one declared variable."""
        if not isinstance(value, str):
            return value
        text = fill(value, self._variables)
        if text == value:
            self._has_placeholder(value, path)
            return value
        return _FLAGS.get(text, int(text) if _NUMBERS.fullmatch(text) else text)

    def _number(self, value: object, bits: int, path: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            report_kind("a whole number", value, path, self.issues)
            if isinstance(value, str) and _NUMBERS.fullmatch(value):
                self.issues.collected[-1] = _with_fix(self.issues.collected[-1], "write it without quotes")
            return 0
        if not -(2**bits) <= value < 2**bits:
            self.issues.at_value(path, f'"{path[-1]}" is out of range')
        return value

    def _flag(self, value: object, path: Path) -> bool:
        if not isinstance(value, bool):
            report_kind("true or false", value, path, self.issues)
            if isinstance(value, str) and value in _FLAGS:
                self.issues.collected[-1] = _with_fix(self.issues.collected[-1], "write it without quotes")
            return False
        return value

    def _text(self, value: object, shape: Any, path: Path) -> str:
        if not isinstance(value, str):
            report_kind("text", value, path, self.issues)
            return ""
        if self._has_placeholder(value, path):
            return value
        text = fill(value, self._variables)
        if shape.enum and text and text not in shape.enum:
            words = " or ".join(shape.enum[:4])
            place = _at(self._document.file, self._document.position_of_value(path))
            self._warnings.append(f"{place}: ECS may refuse this {path[-1]}: this version knows {words}")
        if path[-1] in _ROLES and text.startswith("arn:") and not _ROLE.fullmatch(text):
            self.issues.at_value(path, f'"{path[-1]}" is not the ARN of a role', "write arn:aws:iam::ACCOUNT:role/NAME")
        if path[-1] == "image" and text != value and not is_image(text):
            self._refuse_image(path, path, "is no image reference", "correct the variables in it")
        return text

    def _has_placeholder(self, text: str, path: Path) -> bool:
        """Refuse what nobody filled in; where a shell or the container may still do it, warn."""
        rest = fill(text.replace("$${", ""), dict.fromkeys(self._variables, ""))
        if _is_free(path):
            if _IN_FREE_TEXT.search(rest):
                place = _at(self._document.file, self._document.position_of_value(path))
                what = "what looks like a placeholder; it stays as it is"
                self._warnings.append(f"{place}: {self._named(path)} has {what}")
            return False
        left = _ELSEWHERE.search(rest)
        if path[-1] == "image" and (left or (not is_image(rest) and text == rest)):
            what = f"has the placeholder {shown(left[0])}" if left else "is no image reference"
            self._refuse_image(path, path, what, _FILL_IN if left else "write registry/repository:tag")
        elif left:
            self.issues.at_value(path, f'"{path[-1]}" has the placeholder {shown(left[0])}', _FILL_IN)
        return left is not None

    def _refuse_image(self, path: Path, place_of: Path, what: str, fix: str) -> None:
        place = self._document.position_of_value(place_of) or _NOWHERE
        self._images[path] = ConfigIssue(self._document.file, "", *place, f"the image of this container {what}", fix)

    def _named(self, path: Path) -> str:
        """The place in the file; an environment variable by its name, never its value."""
        if len(path) > 1 and path[-1] == "value" and "environment" in path:
            item: Any = self._document.data
            for part in path[:-1]:
                item = item[part]
            return f"environment variable {shown(str(item.get('name', '')))}"
        return f'"{next(str(part) for part in reversed(path) if isinstance(part, str))}"'

    def _check_containers(self, containers: list[dict[str, Any] | None], path: Path) -> dict[str, ConfigIssue]:
        """What is wrong with images, by container. ``None``: not even a mapping, which is reported already."""
        if not containers:
            self.issues.at_value(path, "the task definition has no container", "add one")
        first: dict[str, Path] = {}
        images = {}
        for index, container in enumerate(containers):
            here = (*path, index)
            if container is None:
                continue
            name = container.get("name")
            if not name:
                self.issues.missing(here, "name", "give the container a name")
            elif isinstance(name, str):
                if before := first.get(name):
                    line = (self._document.position_of_value(before) or _NOWHERE)[0]
                    problem = f'two containers are called "{shown(name)}", the first in line {line}'
                    self.issues.at_value((*here, "name"), problem, "rename one")
                first.setdefault(name, (*here, "name"))
                if not container.get("image"):
                    self._refuse_image((*here, "image"), here, "is missing", "write registry/repository:tag")
                if issue := self._images.get((*here, "image")):
                    images[fill(name, self._variables)] = issue
        return images

    def _check_platform(self, definition: Mapping[str, Any], path: Path) -> None:
        cpu = definition.get("runtimePlatform", {}).get("cpuArchitecture") or CPUS[0]
        if cpu not in CPUS and not _ELSEWHERE.search(cpu):
            at = (*path, "runtimePlatform", "cpuArchitecture")
            close = did_you_mean(cpu.upper(), CPUS) if cpu.upper() in CPUS else "correct it"
            self.issues.at_value(at, f'"cpuArchitecture" must be {" or ".join(CPUS)}', close)


_NOWHERE = Position(1, 1)
_FILL_IN = "replace it, or write ${NAME} and give NAME under `variables` in deploytool.yml"


def shown(name: str) -> str:
    """A name of the file as a terminal may show it."""
    text = "".join(character if character.isprintable() else "?" for character in name)
    return text if len(text) <= 60 else text[:59] + "…"


def _is_free(path: Path) -> bool:
    if not _FREE_TEXT.isdisjoint(path):
        return True
    if "options" in path:
        return path[-1] not in _AWSLOGS
    return path[-1] == "value" and "environment" in path


def _at(file: str, place: tuple[int, int] | None) -> str:
    return f"{file}:{place[0]}:{place[1]}" if place else file


def _with_fix(issue: ConfigIssue, fix: str) -> ConfigIssue:
    return ConfigIssue(issue.file, issue.path, issue.line, issue.column, issue.problem, fix)
