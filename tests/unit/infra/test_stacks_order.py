from __future__ import annotations

import pytest

from deploytool.cli.options import KEYS
from deploytool.infra.stacks import StackNameInvalid, in_deletion_order, only, stacks_of, tags_of

STACKS = stacks_of("shop", "production")


def test_every_stack_comes_after_those_that_it_needs() -> None:
    keys = [stack.key for stack in STACKS]
    assert keys == ["bootstrap", "account", "network", "data", "platform", "service"]
    assert all(keys.index(need) < keys.index(stack.key) for stack in STACKS for need in stack.needs)
    assert {stack.key: stack.needs for stack in STACKS if stack.needs} == {
        "data": ("network",),
        "platform": ("network",),
        "service": ("bootstrap", "data", "platform"),
    }


def test_the_command_line_knows_every_stack() -> None:
    assert [stack.key for stack in STACKS] == list(KEYS)


def test_names_tell_the_environment_but_for_what_the_account_has_once() -> None:
    assert [stack.name for stack in STACKS] == [
        "shop-bootstrap",
        "shop-account",
        "shop-production-network",
        "shop-production-data",
        "shop-production-platform",
        "shop-production-service",
    ]
    assert [stack.key for stack in STACKS if stack.of_account] == ["bootstrap", "account"]
    assert [stack.key for stack in STACKS if stack.runs_images] == ["service"]


@pytest.mark.parametrize(("app", "environment"), [("my_shop", "production"), ("1shop", "x"), ("shop", "eu.west")])
def test_a_name_that_cloudformation_does_not_take_is_refused(app: str, environment: str) -> None:
    with pytest.raises(StackNameInvalid, match="cannot be the name"):
        stacks_of(app, environment)


def test_what_is_left_out_is_taken_as_there_when_only_some_are_named() -> None:
    some = only(STACKS, ["data", "service"])
    assert {stack.key: stack.needs for stack in some} == {"data": (), "service": ("data",)}


def test_all_are_meant_when_none_is_named() -> None:
    assert only(STACKS, ()) == STACKS


def test_a_stack_is_deleted_after_those_that_need_it() -> None:
    found = in_deletion_order(STACKS)
    assert [stack.key for stack in found] == ["service", "platform", "data", "network", "account", "bootstrap"]
    assert {stack.key: stack.needs for stack in found if stack.needs} == {
        "platform": ("service",),
        "data": ("service",),
        "network": ("data", "platform"),
        "bootstrap": ("service",),
    }


def test_tags_name_the_environment_but_for_what_the_account_has_once() -> None:
    assert tags_of(STACKS[0], "shop", "production") == {"app": "shop", "managed-by": "deploytool"}
    assert tags_of(STACKS[2], "shop", "production")["environment"] == "production"
