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
def test_a_check_gives_its_status_and_message_when(case: Case) -> None:
    result = judged(case.check, case.facts)

    messages = [reason.message for reason in result.reasons if reason.status is case.status]
    assert result.status is case.status, result.reasons
    assert any(case.message in message for message in messages), messages


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_passes_when_the_account_is_healthy(check: object) -> None:
    result = judged(getattr(check, "id", ""), HEALTHY)

    assert result.status is (Status.UNKNOWN if result.check.id == "seed-data" else Status.PASS), result.reasons


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.situation.replace(" ", "_"))
def test_every_problem_has_a_fix_when(case: Case) -> None:
    result = judged(case.check, case.facts)

    assert [reason for reason in result.reasons if reason.status is not Status.PASS and not reason.fix] == []


def test_every_check_but_the_seed_data_can_fail() -> None:
    failing = {case.check for case in CASES if case.status is Status.FAIL}

    assert {check.id for check in CHECKS} - failing == {"seed-data"}


def test_the_catalog_has_every_item_of_the_guide() -> None:
    sizes = [sum(check.group is group for check in CHECKS) for group in Group]

    assert sizes == [18, 3, 3, 3, 3, 3, 5]
    assert len({check.id for check in CHECKS}) == len(CHECKS)


def test_other_parts_of_a_check_run_when_one_fact_is_unavailable() -> None:
    result = judged("services", facts(cluster=DENIED))

    assert [reason.status for reason in result.reasons if reason.message.startswith("app")] != []
    assert result.status is Status.UNKNOWN


def test_a_reason_is_reported_once_when_several_parts_give_it() -> None:
    result = judged("services", facts(services=DENIED))

    assert [reason.message for reason in result.reasons].count("access denied") == 1
    assert result.reasons[-1].statement == DENIED.statement


def test_the_exit_code_is_3_when_a_check_fails_and_0_when_some_are_unknown() -> None:
    assert run_checks(facts(flow_logs=())).exit_code is Exit.PRECONDITION_FAILED
    assert run_checks(facts(flow_logs=DENIED)).exit_code is Exit.OK
    assert run_checks(facts(flow_logs=()), {"flow-logs"}).exit_code is Exit.OK


def test_skipped_checks_do_not_run_and_are_listed() -> None:
    report = run_checks(HEALTHY, {"cdn", "dns"})

    assert report.left_out == ("cdn", "dns")
    assert sum(report.counts.values()) == len(CHECKS) - 2
