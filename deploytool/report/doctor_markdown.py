"""What the doctor found, for the job summary."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.doctor.catalogue import Group
from deploytool.core.doctor.examine import Checked, Examination
from deploytool.core.doctor.finding import Standing
from deploytool.report.doctor import summary_line, worth_telling
from deploytool.report.escaping import code, prose

SIGNS = {Standing.GOOD: "✅", Standing.BAD: "❌", Standing.CANNOT_TELL: "❔"}


def doctor_markdown(examination: Examination) -> str:
    """A table per group, and below it what to mend."""
    scope = examination.scope
    parts = [f"### Doctor: {prose(scope.app)}, {prose(scope.environment)}", prose(summary_line(examination))]
    for group in Group:
        checked = [each for each in examination.checked if each.check.group is group]
        if checked:
            rows = "\n".join(_row(each) for each in checked)
            parts.append(f"| {prose(group.value)} | |\n|---|---|\n{rows}")
    mending = [line for each in examination.checked for line in _mending(each)]
    if mending:
        parts.append("#### What to mend\n\n" + "\n".join(mending))
    return "\n\n".join(parts) + "\n"


def _row(checked: Checked) -> str:
    first = (worth_telling(checked) or checked.reasons)[0]
    return f"| {SIGNS[checked.standing]} {prose(checked.check.title)} | {prose(first.told)} |"


def _mending(checked: Checked) -> Iterator[str]:
    for reason in worth_telling(checked):
        fix = f" — **fix**: {prose(reason.fix)}" if reason.fix else ""
        yield f"- {code(checked.check.id)} {prose(reason.told)}{fix}"
