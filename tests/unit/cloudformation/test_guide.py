"""Every row of the guide's service table, checklist and security list has its resource, with what matters of it."""

from __future__ import annotations

import pytest

from tests.unit.cloudformation.guide import Row
from tests.unit.cloudformation.guide_checklist import CHECKLIST
from tests.unit.cloudformation.guide_security import SECURITY
from tests.unit.cloudformation.guide_services import SERVICES

ROWS = (*SERVICES, *CHECKLIST, *SECURITY)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_a_row_of_the_guide_has_its_resources(row: Row) -> None:
    assert row.holds(row.cloud)


@pytest.mark.parametrize(
    ("row", "needed"),
    [pytest.param(row, needed, id=f"{row.says}: {needed}") for row in ROWS for needed in row.needs],
)
def test_a_row_does_not_hold_when_one_of_its_resources_is_forgotten(row: Row, needed: str) -> None:
    assert not row.holds(row.without(needed))


def test_no_row_is_left_out() -> None:
    groups = {row.says.partition(":")[0] for row in SECURITY}
    assert (len(SERVICES), len(CHECKLIST), len(groups), len(SECURITY)) == (11, 18, 5, 15)
