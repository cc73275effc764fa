"""The templates: read from the directory that the configuration names, else the ones that come with deploytool."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import yaml

import deploytool
from deploytool.core.stacks.template import MOST_BYTES, Template, as_json
from deploytool.errors import ConfigurationError

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
