"""Plans, outcomes, drift and status of stacks, as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from deploytool.infra.destroy import DestroyPlan, deletion_result
from deploytool.infra.drift_model import StackDrift
from deploytool.infra.events import SUCCEEDED, InfraOutcome, StackResult, infra_summary
from deploytool.infra.plan import InfraPlan, StackAction, StackPlan, StackSummary
from deploytool.infra.stacks import Action, PropertyChange, ResourceChange, short_type
from deploytool.infra.templates import Template
from deploytool.output.markup import clean, columns, count, duration, image_version, words


def destroy_text(plan: DestroyPlan, templates: Mapping[str, Template]) -> str:
    """The stacks in the order of their deletion, and what happens to resources that hold data."""
    lines = [f"{plan.app} in {plan.environment}:"]
    for deletion in plan.to_delete:
        lines.append(f"  delete  {deletion.stack.name}: {count(len(deletion.held), 'resource')}")
        rows = [
            (resource.logical_id, short_type(resource.type), result, clean(resource.physical_id))
            for resource in deletion.held
            if (result := deletion_result(resource, templates[deletion.stack.key]))
        ]
        lines += columns(rows, indent="            ")
    lines += [f"  keep    {kept.stack.name}: {kept.why}" for kept in plan.to_keep]
    if not plan.to_delete:
        lines.append("  nothing to delete")
    for problem in plan.problems:
        lines += [f"refused: {clean(problem.cause)}", f"  fix: {clean(problem.fix)}"]
    return "\n".join(lines)


LONGEST = 60
"""Characters of a value."""


def drift_text(environment: str, stacks: Sequence[StackDrift]) -> str:
    """Each stack, each resource that differs, each property."""
    if not stacks:
        return f"{environment} has no stacks"
    return "\n".join(line for stack in stacks for line in _drifted_stack(stack))


def _drifted_stack(stack: StackDrift) -> Iterator[str]:
    if stack.failed and not stack.resources:
        yield f"{stack.key}: unknown: {clean(stack.failed)}"
        return
    yield f"{stack.key}: {'DRIFTED' if stack.drifted else 'up to date'}"
    if stack.failed:
        yield f"  {clean(stack.failed)}"
    for each in stack.resources:
        by_design = " (expected: releases and autoscaling change it)" if each.by_design else ""
        yield f"  {each.logical_id} ({short_type(each.type)}) {each.status.lower()}{by_design}"
        for difference in each.differences:
            expected, actual = (_drift_value(text) for text in (difference.expected, difference.actual))
            change = f"{expected or '(none)'} → {actual}" if actual else f"{expected} removed"
            yield f"    {difference.path}: {change}"


def _drift_value(text: str) -> str:
    shown = "" if text == "null" else clean(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def infra_outcome_text(outcome: InfraOutcome) -> str:
    """The sentence, why, each stack, and what was retained."""
    lines = [f"{clean(infra_summary(outcome))} ({duration(outcome.seconds)})"]
    for diagnosis in outcome.diagnoses:
        lines.append(f"cause: {clean(diagnosis.cause)}")
        lines += [f"  AWS says: {clean(diagnosis.more)}"] * bool(diagnosis.more)
        lines += [f"  fix: {clean(diagnosis.fix)}"] * bool(diagnosis.fix)
    if not outcome.succeeded or any(end.detail for end in outcome.stacks):
        lines += columns([_outcome_row(end) for end in outcome.stacks])
    retained = [
        (end.key, resource.status, resource.logical_id, short_type(resource.type), resource.physical_id)
        for end in outcome.stacks
        for resource in end.retained
    ]
    if retained:
        lines += ["retained; keep it, or delete it manually:", *columns(retained)]
    return "\n".join(lines)


def _outcome_row(end: StackResult) -> tuple[str, ...]:
    status = end.status if end.outcome not in SUCCEEDED else ""
    return (end.key, words(end.outcome), status, clean(end.detail))


SIGNS = {
    Action.ADD: "+",
    Action.IMPORT: "<",
    Action.CHANGE: "~",
    Action.REPLACE: "±",
    Action.MAY_REPLACE: "?",
    Action.REMOVE: "-",
}


INTERRUPTED = "!"


def infra_plan_text(plan: InfraPlan) -> str:
    """The changes of each stack, what the signs mean, warnings, and reasons to refuse."""
    lines = [f"{plan.app} in {plan.environment} ({plan.region})"]
    for stack in plan.stacks:
        lines += ["", *_planned_stack(stack)]
    changes = [change for stack in plan.stacks for change in stack.changes]
    legend = [f"{SIGNS[action]} {action}" for action in dict.fromkeys(change.action for change in changes)]
    if any(change.interruptions for change in changes):
        legend.append(f"{INTERRUPTED} interrupted meanwhile")
    if legend:
        lines += ["", "  ".join(legend)]
    lines += [f"warning: {clean(text)}" for text in plan.warnings]
    for problem in plan.problems:
        lines += ["", f"refused: {clean(problem.cause)}", *([f"  fix: {clean(problem.fix)}"] * bool(problem.fix))]
    if plan.nothing_to_do and not plan.problems:
        lines += ["", "nothing to do"]
    return "\n".join(lines)


def _planned_stack(plan: StackPlan) -> Iterator[str]:
    state = f" ({plan.status})" if plan.status else ""
    yield f"{plan.stack.key}: {_head(plan)}{'' if plan.how is StackAction.CREATE else state}"
    if plan.from_template:
        yield f"  from the template alone: {clean(plan.from_template)}"
    for parameter in plan.parameters:
        yield f"  parameter {parameter.name}: {_plan_value(parameter.before)} → {_plan_value(parameter.after)}"
    yield from columns([row for change in plan.changes for row in _rows(change)])
    if plan.protections and (plan.how is not StackAction.CREATE):
        yield f"  will be protected: {', '.join(plan.protections)}"


def _head(plan: StackPlan) -> str:
    if plan.how is StackAction.NOTHING:
        return "refused, see below" if plan.refused else "up to date"
    counts = Counter(change.action for change in plan.changes)
    changes = ", ".join(f"{number} {action}" for action, number in counts.items())
    return f"{plan.how} {plan.stack.name}: {changes or count(0, 'resource')}"


def _rows(change: ResourceChange) -> Iterator[Sequence[str]]:
    kept = ""
    if change.action in (Action.REMOVE, Action.REPLACE, Action.MAY_REPLACE):
        kept = "old data kept" if change.keeps_old else "HOLDS DATA" if change.loses_data else ""
    properties = ", ".join(map(_property, change.properties))
    paused = f"interrupted by {', '.join(change.interruptions)}" if change.interruptions else ""
    detail = "; ".join(part for part in (properties, paused, kept) if part)
    yield (SIGNS[change.action] + INTERRUPTED * bool(paused), change.logical_id, short_type(change.type), clean(detail))


def _property(change: PropertyChange) -> str:
    because = f" by {change.because}" if change.because else ""
    return f"{change.name}{'!' if change.replaces else ''}{because}"


def _plan_value(text: str) -> str:
    if not text:
        return "(none)"
    return image_version(text) if "@sha256:" in text else clean(text)


def status_text(environment: str, stacks: Sequence[StackSummary]) -> str:
    """One line for each; then the outputs that people need, and how to repair those that failed."""
    lines = [f"stacks of {environment}:", *columns([_status_row(stack) for stack in stacks])]
    outputs = [
        (stack.stack.key, output.key, output.value, clean(output.description))
        for stack in stacks
        for output in stack.outputs
    ]
    if outputs:
        lines += ["outputs:", *columns(outputs)]
    for stack in stacks:
        if stack.advice:
            reason = f": {clean(stack.state.reason)}" if stack.state and stack.state.reason else ""
            lines += [f"{stack.stack.key} needs manual action{reason}", f"  fix: {stack.advice}"]
    return "\n".join(lines)


def _status_row(shown: StackSummary) -> tuple[str, ...]:
    state = shown.state
    if state is None or not shown.exists:
        return (shown.stack.key, "missing", "", "", shown.stack.name)
    changed = f"{state.changed_at.astimezone():%Y-%m-%d %H:%M}" if state.changed_at else ""
    return (shown.stack.key, state.status, changed, " and ".join(shown.protections) or "NOT protected", state.name)
