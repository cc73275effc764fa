"""What the doctor found: for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict

from deploytool.doctor.checks import CheckResult, Group, Report
from deploytool.doctor.result import Reason, Status
from deploytool.output.documents import Envelope, Moment
from deploytool.output.json import moment
from deploytool.output.markup import clean, code, prose

# SEG report.doctor
# What the doctor found: for a terminal, and as JSON.

SIGNS = {Status.PASS: "ok  ", Status.FAIL: "FAIL", Status.UNKNOWN: "?   "}
WORDS = {Status.PASS: "pass", Status.FAIL: "fail", Status.UNKNOWN: "cannot be told"}
INDENT = " " * 8


def doctor_text(examination: Report) -> str:
    """Every check under the heading of its group; what is good in one line, the rest with its fix."""
    scope = examination.scope
    where = f"cluster {scope.cluster}, {scope.region}, account {scope.account}"
    parts = [clean(f"{scope.app}, {scope.environment}: {where}")]
    for group in Group:
        checked = [each for each in examination.checked if each.check.group is group]
        if checked:
            parts.append("\n".join([_heading(group), *(line for each in checked for line in _lines(each))]))
    return "\n\n".join([*parts, summary_line(examination)]) + "\n"


def summary_line(examination: Report) -> str:
    """How many checks stand how."""
    told = ", ".join(f"{number} {WORDS[standing]}" for standing, number in examination.counts.items())
    return told + (f"; left out: {', '.join(examination.left_out)}" if examination.left_out else "")


def _heading(group: Group) -> str:
    return group.value[0].upper() + group.value[1:]


def _lines(checked: CheckResult) -> Iterator[str]:
    yield f"  {SIGNS[checked.status]}  {checked.check.title} ({checked.check.id})"
    if checked.status is Status.PASS:
        yield from (f"{INDENT}{clean(reason.message)}" for reason in checked.reasons[:1])
    for reason in is_worth_showing(checked):
        yield f"{INDENT}{'cannot tell: ' if reason.status is Status.UNKNOWN else ''}{clean(reason.message)}"
        if reason.fix:
            yield f"{INDENT}  fix: {clean(reason.fix)}"


def is_worth_showing(checked: CheckResult) -> tuple[Reason, ...]:
    """What is not good, the failures first."""
    return tuple(
        reason for standing in (Status.FAIL, Status.UNKNOWN) for reason in checked.reasons if reason.status is standing
    )


class ReasonEntry(TypedDict):
    """What was found; ``statement`` is the IAM policy statement that is missing, where one is."""

    status: Status
    message: str
    fix: str
    statement: dict[str, str] | None


class CheckEntry(TypedDict):
    """A check and its reasons."""

    id: str
    group: Group
    title: str
    status: Status
    reasons: list[ReasonEntry]


class DoctorDocument(Envelope):
    """``doctor``; exit code 3 and ``problems`` where a check fails."""

    kind: Literal["doctor"]
    app: str
    environment: str
    account: str
    region: str
    cluster: str
    checked_at: Moment
    counts: dict[str, int]
    skipped: list[str]
    checks: list[CheckEntry]


def doctor_document(examination: Report) -> DoctorDocument:
    """``deploytool doctor --output json``."""
    scope = examination.scope
    return {
        "schema": 1,
        "kind": "doctor",
        "exit_code": int(examination.exit_code),
        "problems": [
            {"code": checked.check.id, "cause": reason.message, "fix": reason.fix}
            for checked in examination.checked
            for reason in checked.reasons
            if reason.status is Status.FAIL
        ],
        "app": scope.app,
        "environment": scope.environment,
        "account": scope.account,
        "region": scope.region,
        "cluster": scope.cluster,
        "checked_at": moment(scope.now),
        "counts": {status.value: number for status, number in examination.counts.items()},
        "skipped": list(examination.left_out),
        "checks": [_check(each) for each in examination.checked],
    }


def _check(checked: CheckResult) -> CheckEntry:
    return {
        "id": checked.check.id,
        "group": checked.check.group,
        "title": checked.check.title,
        "status": checked.status,
        "reasons": [_reason(each) for each in checked.reasons],
    }


def _reason(reason: Reason) -> ReasonEntry:
    return {
        "status": reason.status,
        "message": reason.message,
        "fix": reason.fix,
        "statement": dict(reason.statement) if reason.statement else None,
    }


# SEG report.doctor_markdown
# What the doctor found, for the job summary.

MARKDOWN_SIGNS = {Status.PASS: "✅", Status.FAIL: "❌", Status.UNKNOWN: "❔"}


def doctor_markdown(examination: Report) -> str:
    """A table per group, and below it what to mend."""
    scope = examination.scope
    parts = [f"### Doctor: {prose(scope.app)}, {prose(scope.environment)}", prose(summary_line(examination))]
    for group in Group:
        checked = [each for each in examination.checked if each.check.group is group]
        if checked:
            rows = "\n".join(_row(each) for each in checked)
            parts.append(f"| {prose(group.value)} | |\n|---|---|\n{rows}")
    mending = [line for each in examination.checked for line in _fixes(each)]
    if mending:
        parts.append("#### What to mend\n\n" + "\n".join(mending))
    return "\n\n".join(parts) + "\n"


def _row(checked: CheckResult) -> str:
    first = (is_worth_showing(checked) or checked.reasons)[0]
    return f"| {MARKDOWN_SIGNS[checked.status]} {prose(checked.check.title)} | {prose(first.message)} |"


def _fixes(checked: CheckResult) -> Iterator[str]:
    for reason in is_worth_showing(checked):
        fix = f" — **fix**: {prose(reason.fix)}" if reason.fix else ""
        yield f"- {code(checked.check.id)} {prose(reason.message)}{fix}"
