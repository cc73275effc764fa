"""Templates that are not ours may say anything in any place: what is found is told, and nothing stops."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from deploytool.infra.checks import find_faults, template_problems
from tests.support.cloudformation.templates import SITUATIONS, load

VALUES: tuple[Any, ...] = (
    None, "", "text", 7, True, [], ["a"], {}, {"Ref": "Nobody"}, {"Fn::If": ["No", "a", "b"]},
    [{"Fn::If": ["No", {}, []]}], {"Fn::GetAtt": ["Nobody", "Arn"]}, {"Fn::GetAtt": "Nobody.Arn"},
    {"Fn::Sub": "${Nobody}"}, {"Fn::Sub": ["${a}", {"a": 1}]}, {"Fn::Join": [",", {"Ref": "Nobody"}]},
    {"Fn::Select": [9, []]}, {"Fn::FindInMap": ["No", "a", "b"]}, {"Fn::ImportValue": {"Ref": "Nobody"}},
    {"Fn::Transform": {"Name": "AWS::Include"}},
)  # fmt: skip
ROUNDS = 10


def places(part: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else []
    return [place for key in keys for place in ((part, key), *places(part[key]))]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("situation", SITUATIONS)
def test_nothing_stops_whatever_a_template_says(situation: str, seed: int) -> None:
    chance = random.Random(f"{situation} {seed}")
    whole = load()
    for _ in range(ROUNDS):
        templates = copy.deepcopy(whole)
        for _ in range(chance.randint(1, 12)):
            stack = chance.choice(sorted(templates))
            resources = templates[stack]["Resources"]
            container, key = chance.choice(places(resources))
            container[key] = copy.deepcopy(chance.choice(VALUES))
        assert all(isinstance(text, str) for text in template_problems(templates, SITUATIONS[situation]))


def test_each_fault_is_told_when_every_check_can_read_the_templates() -> None:
    templates = load()
    templates["data"]["Resources"]["DatabaseIsBusy"]["Properties"]["AlarmActions"] = []
    found = find_faults(templates, SITUATIONS["nothing but names"])
    assert template_problems(templates, SITUATIONS["nothing but names"]) == tuple(map(str, found))
    assert [fault.resource for fault in found] == ["DatabaseIsBusy"]


def test_a_check_that_cannot_read_a_template_is_named_and_the_others_are_made() -> None:
    templates = load()
    templates["data"]["Resources"]["DatabaseIsBusy"]["Properties"]["AlarmActions"] = []
    templates["platform"]["Resources"]["AssetsPolicy"]["Properties"]["PolicyDocument"] = "text"
    one, other = template_problems(templates, SITUATIONS["nothing but names"])
    assert one.startswith("data.DatabaseIsBusy: the alarm notifies no one")
    assert other == "these checks could not read the templates: bucket_not_public"


def test_no_check_is_made_when_the_templates_cannot_be_read_at_all() -> None:
    templates = load()
    templates["data"]["Parameters"]["App"] = "text"
    assert template_problems(templates, {}) == ("the templates were not checked: their structure is unknown",)
