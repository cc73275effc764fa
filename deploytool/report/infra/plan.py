"""A plan of stacks, resource by resource, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from deploytool.core.stacks.change import Action, PropertyChange, ResourceChange, short_type
from deploytool.core.stacks.plan import How, InfraPlan, StackPlan
from deploytool.report.layout import columns
from deploytool.report.wording import clean, count, image_version

SIGNS = {
    Action.ADD: "+",
    Action.IMPORT: "<",
    Action.CHANGE: "~",
    Action.REPLACE: "±",
    Action.MAY_REPLACE: "?",
    Action.REMOVE: "-",
}


def plan_text(plan: InfraPlan) -> str:
    """What would happen, what is in the way, and what the signs mean."""
    told = [f"{plan.app} in {plan.environment} ({plan.region})"]
    for each in plan.stacks:
        told += ["", *_stack(each)]
    if any(each.changes for each in plan.stacks):
        used = dict.fromkeys(change.action for each in plan.stacks for change in each.changes)
        told += ["", "  ".join(f"{SIGNS[action]} {action}" for action in used)]
    told += [f"warning: {clean(text)}" for text in plan.warnings]
    for problem in plan.problems:
        told += ["", f"refused: {clean(problem.cause)}", *([f"  fix: {clean(problem.fix)}"] * bool(problem.fix))]
    if plan.nothing_to_do and not plan.problems:
        told += ["", "nothing to do"]
    return "\n".join(told)


def _stack(plan: StackPlan) -> Iterator[str]:
    state = f" ({plan.status})" if plan.status else ""
    yield f"{plan.stack.key}: {_head(plan)}{'' if plan.how is How.CREATE else state}"
    if plan.from_template:
        yield f"  read from the template alone: {clean(plan.from_template)}"
    for parameter in plan.parameters:
        yield f"  parameter {parameter.name}: {_value(parameter.before)} → {_value(parameter.after)}"
    yield from columns([row for change in plan.changes for row in _rows(change)])
    if plan.protections and (plan.how is not How.CREATE):
        yield f"  will be protected: {', '.join(plan.protections)}"


def _head(plan: StackPlan) -> str:
    if plan.how is How.NOTHING:
        return "unchanged"
    counts = Counter(change.action for change in plan.changes)
    told = ", ".join(f"{number} {action}" for action, number in counts.items())
    return f"{plan.how} {plan.stack.name}: {told or count(0, 'resource')}"


def _rows(change: ResourceChange) -> Iterator[Sequence[str]]:
    kept = ""
    if change.action in (Action.REMOVE, Action.REPLACE, Action.MAY_REPLACE):
        kept = "the old one is kept" if change.keeps_old else "HOLDS DATA" if change.loses_data else ""
    properties = ", ".join(map(_property, change.properties))
    detail = "; ".join(part for part in (properties, kept) if part)
    yield (SIGNS[change.action], change.logical_id, short_type(change.type), clean(detail))


def _property(change: PropertyChange) -> str:
    because = f" by {change.because}" if change.because else ""
    return f"{change.name}{'!' if change.replaces else ''}{because}"


def _value(text: str) -> str:
    if not text:
        return "(none)"
    return image_version(text) if "@sha256:" in text else clean(text)
