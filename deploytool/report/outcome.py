"""What a release came to, as the last block of text a person reads."""

from __future__ import annotations

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.outcome import Outcome
from deploytool.report.layout import columns
from deploytool.report.serving import Serving, serving
from deploytool.report.wording import blamed, clean, cleaned, duration

LOG_LINES = 50


def outcome_text(outcome: Outcome) -> str:
    """The outcome for a person, ending with a newline: sentence, services, reasons, times."""
    parts: list[tuple[str, ...]] = [
        (f"{'✓' if outcome.good else '✗'} {clean(outcome.sentence)}",),
        _services(serving(outcome)),
        *(_reason(diagnosis) for diagnosis in outcome.diagnoses),
        _times(outcome),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _services(rows: tuple[Serving, ...]) -> tuple[str, ...]:
    if not rows:
        return ()
    table: list[tuple[str, ...]] = [
        ("service", "status", "before", "serves now", "version"),
        *((row.key, row.status, row.before, row.now, row.version) for row in rows),
    ]
    if all(row.before == row.now for row in rows):
        # What serves is what served before: said once, it fits a terminal of 80 columns.
        table = [(key, status, now, version) for key, status, _, now, version in table]
    return columns(table)


def _reason(diagnosis: Diagnosis) -> tuple[str, ...]:
    about = f"{subject}: " if (subject := blamed(diagnosis)) else ""
    told = [f"Why: {about}{clean(diagnosis.cause)}"]
    if diagnosis.fix:
        told.append(f"Fix: {clean(diagnosis.fix)}")
    if diagnosis.more:
        told.extend(f"{diagnosis.quoted} says: {line}" for line in cleaned([diagnosis.more]))
    if lines := cleaned(diagnosis.log)[-LOG_LINES:]:
        told.append("Last lines of its log:")
        told.extend(f"  | {line}".rstrip() for line in lines)
    return tuple(told)


def _times(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.timings:
        return ()
    steps = ", ".join(f"{timing.step} {duration(timing.seconds)}" for timing in outcome.timings)
    return (f"Took {duration(outcome.seconds)}: {steps}",)
