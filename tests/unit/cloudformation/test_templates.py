"""The templates themselves: without fault in every situation, and of one piece."""

from __future__ import annotations

import re
from typing import Any

import pytest

from deploytool.infra.checks import find_faults
from deploytool.infra.checks.model import template_set
from deploytool.infra.intrinsics import holds, scope_of
from tests.support.cloudformation.templates import DIRECTORY, NAMES, SITUATIONS, STACKS, load

MOST_BYTES = 51_200  # what CloudFormation takes without a bucket
PREDECESSORS = {"data": {"network"}, "platform": {"network"}, "service": {"bootstrap", "network", "data", "platform"}}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_check_finds_a_fault(situation: str) -> None:
    assert [str(fault) for fault in find_faults(load(), SITUATIONS[situation])] == []


def test_each_condition_is_true_in_one_situation_and_false_in_another() -> None:
    answers: dict[tuple[str, str], set[bool | None]] = {}
    for values in SITUATIONS.values():
        for stack, document in load().items():
            scope = scope_of(document, values)
            for name in document.get("Conditions", {}):
                answers.setdefault((stack, name), set()).add(holds(name, scope))
    assert {name: found for name, found in answers.items() if found != {True, False}} == {}


def test_only_names_have_no_default() -> None:
    needed = {
        name
        for document in load().values()
        for name, declared in document["Parameters"].items()
        if "Default" not in declared
    }
    assert needed == {name for name in NAMES if not name.startswith("AWS::")}


def test_a_parameter_is_the_same_in_every_template_that_has_it() -> None:
    seen: dict[str, dict[str, Any]] = {}
    for document in load().values():
        for name, declared in document["Parameters"].items():
            assert seen.setdefault(name, declared) == declared, name


@pytest.mark.parametrize("stack", STACKS)
def test_a_template_fits_into_one_request(stack: str) -> None:
    assert len((DIRECTORY / f"{stack}.yaml").read_bytes()) <= MOST_BYTES


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_takes_values_only_from_those_before_it(stack: str) -> None:
    cloud = template_set(load(), SITUATIONS["everything"])
    sources = {cloud.exports[str(each.export)][0] for each in cloud.imports if each.stack == stack}
    assert sources <= PREDECESSORS.get(stack, set())


def test_exports_are_called_after_app_and_environment() -> None:
    cloud = template_set(load(), NAMES)
    for name, (stack, _) in cloud.exports.items():
        of_account = stack in ("bootstrap", "account")
        assert re.fullmatch(r"shop-[A-Z]\w+" if of_account else r"shop-production-[A-Z]\w+", name), name


def test_the_protected_table_is_made_when_nothing_else_can_fail() -> None:
    resources = load()["bootstrap"]["Resources"]
    ledger = resources["Ledger"]
    named = re.findall(r"\{'Ref': '(\w+)'\}", repr(ledger["Properties"]["Tags"]))
    assert ledger["Properties"]["DeletionProtectionEnabled"]
    assert {*ledger["DependsOn"], *named, "Ledger"} == set(resources)


def test_what_people_make_cannot_be_lost_with_its_stack() -> None:
    kept = {"Retain", "RetainExceptOnCreate", "Snapshot"}
    cloud = template_set(load(), NAMES)
    policies = {
        f"{each.stack}.{each.name}": each.deletion_policy for each in cloud.resources if each.deletion_policy in kept
    }
    assert policies == {
        "bootstrap.Images": "RetainExceptOnCreate",
        "bootstrap.Ledger": "RetainExceptOnCreate",
        "bootstrap.GitHub": "Retain",
        "account.Detector": "Retain",
        "account.Trail": "Retain",
        "account.TrailBucketPolicy": "Retain",
        "account.TrailBucket": "RetainExceptOnCreate",
        "data.Database": "Snapshot",
        "data.Redis": "Snapshot",
        "data.OpenAiKey": "RetainExceptOnCreate",
        "platform.Assets": "RetainExceptOnCreate",
    }
