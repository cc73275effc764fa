"""What a deletion would take and leave, before anybody agrees to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.destroy import DestroyPlan, Doomed, becomes
from deploytool.core.stacks.template import Template
from deploytool.report.layout import columns
from deploytool.report.wording import clean, count


def destroy_text(plan: DestroyPlan, templates: Mapping[str, Template]) -> str:
    """The stacks in the order in which they go, and what becomes of what holds data."""
    told = [f"{plan.app} in {plan.environment}:"]
    for each in plan.doomed:
        told += _doomed(each, templates[each.stack.key])
    told += [f"  stays   {each.stack.name}: {each.why}" for each in plan.spared]
    if not plan.doomed:
        told.append("  nothing to delete")
    for problem in plan.problems:
        told += [f"refused: {clean(problem.cause)}", f"  fix: {clean(problem.fix)}"]
    return "\n".join(told)


def _doomed(doomed: Doomed, template: Template) -> Iterator[str]:
    yield f"  delete  {doomed.stack.name}: {count(len(doomed.held), 'resource')}"
    rows = [
        (each.logical_id, short_type(each.type), fate, clean(each.physical_id))
        for each in doomed.held
        if (fate := becomes(each, template))
    ]
    yield from columns(rows, indent="            ")
