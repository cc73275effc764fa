"""Plans and outcomes of stacks as JSON, for scripts. Keys stay; ``schema`` grows when one changes its meaning."""

from __future__ import annotations

from typing import Any

from deploytool.core.stacks.change import ResourceChange
from deploytool.core.stacks.outcome import InfraOutcome, StackEnd, sentence
from deploytool.core.stacks.plan import Held, InfraPlan, StackPlan
from deploytool.report.documents import SCHEMA, diagnosis_document


def plan_document(plan: InfraPlan) -> dict[str, Any]:
    """``deploytool infra plan --output json``."""
    return {
        "schema": SCHEMA,
        "kind": "infra-plan",
        "app": plan.app,
        "environment": plan.environment,
        "region": plan.region,
        "nothing_to_do": plan.nothing_to_do,
        "refused": bool(plan.problems),
        "problems": [{"cause": each.cause, "fix": each.fix} for each in plan.problems],
        "warnings": list(plan.warnings),
        "stacks": [_plan(each) for each in plan.stacks],
    }


def outcome_document(outcome: InfraOutcome) -> dict[str, Any]:
    """``deploytool infra apply`` and ``destroy``, ``--output json``."""
    return {
        "schema": SCHEMA,
        "kind": "infra-outcome",
        "app": outcome.app,
        "environment": outcome.environment,
        "result": outcome.result.value,
        "exit_code": int(outcome.exit_code),
        "good": outcome.good,
        "sentence": sentence(outcome),
        "stacks": [_end(each) for each in outcome.stacks],
        "diagnoses": [diagnosis_document(each) for each in outcome.diagnoses],
        "seconds": round(outcome.seconds, 3),
    }


def held(each: Held) -> dict[str, Any]:
    """A resource of a stack."""
    return {
        "logical_id": each.logical_id,
        "type": each.type,
        "physical_id": each.physical_id,
        "status": each.status,
    }


def _plan(plan: StackPlan) -> dict[str, Any]:
    return {
        "key": plan.stack.key,
        "name": plan.stack.name,
        "how": plan.how.value,
        "status": plan.status,
        "from_template": plan.from_template,
        "parameters": [{"name": each.name, "before": each.before, "after": each.after} for each in plan.parameters],
        "protections": list(plan.protections),
        "changes": [_change(each) for each in plan.changes],
        "left_out": [{"logical_id": each.logical_id, "type": each.type} for each in plan.left_out],
    }


def _change(change: ResourceChange) -> dict[str, Any]:
    return {
        "logical_id": change.logical_id,
        "type": change.type,
        "action": change.action.name.lower(),
        "physical_id": change.physical_id,
        "keeps_old": change.keeps_old,
        "holds_data": change.loses_data,
        "properties": [
            {"name": each.name, "replaces": each.replaces, "because": each.because} for each in change.properties
        ],
    }


def _end(end: StackEnd) -> dict[str, Any]:
    return {
        "key": end.key,
        "name": end.name,
        "fate": end.fate.value,
        "status": end.status,
        "seconds": round(end.seconds, 3),
        "detail": end.detail,
        "retained": [held(each) for each in end.retained],
    }
