"""Stacks as JSON: the declarations of the documents of ``deploytool infra``, and what makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypedDict

from deploytool.errors import Exit
from deploytool.infra.cost import Estimate, Item, PriceList
from deploytool.infra.drift_model import Drifted, StackDrift
from deploytool.infra.events import InfraOutcome, Result, StackOutcome, StackResult, infra_summary
from deploytool.infra.plan import InfraPlan, StackAction, StackPlan, StackResource, StackSummary
from deploytool.infra.stacks import Action, ResourceChange
from deploytool.output.documents import Envelope, Moment, ProblemEntry, Seconds
from deploytool.output.json import diagnosis_entry, moment_or_none, problem_entries, seconds

ActionWord = Literal["add", "import", "change", "replace", "may_replace", "remove"]
Usd = Annotated[float, ("description", "US dollars a month")]


class ResourceEntry(TypedDict):
    """A resource of a stack; ``status`` is CloudFormation's word."""

    logical_id: str
    type: str
    physical_id: str
    status: str


class PropertyEntry(TypedDict):
    """A property that changes; ``replaces`` is whether that replaces the resource."""

    name: str
    replaces: bool
    because: str


class ResourceChangeEntry(TypedDict):
    """What happens to a resource; ``interruptions``: properties whose change in place makes it pause."""

    logical_id: str
    type: str
    action: ActionWord
    physical_id: str
    keeps_old: bool
    keeps_name: bool
    holds_data: bool
    interruptions: list[str]
    properties: list[PropertyEntry]


class ParameterEntry(TypedDict):
    """A parameter of a stack that changes; secret values are masked."""

    name: str
    before: str
    after: str


class OmittedResource(TypedDict):
    """A resource that the sandbox cannot make."""

    logical_id: str
    type: str


class StackPlanEntry(TypedDict):
    """What happens to a stack; ``status`` is CloudFormation's word, empty where there is none."""

    key: str
    name: str
    action: StackAction
    status: str
    refused: bool
    from_template: str
    parameters: list[ParameterEntry]
    protections: list[str]
    changes: list[ResourceChangeEntry]
    omitted: list[OmittedResource]


class InfraPlanDocument(Envelope):
    """``infra plan``; exit code 3 and ``problems`` where ``infra apply`` would refuse."""

    kind: Literal["infra_plan"]
    app: str
    environment: str
    region: str
    nothing_to_do: bool
    warnings: list[str]
    stacks: list[StackPlanEntry]


class StackResultEntry(TypedDict):
    """What became of a stack; ``stack_status`` is CloudFormation's word."""

    key: str
    name: str
    status: StackOutcome
    stack_status: str
    seconds: Seconds
    detail: str
    retained: list[ResourceEntry]


class InfraOutcomeDocument(Envelope):
    """``infra apply`` and ``infra destroy``."""

    kind: Literal["infra_outcome"]
    operation: Literal["apply", "destroy"]
    app: str
    environment: str
    result: Result
    summary: str
    seconds: Seconds
    stacks: list[StackResultEntry]


class DifferenceEntry(TypedDict):
    """A property that is not as its template says."""

    path: str
    expected: str
    actual: str


class DriftedResource(TypedDict):
    """A resource that was changed outside CloudFormation; ``by_design`` by releases or autoscaling."""

    logical_id: str
    type: str
    physical_id: str
    status: Literal["modified", "deleted"]
    by_design: bool
    differences: list[DifferenceEntry]


class StackDriftEntry(TypedDict):
    """A stack; ``failed`` says why drift could not be detected."""

    key: str
    name: str
    drifted: bool
    failed: str
    resources: list[DriftedResource]


class InfraDriftDocument(Envelope):
    """``infra drift``; exit code 3 where there is any."""

    kind: Literal["infra_drift"]
    environment: str
    drifted: bool
    stacks: list[StackDriftEntry]


class StackStatusEntry(TypedDict):
    """A stack as it is; ``status`` is CloudFormation's word, null where there is no stack."""

    key: str
    name: str
    status: str | None
    reason: str
    changed_at: Moment | None
    protections: list[str]
    outputs: dict[str, str]


