"""What became of the stacks, for people."""

from __future__ import annotations

from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.outcome import GOOD, InfraOutcome, StackEnd, sentence
from deploytool.report.layout import columns
from deploytool.report.wording import clean, duration


def outcome_text(outcome: InfraOutcome) -> str:
    """The sentence, why, each stack, and what was retained."""
    told = [f"{clean(sentence(outcome))} ({duration(outcome.seconds)})"]
    for diagnosis in outcome.diagnoses:
        told.append(f"why: {clean(diagnosis.cause)}")
        if diagnosis.more:
            told.append(f"  AWS says: {clean(diagnosis.more)}")
        told += [f"  fix: {clean(diagnosis.fix)}"] * bool(diagnosis.fix)
    if not outcome.good or any(end.detail for end in outcome.stacks):
        told += columns([_row(end) for end in outcome.stacks])
    retained = [(end.key, each) for end in outcome.stacks for each in end.retained]
    if retained:
        told.append("retained, and yours to keep or to delete by hand:")
        told += columns(
            [(key, each.status, each.logical_id, short_type(each.type), each.physical_id) for key, each in retained]
        )
    return "\n".join(told)


def _row(end: StackEnd) -> tuple[str, ...]:
    status = end.status if end.fate not in GOOD else ""
    return (end.key, str(end.fate), status, clean(end.detail))
