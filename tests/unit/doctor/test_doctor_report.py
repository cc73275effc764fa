"""The report of the doctor, for people and scripts."""

from __future__ import annotations

import json
from dataclasses import replace

from deploytool.doctor.checks import CHECKS, run_checks
from deploytool.doctor.output import doctor_document, doctor_markdown, doctor_text
from deploytool.doctor.result import Reason, Status
from tests.unit.doctor.case import DENIED
from tests.unit.doctor.healthy import HEALTHY, app, facts, scope


def test_every_check_has_a_line_under_the_heading_of_its_group() -> None:
    lines = doctor_text(run_checks(HEALTHY)).splitlines()

    assert "Deployment checklist" in lines
    assert "Security: network isolation" in lines
    assert [sum(line.endswith(f"({check.id})") for line in lines) for check in CHECKS] == [1] * len(CHECKS)


def test_each_problem_is_shown_with_its_fix() -> None:
    report = doctor_text(run_checks(facts(flow_logs=(), repositories=DENIED)))

    assert (
        "  FAIL  VPC flow logs (flow-logs)\n        vpc-1 has no active flow log\n          fix: create the" in report
    )
    assert "  ?     ECR repository (repository)\n        unknown: access denied\n          fix: add a" in report


def test_the_last_line_counts() -> None:
    last = doctor_text(run_checks(facts(flow_logs=()), {"cdn"})).splitlines()[-1]

    assert last == "35 pass, 1 fail, 1 unknown; left out: cdn"


def test_a_group_is_not_shown_when_all_its_checks_are_skipped() -> None:
    monitoring = {"trail", "guardduty", "security-alerts"}

    assert "Security: monitoring" not in doctor_text(run_checks(HEALTHY, monitoring))
    assert "security: monitoring" not in doctor_markdown(run_checks(HEALTHY, monitoring))


def test_the_document_has_every_reason_with_its_statement() -> None:
    document = json.loads(json.dumps(doctor_document(run_checks(facts(flow_logs=DENIED)))))

    assert (document["schema"], document["kind"], document["exit_code"]) == (1, "doctor", 0)
    assert document["counts"] == {"pass": 36, "fail": 0, "unknown": 2}
    (check,) = [item for item in document["checks"] if item["id"] == "flow-logs"]
    assert check == {
        "id": "flow-logs",
        "group": "security: network isolation",
        "title": "VPC flow logs",
        "status": "unknown",
        "reasons": [
            {
                "status": "unknown",
                "message": "access denied",
                "fix": "add a statement",
                "statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*"},
            }
        ],
    }


def test_the_summary_has_a_row_for_each_check_and_the_fixes_below() -> None:
    report = doctor_markdown(run_checks(facts(flow_logs=())))

    rows = [line for line in report.splitlines() if line.startswith(("| ✅", "| ❌", "| ❔"))]
    assert len(rows) == len(CHECKS)
    assert "| ❌ VPC flow logs | vpc\\-1 has no active flow log |" in report
    assert "- `flow-logs` vpc\\-1 has no active flow log — **fix**: create the stack network" in report


def test_the_summary_has_no_fixes_when_every_check_passes() -> None:
    assert "What to fix" not in doctor_markdown(run_checks(HEALTHY, {"seed-data"}))


def test_other_peoples_names_format_and_order_nothing() -> None:
    named = scope(app="shop\x1b[31m")
    hostile = replace(named, services=app(status="<b>@mona</b> | x\n::error::").services)
    report = run_checks(hostile)

    assert "\x1b" not in doctor_text(report)
    assert "<b>" not in doctor_markdown(report)
    assert "@mona" not in doctor_markdown(report)


def test_a_reason_without_a_fix_is_told_alone() -> None:
    (check,) = (result for result in run_checks(HEALTHY).results if result.check.id == "vpc")
    bare = replace(run_checks(HEALTHY), results=(replace(check, reasons=(Reason(Status.FAIL, "it is gone", ""),)),))
    shown = doctor_text(bare)
    assert "  FAIL  VPC and subnets (vpc)\n        it is gone\n" in f"{shown}\n"
    assert "fix:" not in shown
