"""The report of the doctor: text, JSON, and Markdown for the job summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict

from deploytool.doctor.checks import CheckResult, Group, Report
from deploytool.doctor.result import Reason, Status
from deploytool.output.documents import Envelope, Moment
from deploytool.output.json import moment
from deploytool.output.markup import clean, code, prose

SIGNS = {Status.PASS: "ok  ", Status.FAIL: "FAIL", Status.UNKNOWN: "?   "}
MARKDOWN_SIGNS = {Status.PASS: "✅", Status.FAIL: "❌", Status.UNKNOWN: "❔"}
WORDS = {Status.PASS: "pass", Status.FAIL: "fail", Status.UNKNOWN: "unknown"}
INDENT = " " * 8


def doctor_text(report: Report) -> str:
    """Every check under the heading of its group: one line where it passes, else each problem with its fix."""
    scope = report.scope
    heading = f"{scope.app}, {scope.environment}: cluster {scope.cluster}, {scope.region}, account {scope.account}"
    parts = [clean(heading)]
    for group, results in _by_group(report):
        title = group.value[0].upper() + group.value[1:]
        parts.append("\n".join([title, *(line for result in results for line in _lines(result))]))
    return "\n\n".join([*parts, summary_line(report)]) + "\n"


def summary_line(report: Report) -> str:
    counts = ", ".join(f"{number} {WORDS[status]}" for status, number in report.counts.items())
    return counts + (f"; left out: {', '.join(report.left_out)}" if report.left_out else "")


def _by_group(report: Report) -> Iterator[tuple[Group, list[CheckResult]]]:
    for group in Group:
        if results := [result for result in report.results if result.check.group is group]:
            yield group, results


def _lines(result: CheckResult) -> Iterator[str]:
    yield f"  {SIGNS[result.status]}  {result.check.title} ({result.check.id})"
    if result.status is Status.PASS:
        yield f"{INDENT}{clean(result.reasons[0].message)}"
    for reason in problems(result):
        yield f"{INDENT}{'unknown: ' if reason.status is Status.UNKNOWN else ''}{clean(reason.message)}"
        if reason.fix:
            yield f"{INDENT}  fix: {clean(reason.fix)}"


def problems(result: CheckResult) -> tuple[Reason, ...]:
    """Failures first, then what is unknown."""
    return tuple(
        reason for status in (Status.FAIL, Status.UNKNOWN) for reason in result.reasons if reason.status is status
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


def doctor_document(report: Report) -> DoctorDocument:
    """``deploytool doctor --output json``."""
    scope = report.scope
    return {
        "schema": 1,
        "kind": "doctor",
        "exit_code": int(report.exit_code),
        "problems": [
            {"code": result.check.id, "cause": reason.message, "fix": reason.fix}
            for result in report.results
            for reason in result.reasons
            if reason.status is Status.FAIL
        ],
        "app": scope.app,
        "environment": scope.environment,
        "account": scope.account,
        "region": scope.region,
        "cluster": scope.cluster,
        "checked_at": moment(scope.now),
        "counts": {status.value: number for status, number in report.counts.items()},
        "skipped": list(report.left_out),
        "checks": [_check(result) for result in report.results],
    }


def _check(result: CheckResult) -> CheckEntry:
    return {
        "id": result.check.id,
        "group": result.check.group,
        "title": result.check.title,
        "status": result.status,
        "reasons": [_reason(reason) for reason in result.reasons],
    }


def _reason(reason: Reason) -> ReasonEntry:
    return {
        "status": reason.status,
        "message": reason.message,
        "fix": reason.fix,
        "statement": dict(reason.statement) if reason.statement else None,
    }


def doctor_markdown(report: Report) -> str:
    """A table per group, and below it what to fix."""
    scope = report.scope
    parts = [f"### Doctor: {prose(scope.app)}, {prose(scope.environment)}", prose(summary_line(report))]
    for group, results in _by_group(report):
        rows = "\n".join(_row(result) for result in results)
        parts.append(f"| {prose(group.value)} | |\n|---|---|\n{rows}")
    fixes = [line for result in report.results for line in _fixes(result)]
    if fixes:
        parts.append("#### What to fix\n\n" + "\n".join(fixes))
    return "\n\n".join(parts) + "\n"


def _row(result: CheckResult) -> str:
    first = (problems(result) or result.reasons)[0]
    return f"| {MARKDOWN_SIGNS[result.status]} {prose(result.check.title)} | {prose(first.message)} |"


def _fixes(result: CheckResult) -> Iterator[str]:
    for reason in problems(result):
        fix = f" — **fix**: {prose(reason.fix)}" if reason.fix else ""
        yield f"- {code(result.check.id)} {prose(reason.message)}{fix}"