class InfraStatusDocument(Envelope):
    """``infra status``; exit code 3 and ``problems`` where a stack needs attention."""

    kind: Literal["infra_status"]
    environment: str
    stacks: list[StackStatusEntry]


class TermEntry(TypedDict):
    """A quantity of a price."""

    price: str
    quantity: float


class CostItem(TypedDict):
    """A row of the estimate; ``guide_usd`` is null for what the guide does not count."""

    name: str
    configuration: str
    terms: list[TermEntry]
    usd: Usd
    guide_usd: Usd | None


class SizeEntry(TypedDict):
    """An environment of one size: what the guide counts, and what it does not."""

    size: str
    guide_items: list[CostItem]
    guide_items_usd: Usd
    guide_usd: Usd
    additional_items: list[CostItem]
    additional_usd: Usd
    total_usd: Usd


class PriceEntry(TypedDict):
    """A list price; ``current`` is whether it was asked for today."""

    id: str
    usd: float
    per: str
    description: str
    current: bool


class InfraCostDocument(Envelope):
    """``infra cost``."""

    kind: Literal["infra_cost"]
    currency: Literal["USD"]
    region: str
    prices_as_of: str
    notes: list[str]
    prices: list[PriceEntry]
    sizes: list[SizeEntry]


ACTIONS: Mapping[Action, ActionWord] = {
    Action.ADD: "add",
    Action.IMPORT: "import",
    Action.CHANGE: "change",
    Action.REPLACE: "replace",
    Action.MAY_REPLACE: "may_replace",
    Action.REMOVE: "remove",
}


def infra_plan_document(plan: InfraPlan) -> InfraPlanDocument:
    """``deploytool infra plan --output json``."""
    return {
        "schema": 1,
        "kind": "infra_plan",
        "exit_code": int(Exit.PRECONDITION_FAILED if plan.problems else Exit.OK),
        "problems": problem_entries("infra-refused", plan.problems),
        "app": plan.app,
        "environment": plan.environment,
        "region": plan.region,
        "nothing_to_do": plan.nothing_to_do,
        "warnings": list(plan.warnings),
        "stacks": [_stack_plan(each) for each in plan.stacks],
    }


def infra_outcome_document(outcome: InfraOutcome, operation: Literal["apply", "destroy"]) -> InfraOutcomeDocument:
    """``deploytool infra apply`` and ``destroy``, ``--output json``."""
    problems = [diagnosis_entry(diagnosis) for diagnosis in outcome.diagnoses]
    if not outcome.succeeded and not problems:
        problems = [{"code": outcome.result.replace("_", "-"), "cause": infra_summary(outcome), "fix": ""}]
    return {
        "schema": 1,
        "kind": "infra_outcome",
        "exit_code": int(outcome.exit_code),
        "problems": problems,
        "operation": operation,
        "app": outcome.app,
        "environment": outcome.environment,
        "result": outcome.result,
        "summary": infra_summary(outcome),
        "seconds": seconds(outcome.seconds),
        "stacks": [_stack_result(each) for each in outcome.stacks],
    }


def drift_document(environment: str, stacks: Sequence[StackDrift]) -> InfraDriftDocument:
    """``deploytool infra drift --output json``."""
    drifted = any(stack.drifted for stack in stacks)
    return {
        "schema": 1,
        "kind": "infra_drift",
        "exit_code": int(Exit.PRECONDITION_FAILED if drifted else Exit.OK),
        "problems": [
            {"code": "stack-drifted", "cause": f"stack {stack.name} was changed outside CloudFormation", "fix": ""}
            for stack in stacks
            if stack.drifted
        ],
        "environment": environment,
        "drifted": drifted,
        "stacks": [
            {
                "key": stack.key,
                "name": stack.name,
                "drifted": stack.drifted,
                "failed": stack.failed,
                "resources": [_drifted(each) for each in stack.resources],
            }
            for stack in stacks
        ],
    }


