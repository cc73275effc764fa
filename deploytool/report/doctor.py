"""What the doctor found: for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploytool.core.doctor.catalogue import Group
from deploytool.core.doctor.examine import Checked, Examination
from deploytool.core.doctor.finding import Reason, Standing
from deploytool.report.documents import SCHEMA
from deploytool.report.wording import clean

SIGNS = {Standing.GOOD: "ok  ", Standing.BAD: "FAIL", Standing.CANNOT_TELL: "?   "}
WORDS = {Standing.GOOD: "pass", Standing.BAD: "fail", Standing.CANNOT_TELL: "cannot be told"}
INDENT = " " * 8


def doctor_text(examination: Examination) -> str:
    """Every check under the heading of its group; what is good in one line, the rest with its fix."""
    scope = examination.scope
    where = f"cluster {scope.cluster}, {scope.region}, account {scope.account}"
    parts = [clean(f"{scope.app}, {scope.environment}: {where}")]
    for group in Group:
        checked = [each for each in examination.checked if each.check.group is group]
        if checked:
            parts.append("\n".join([_heading(group), *(line for each in checked for line in _lines(each))]))
    return "\n\n".join([*parts, summary_line(examination)]) + "\n"


def summary_line(examination: Examination) -> str:
    """How many checks stand how."""
    told = ", ".join(f"{number} {WORDS[standing]}" for standing, number in examination.counts.items())
    return told + (f"; left out: {', '.join(examination.left_out)}" if examination.left_out else "")


def _heading(group: Group) -> str:
    return group.value[0].upper() + group.value[1:]


def _lines(checked: Checked) -> Iterator[str]:
    yield f"  {SIGNS[checked.standing]}  {checked.check.title} ({checked.check.id})"
    if checked.standing is Standing.GOOD:
        yield from (f"{INDENT}{clean(reason.told)}" for reason in checked.reasons[:1])
    for reason in worth_telling(checked):
        yield f"{INDENT}{'cannot tell: ' if reason.standing is Standing.CANNOT_TELL else ''}{clean(reason.told)}"
        if reason.fix:
            yield f"{INDENT}  fix: {clean(reason.fix)}"


def worth_telling(checked: Checked) -> tuple[Reason, ...]:
    """What is not good, the failures first."""
    return tuple(
        reason
        for standing in (Standing.BAD, Standing.CANNOT_TELL)
        for reason in checked.reasons
        if reason.standing is standing
    )


def doctor_document(examination: Examination) -> dict[str, Any]:
    """``deploytool doctor --output json``."""
    scope = examination.scope
    return {
        "schema": SCHEMA,
        "kind": "doctor",
        "app": scope.app,
        "environment": scope.environment,
        "account": scope.account,
        "region": scope.region,
        "cluster": scope.cluster,
        "at": scope.now.isoformat(),
        "exit_code": int(examination.exit_code),
        "counts": {standing.value: number for standing, number in examination.counts.items()},
        "left_out": list(examination.left_out),
        "checks": [_check(each) for each in examination.checked],
    }


def _check(checked: Checked) -> dict[str, Any]:
    return {
        "id": checked.check.id,
        "group": checked.check.group.value,
        "title": checked.check.title,
        "standing": checked.standing.value,
        "reasons": [_reason(each) for each in checked.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "standing": reason.standing.value,
        "told": reason.told,
        "fix": reason.fix,
        "statement": dict(reason.statement) if reason.statement else None,
    }
