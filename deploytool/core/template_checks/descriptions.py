"""What EC2 takes as the description of a security group and of its rules.

The templates' own schema has no such rule, so CloudFormation finds out when it creates the group.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.core.template_checks.cloud import Cloud, Resource
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import LITERAL, NAMES, as_text

_MOST = 255
_REFUSED = re.compile(r"[^a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]")
_ALLOWED = "ASCII letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
_BY_NAME = {"\n": "a line break", "\r": "a carriage return", "\t": "a tab"}


@dataclass(frozen=True)
class _Text:
    """What a value becomes, as far as the template tells it. What only AWS knows counts as empty text."""

    characters: str
    """Of every text that it may become."""
    length: int
    """Of the longest of them."""


def ec2_takes_descriptions(cloud: Cloud) -> Iterator[TemplateFault]:
    """Descriptions of security groups and their rules have 255 characters at most, each of EC2's own set."""
    for resource in cloud.of_type(
        "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
    ):
        for place, value in _descriptions(resource):
            text = _text(value, cloud.choices.get(resource.stack, {}))
            refused = dict.fromkeys(_REFUSED.findall(text.characters))
            if refused:
                named = ", ".join(_named(character) for character in refused)
                yield TemplateFault(
                    resource.stack, resource.name, f"EC2 refuses its {place}: it has {named}", f"use only {_ALLOWED}"
                )
            if text.length > _MOST:
                yield TemplateFault(
                    resource.stack,
                    resource.name,
                    f"EC2 refuses its {place}: it has {text.length} characters",
                    f"use {_MOST} at most",
                )


def rules_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """Rules that a security group declares: one, a list, or either branch of a condition that cannot be told."""
    match value:
        case {"Fn::If": [_, yes, no]}:
            yield from rules_of(yes)
            yield from rules_of(no)
        case Mapping():
            yield value
        case list():
            for each in value:
                yield from rules_of(each)


def _descriptions(resource: Resource) -> Iterator[tuple[str, Any]]:
    if resource.type != "AWS::EC2::SecurityGroup":
        yield "Description", resource.properties.get("Description", "")
        return
    yield "GroupDescription", resource.properties.get("GroupDescription", "")
    for key in ("SecurityGroupIngress", "SecurityGroupEgress"):
        for rule in rules_of(resource.properties.get(key, [])):
            yield f"Description in {key}", rule.get("Description", "")


def _text(value: Any, choices: Mapping[str, tuple[str, ...]]) -> _Text:
    match value:
        case {"Ref": str(name)}:
            return _any_of([_text(choice, {}) for choice in choices.get(name, ())])
        case {"Fn::If": [_, yes, no]}:
            return _any_of([_text(yes, choices), _text(no, choices)])
        case {"Fn::Join": [between, parts]}:
            return _any_of([_joined(str(between), each, choices) for each in _lists(parts)])
        case {"Fn::Sub": [str(text), Mapping() as named]}:
            inner = [_text(named.get(name, {"Ref": name}), choices) for name in NAMES.findall(text)]
            literal = LITERAL.sub(r"${\1}", NAMES.sub("", text))
            return _in_a_row([_text(literal, {}), *inner])
        case Mapping() | list() | None:
            return _Text("", 0)
        case _:
            text = as_text(value)
            return _Text(text, len(text))


def _named(character: str) -> str:
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return _BY_NAME.get(character, shown)


def _lists(parts: Any) -> Iterator[list[Any]]:
    """The lists that ``Fn::Join`` may join; none where only AWS knows them."""
    match parts:
        case list():
            yield parts
        case {"Fn::If": [_, yes, no]}:
            yield from _lists(yes)
            yield from _lists(no)


def _joined(between: str, parts: list[Any], choices: Mapping[str, tuple[str, ...]]) -> _Text:
    separators = [_text(between, {})] * (len(parts) - 1)
    return _in_a_row([*(_text(part, choices) for part in parts), *separators])


def _in_a_row(texts: list[_Text]) -> _Text:
    return _Text("".join(text.characters for text in texts), sum(text.length for text in texts))


def _any_of(texts: list[_Text]) -> _Text:
    return _Text("".join(text.characters for text in texts), max((text.length for text in texts), default=0))


CHECKS = (ec2_takes_descriptions,)