def status_document(environment: str, stacks: Sequence[StackSummary]) -> InfraStatusDocument:
    """``deploytool infra status --output json``."""
    problems: list[ProblemEntry] = [
        {"code": "stack-needs-attention", "cause": f"stack {each.stack.name} needs attention", "fix": each.advice}
        for each in stacks
        if each.advice
    ]
    return {
        "schema": 1,
        "kind": "infra_status",
        "exit_code": int(Exit.PRECONDITION_FAILED if problems else Exit.OK),
        "problems": problems,
        "environment": environment,
        "stacks": [_stack_status(each) for each in stacks],
    }


def cost_document(estimates: Sequence[Estimate], prices: PriceList, notes: Sequence[str] = ()) -> InfraCostDocument:
    """``deploytool infra cost --output json``."""
    return {
        "schema": 1,
        "kind": "infra_cost",
        "exit_code": 0,
        "problems": [],
        "currency": "USD",
        "region": prices.region,
        "prices_as_of": prices.as_of,
        "notes": [*notes, *prices.notes],
        "prices": [
            {"id": price.id, "usd": price.usd, "per": price.per, "description": price.what, "current": price.live}
            for price in prices.prices.values()
        ],
        "sizes": [_size(each) for each in estimates],
    }


def _stack_plan(plan: StackPlan) -> StackPlanEntry:
    return {
        "key": plan.stack.key,
        "name": plan.stack.name,
        "action": plan.how,
        "status": plan.status,
        "refused": plan.refused,
        "from_template": plan.from_template,
        "parameters": [{"name": each.name, "before": each.before, "after": each.after} for each in plan.parameters],
        "protections": list(plan.protections),
        "changes": [_change(each) for each in plan.changes],
        "omitted": [{"logical_id": each.logical_id, "type": each.type} for each in plan.left_out],
    }


def _change(change: ResourceChange) -> ResourceChangeEntry:
    return {
        "logical_id": change.logical_id,
        "type": change.type,
        "action": ACTIONS[change.action],
        "physical_id": change.physical_id,
        "keeps_old": change.keeps_old,
        "keeps_name": change.keeps_name,
        "holds_data": change.loses_data,
        "interruptions": list(change.interruptions),
        "properties": [
            {"name": each.name, "replaces": each.replaces, "because": each.because} for each in change.properties
        ],
    }


def _stack_result(result: StackResult) -> StackResultEntry:
    return {
        "key": result.key,
        "name": result.name,
        "status": result.outcome,
        "stack_status": result.status,
        "seconds": seconds(result.seconds),
        "detail": result.detail,
        "retained": [_resource(each) for each in result.retained],
    }


def _resource(resource: StackResource) -> ResourceEntry:
    return {
        "logical_id": resource.logical_id,
        "type": resource.type,
        "physical_id": resource.physical_id,
        "status": resource.status,
    }


def _drifted(resource: Drifted) -> DriftedResource:
    return {
        "logical_id": resource.logical_id,
        "type": resource.type,
        "physical_id": resource.physical_id,
        "status": "deleted" if resource.status == "DELETED" else "modified",
        "by_design": resource.by_design,
        "differences": [
            {"path": each.path, "expected": each.expected, "actual": each.actual} for each in resource.differences
        ],
    }


def _stack_status(summary: StackSummary) -> StackStatusEntry:
    state = summary.state
    return {
        "key": summary.stack.key,
        "name": summary.stack.name,
        "status": state.status if state else None,
        "reason": state.reason if state else "",
        "changed_at": moment_or_none(state.changed_at) if state else None,
        "protections": list(summary.protections),
        "outputs": {each.key: each.value for each in state.outputs} if state else {},
    }


def _size(estimate: Estimate) -> SizeEntry:
    return {
        "size": estimate.size,
        "guide_items": [_item(row.item, row.usd) for row in estimate.rows],
        "guide_items_usd": round(estimate.total, 2),
        "guide_usd": estimate.guide_total,
        "additional_items": [_item(row.item, row.usd) for row in estimate.beyond],
        "additional_usd": round(estimate.beyond_total, 2),
        "total_usd": round(estimate.grand_total, 2),
    }


def _item(item: Item, usd: float) -> CostItem:
    return {
        "name": item.name,
        "configuration": item.configuration,
        "terms": [{"price": term.price, "quantity": term.quantity} for term in item.terms],
        "usd": round(usd, 2),
        "guide_usd": item.guide,
    }
