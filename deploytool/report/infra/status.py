"""The stacks as they are, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploytool.core.stacks.shown import Shown
from deploytool.report.layout import columns
from deploytool.report.wording import clean


def status_text(environment: str, stacks: Sequence[Shown]) -> str:
    """One line for each; then the outputs that people need, and what to do about those that are not sound."""
    told = [f"stacks of {environment}:", *columns([_row(each) for each in stacks])]
    outputs = [
        (each.stack.key, output.key, output.value, clean(output.description))
        for each in stacks
        for output in each.telling
    ]
    if outputs:
        told += ["outputs:", *columns(outputs)]
    for each in stacks:
        if each.advice:
            reason = f": {clean(each.state.reason)}" if each.state and each.state.reason else ""
            told += [f"{each.stack.key} needs somebody{reason}", f"  fix: {each.advice}"]
    return "\n".join(told)


def status_document(environment: str, stacks: Sequence[Shown]) -> dict[str, Any]:
    """``deploytool infra status --output json``."""
    return {"schema": 1, "kind": "infra-status", "environment": environment, "stacks": [_entry(s) for s in stacks]}


def _row(shown: Shown) -> tuple[str, ...]:
    state = shown.state
    if state is None or not shown.is_there:
        return (shown.stack.key, "not there", "", "", shown.stack.name)
    changed = f"{state.changed_at.astimezone():%Y-%m-%d %H:%M}" if state.changed_at else ""
    return (shown.stack.key, state.status, changed, _protection(shown), state.name)


def _protection(shown: Shown) -> str:
    return " and ".join(shown.protections) or "NOT protected"


def _entry(shown: Shown) -> dict[str, Any]:
    state = shown.state
    return {
        "key": shown.stack.key,
        "name": shown.stack.name,
        "status": state.status if state else None,
        "reason": state.reason if state else "",
        "changed_at": state.changed_at.isoformat() if state and state.changed_at else None,
        "protections": list(shown.protections),
        "outputs": {each.key: each.value for each in state.outputs} if state else {},
        "advice": shown.advice,
    }
