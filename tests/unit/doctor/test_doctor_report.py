"""What the doctor found, as people and scripts read it."""

from __future__ import annotations

import json
from dataclasses import replace

from deploytool.doctor.checks import CHECKS, Report, run_checks
from deploytool.doctor.output import doctor_document, doctor_markdown, doctor_text
from tests.unit.doctor.case import DENIED
from tests.unit.doctor.healthy import HEALTHY, app, facts, scope


def text(examination: Report) -> str:
    return doctor_text(examination)


def test_every_check_has_a_line_under_the_heading_of_its_group() -> None:
    lines = text(run_checks(HEALTHY)).splitlines()

    assert "Deployment checklist" in lines
    assert "Security: network isolation" in lines
    assert [sum(line.endswith(f"({check.id})") for line in lines) for check in CHECKS] == [1] * len(CHECKS)


def test_a_failure_is_told_with_its_fix_and_before_what_cannot_be_told() -> None:
    told = text(run_checks(facts(flow_logs=(), repositories=DENIED)))

    assert "  FAIL  VPC flow logs (flow-logs)\n        vpc-1 has no active flow log\n          fix: create the" in told
    assert "  ?     ECR repository (repository)\n        cannot tell: it may not be read\n          fix: add a" in told


def test_the_last_line_counts() -> None:
    last = text(run_checks(facts(flow_logs=()), {"cdn"})).splitlines()[-1]

    assert last == "35 pass, 1 fail, 1 cannot be told; left out: cdn"


def test_a_group_is_not_told_when_all_of_it_is_left_out() -> None:
    monitoring = {"trail", "guardduty", "security-alerts"}

    assert "Security: monitoring" not in text(run_checks(HEALTHY, monitoring))
    assert "security: monitoring" not in doctor_markdown(run_checks(HEALTHY, monitoring))


def test_the_document_has_every_reason_with_its_statement() -> None:
    document = json.loads(json.dumps(doctor_document(run_checks(facts(flow_logs=DENIED)))))

    assert (document["schema"], document["kind"], document["exit_code"]) == (1, "doctor", 0)
    assert document["counts"] == {"pass": 36, "fail": 0, "unknown": 2}
    (check,) = [each for each in document["checks"] if each["id"] == "flow-logs"]
    assert check == {
        "id": "flow-logs",
        "group": "security: network isolation",
        "title": "VPC flow logs",
        "standing": "unknown",
        "reasons": [
            {
                "standing": "unknown",
                "told": "it may not be read",
                "fix": "add a statement",
                "statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*"},
            }
        ],
    }


def test_the_summary_has_a_row_for_each_check_and_below_what_to_mend() -> None:
    told = doctor_markdown(run_checks(facts(flow_logs=())))

    rows = [line for line in told.splitlines() if line.startswith(("| ✅", "| ❌", "| ❔"))]
    assert len(rows) == len(CHECKS)
    assert "| ❌ VPC flow logs | vpc\\-1 has no active flow log |" in told
    assert "- `flow-logs` vpc\\-1 has no active flow log — **fix**: create the stack network" in told


def test_nothing_is_to_be_mended_when_nothing_is_wrong() -> None:
    assert "What to mend" not in doctor_markdown(run_checks(HEALTHY, {"seed-data"}))


def test_other_peoples_names_format_and_order_nothing() -> None:
    named = scope(app="shop\x1b[31m")
    spoilt = replace(named, services=app(status="<b>@mona</b> | x\n::error::").services)
    examination = run_checks(spoilt)

    assert "\x1b" not in text(examination)
    assert "<b>" not in doctor_markdown(examination)
    assert "@mona" not in doctor_markdown(examination)
