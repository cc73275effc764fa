"""What cfn-lint and checkov say of the templates, and of the faults planted into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cloudformation.faults import ALL
from tests.support.cloudformation.templates import STACKS
from tests.support.cloudformation.verdicts import Judgement, judge


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    return judge(ALL, Path(tmp_path_factory.mktemp("templates")))


@pytest.mark.parametrize("stack", STACKS)
def test_the_tools_find_nothing_in_a_template_but_what_is_allowed_with_a_reason(
    stack: str, judgement: Judgement
) -> None:
    assert judgement.clean[stack] == []


def test_nothing_is_allowed_that_is_not_found(judgement: Judgement) -> None:
    assert judgement.never_found == []


@pytest.mark.parametrize(
    "number", [number for number, fault in enumerate(ALL) if not fault.is_ours], ids=lambda number: ALL[number].name
)
def test_a_planted_fault_is_found_by_the_rule_that_is_for_it(number: int, judgement: Judgement) -> None:
    (verdict,) = [each for each in judgement.verdicts if each.fault is ALL[number]]
    assert verdict.caught, f"found instead: {verdict.new}"


def test_every_planted_fault_has_a_verdict(judgement: Judgement) -> None:
    assert {each.fault for each in judgement.verdicts} == set(ALL)
