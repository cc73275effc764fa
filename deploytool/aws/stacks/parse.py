"""CloudFormation's answers as our values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.core.stacks.change import Action, PropertyChange, ResourceChange
from deploytool.core.stacks.drift import Difference, Drifted
from deploytool.core.stacks.events import StackEvent
from deploytool.core.stacks.explain import ValidationError
from deploytool.core.stacks.plan import Held
from deploytool.core.stacks.status import Output, StackState

Raw = Mapping[str, Any]


def stack(raw: Raw) -> StackState:
    """Of DescribeStacks."""
    return StackState(
        name=raw["StackName"],
        id=raw["StackId"],
        status=raw["StackStatus"],
        reason=raw.get("StackStatusReason", ""),
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in raw.get("Parameters", ())},
        outputs=tuple(_output(each) for each in raw.get("Outputs", ())),
        changed_at=raw.get("LastUpdatedTime") or raw.get("CreationTime"),
        protected=bool(raw.get("EnableTerminationProtection")),
    )


def event(raw: Raw) -> StackEvent:
    """Of DescribeStackEvents."""
    return StackEvent(
        id=raw["EventId"],
        logical_id=raw.get("LogicalResourceId", ""),
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=raw.get("ResourceStatusReason", ""),
        at=raw["Timestamp"],
        physical_id=raw.get("PhysicalResourceId", ""),
        token=raw.get("ClientRequestToken", ""),
        of_stack=raw.get("PhysicalResourceId") == raw["StackId"],
    )


def validation_error(raw: Raw) -> ValidationError:
    """Of DescribeEvents."""
    return ValidationError(
        raw.get("LogicalResourceId", ""), raw.get("ValidationPath", ""), raw.get("ValidationStatusReason", "")
    )


def held(raw: Raw) -> Held:
    """Of ListStackResources."""
    return Held(raw["LogicalResourceId"], raw["ResourceType"], raw["ResourceStatus"], raw.get("PhysicalResourceId", ""))


def resource_change(raw: Raw) -> ResourceChange:
    """A ``ResourceChange`` of DescribeChangeSet."""
    policy = raw.get("PolicyAction", "")
    return ResourceChange(
        logical_id=raw["LogicalResourceId"],
        type=raw["ResourceType"],
        action=_action(raw),
        physical_id=raw.get("PhysicalResourceId", ""),
        properties=_properties(raw.get("Details", ())),
        keeps_old=policy.endswith(("Retain", "Snapshot")),
    )


def drifted(raw: Raw) -> Drifted:
    """Of DescribeStackResourceDrifts."""
    return Drifted(
        logical_id=raw["LogicalResourceId"],
        type=raw["ResourceType"],
        status=raw["StackResourceDriftStatus"],
        physical_id=raw.get("PhysicalResourceId", ""),
        differences=tuple(
            Difference(each["PropertyPath"], each.get("ExpectedValue", ""), each.get("ActualValue", ""))
            for each in raw.get("PropertyDifferences", ())
        ),
    )


def _output(raw: Raw) -> Output:
    return Output(raw["OutputKey"], raw.get("OutputValue", ""), raw.get("ExportName", ""), raw.get("Description", ""))


def _action(raw: Raw) -> Action:
    if raw["Action"] == "Modify":
        return {"True": Action.REPLACE, "Conditional": Action.MAY_REPLACE}.get(
            raw.get("Replacement", "False"), Action.CHANGE
        )
    return {"Add": Action.ADD, "Import": Action.IMPORT, "Remove": Action.REMOVE}.get(raw["Action"], Action.MAY_REPLACE)


def _properties(details: Any) -> tuple[PropertyChange, ...]:
    """Each property once, with the worst that any of its details says."""
    found: dict[str, PropertyChange] = {}
    for each in details:
        target = each.get("Target", {})
        name = target.get("Name") or target.get("Attribute", "")
        replaces = target.get("RequiresRecreation", "Never") != "Never"
        before = found.get(name, PropertyChange(name))
        found[name] = PropertyChange(name, replaces or before.replaces, each.get("CausingEntity", "") or before.because)
    return tuple(found.values())
