"""Each check of ours sees the faults that it is for. What the tools see is tested in tests/cloudformation."""

from __future__ import annotations

import pytest

from deploytool.infra.checks import CHECKS
from deploytool.infra.checks.model import template_set
from tests.support.cloudformation.faults import ALL
from tests.support.cloudformation.faults.planted import Planted
from tests.support.cloudformation.templates import SITUATIONS

OURS = [fault for fault in ALL if fault.is_ours]
_BY_NAME = {check.__name__: check for check in CHECKS}


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: f"{fault.stack}: {fault.name}")
def test_a_planted_fault_is_seen_by_the_check_that_is_for_it(fault: Planted) -> None:
    documents = fault.templates()
    check = _BY_NAME[fault.caught_by]
    found = [each for values in SITUATIONS.values() for each in check(template_set(documents, values))]
    assert found
    assert all(each.cause and each.fix for each in found)


def test_every_check_has_a_fault_that_proves_it_bites() -> None:
    assert set(_BY_NAME) == {fault.caught_by for fault in OURS}


def test_the_37_and_at_least_ten_of_our_own_are_planted() -> None:
    assert sum(fault.of_the_list for fault in ALL) == 37
    assert sum(not fault.of_the_list for fault in ALL) >= 10
    assert len({(fault.stack, fault.name) for fault in ALL}) == len(ALL)
