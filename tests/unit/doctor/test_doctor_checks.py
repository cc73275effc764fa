"""Each check, in every situation that it tells apart."""

from __future__ import annotations

import pytest

from deploytool.doctor.checks import CHECKS, Group, run_checks
from deploytool.doctor.result import Status
from deploytool.errors import Exit
from tests.unit.doctor.case import DENIED, Case
from tests.unit.doctor.cases_account import ACCOUNT_CASES
from tests.unit.doctor.cases_edge import EDGE_CASES
from tests.unit.doctor.cases_github import GITHUB_CASES
from tests.unit.doctor.cases_network import NETWORK_CASES
from tests.unit.doctor.cases_services import SERVICE_CASES
from tests.unit.doctor.cases_stores import STORE_CASES
from tests.unit.doctor.healthy import HEALTHY, facts, judged

CASES = (*NETWORK_CASES, *STORE_CASES, *SERVICE_CASES, *EDGE_CASES, *ACCOUNT_CASES, *GITHUB_CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.situation.replace(" ", "_"))
def test_a_check_comes_out_as_it_should_when(case: Case) -> None:
    found = judged(case.check, case.facts)

    said = [reason.message for reason in found.reasons if reason.status is case.status]
    assert found.status is case.status, found.reasons
    assert any(case.says in told for told in said), said


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_passes_when_the_account_is_as_it_should_be(check: object) -> None:
    found = judged(getattr(check, "id", ""), HEALTHY)

    wanted = Status.UNKNOWN if found.check.id == "seed-data" else Status.PASS
    assert found.status is wanted, found.reasons


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.situation.replace(" ", "_"))
def test_whatever_is_not_good_comes_with_its_fix(case: Case) -> None:
    found = judged(case.check, case.facts)

    assert [reason for reason in found.reasons if reason.status is not Status.PASS and not reason.fix] == []


def test_every_check_can_fail_or_says_why_it_never_does() -> None:
    failing = {case.check for case in CASES if case.status is Status.FAIL}

    assert {check.id for check in CHECKS} - failing == {"seed-data"}


def test_the_guides_items_are_all_there() -> None:
    sizes = [sum(check.group is group for check in CHECKS) for group in Group]

    assert sizes == [18, 3, 3, 3, 3, 3, 5]
    assert len({check.id for check in CHECKS}) == len(CHECKS)


def test_one_fact_that_may_not_be_read_hides_no_other_part_of_a_check() -> None:
    found = judged("services", facts(cluster=DENIED))

    assert [reason.status for reason in found.reasons if reason.message.startswith("app")] != []
    assert found.status is Status.UNKNOWN


def test_the_same_reason_is_told_once_when_several_parts_cannot_see_for_it() -> None:
    found = judged("services", facts(services=DENIED))

    assert [reason.message for reason in found.reasons].count("it may not be read") == 1
    assert found.reasons[-1].statement == DENIED.statement


def test_it_is_refused_when_a_check_fails_and_done_when_some_cannot_be_told() -> None:
    assert run_checks(facts(flow_logs=())).exit_code is Exit.PRECONDITION_FAILED
    assert run_checks(facts(flow_logs=DENIED)).exit_code is Exit.OK
    assert run_checks(facts(flow_logs=()), {"flow-logs"}).exit_code is Exit.OK


def test_what_is_left_out_is_not_judged_and_is_told() -> None:
    found = run_checks(HEALTHY, {"cdn", "dns"})

    assert found.left_out == ("cdn", "dns")
    assert sum(found.counts.values()) == len(CHECKS) - 2
