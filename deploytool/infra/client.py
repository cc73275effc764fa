"""Calls to CloudFormation: what does not exist is a value, and what must not happen twice is read back first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from deploytool.aws.call import PATIENCE, call, call_once, pages, paginate
from deploytool.aws.session import Session
from deploytool.errors import CloudError, CloudUnreachable
from deploytool.infra.change_set import ChangeSet, ChangeSetRefused, ChangeSetRequest, ListedChangeSet
from deploytool.infra.drift_model import Difference, Drifted, DriftState
from deploytool.infra.events import StackEvent
from deploytool.infra.failures import ValidationError, explain_text
from deploytool.infra.plan import StackResource
from deploytool.infra.stacks import Action, Output, PropertyChange, ResourceChange, StackState

# SEG aws.stacks.ask
# Calls to CloudFormation: what does not exist is a value, and what must not happen twice is read back first.


def absent(error: CloudError) -> bool:
    """The stack or change set of the call does not exist; CloudFormation says so in words only."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return False
    told = cause.response["Error"]
    return told.get("Code") == "ChangeSetNotFound" or (
        told.get("Code") == "ValidationError" and "does not exist" in told.get("Message", "")
    )


def call_or_none(client: Any, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """A call about one stack or change set; ``None`` where it does not exist. Raises CloudError."""
    try:
        return call(client, operation, **parameters)
    except CloudError as error:
        if absent(error):
            return None
        raise


def paginate_or_none(client: Any, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    """As ``paginate``; nothing where the stack does not exist. Raises CloudError."""
    try:
        yield from paginate(client, operation, key, **parameters)
    except CloudError as error:
        if not absent(error):
            raise


def send_change(send: Callable[[], None], happened: Callable[[], bool]) -> None:
    """Send what must not happen twice; after no clear answer, look whether it happened before sending it again.

    ``send`` tries once. Raises CloudUnreachable where no try got an answer, and CloudError.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(CloudUnreachable),
        stop=stop_after_delay(PATIENCE),
        wait=wait_random_exponential(multiplier=0.2, max=8),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            if attempt.retry_state.attempt_number > 1 and happened():
                return
            send()


# SEG aws.stacks.parse
# CloudFormation's answers as our values.

Raw = Mapping[str, Any]


def parse_stack(raw: Raw) -> StackState:
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


def parse_event(raw: Raw) -> StackEvent:
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


def parse_validation_error(raw: Raw) -> ValidationError:
    """Of DescribeEvents."""
    return ValidationError(
        raw.get("LogicalResourceId", ""), raw.get("ValidationPath", ""), raw.get("ValidationStatusReason", "")
    )


def stack_resource(raw: Raw) -> StackResource:
    """Of ListStackResources."""
    return StackResource(
        raw["LogicalResourceId"], raw["ResourceType"], raw["ResourceStatus"], raw.get("PhysicalResourceId", "")
    )


def parse_resource_change(raw: Raw) -> ResourceChange:
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


def drifted_resource(raw: Raw) -> Drifted:
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


# SEG aws.stacks.change_sets
# Change sets (port ``run.stacks.ports.ChangeSets``). By their ARN: a name may also find an obsolete one.


class ChangeSetGone(CloudError):
    """Somebody deleted or executed it, or changed the stack, so that it is not there any more."""


class ChangeSets:
    """Of one account and region."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("cloudformation")

    def create(self, request: ChangeSetRequest) -> str:
        """CreateChangeSet; where no answer came, the one of this name is ours, for nobody else calls one like it."""
        made: list[str] = []

        def send() -> None:
            try:
                made.append(call_once(self._client, "create_change_set", **_parameters(request))["Id"])
            except CloudError as error:
                if _code(error) == "ValidationError":
                    told = explain_text(f"the change set of stack {request.stack_name}", _message(error))
                    raise ChangeSetRefused(told.cause, told.fix) from error
                if _code(error) != "AlreadyExistsException":
                    raise
                found()

        def found() -> bool:
            answer = call_or_none(
                self._client, "describe_change_set", StackName=request.stack_name, ChangeSetName=request.name
            )
            made.extend([answer["ChangeSetId"]] if answer else [])
            return bool(answer)

        send_change(send, found)
        if not made:
            raise ChangeSetGone(f"change set {request.name} of {request.stack_name} vanished", "run it again")
        return made[0]

    def read(self, arn: str) -> ChangeSet:
        """DescribeChangeSet, all pages. Raises ChangeSetGone."""
        try:
            answers = list(pages(self._client, "describe_change_set", ChangeSetName=arn))
        except CloudError as error:
            if absent(error):
                raise ChangeSetGone(f"change set {arn.rpartition('/')[0]} is gone", "run it again") from error
            raise
        answer, changes = answers[0], [change for page in answers for change in page.get("Changes", ())]
        return ChangeSet(
            arn=answer["ChangeSetId"],
            stack_id=answer["StackId"],
            status=answer["Status"],
            reason=answer.get("StatusReason", ""),
            execution_status=answer.get("ExecutionStatus", ""),
            changes=tuple(
                parse_resource_change(each["ResourceChange"]) for each in changes if each.get("Type") == "Resource"
            ),
        )

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        """ListChangeSets."""
        return tuple(
            ListedChangeSet(each["ChangeSetId"], each["ChangeSetName"], each["CreationTime"])
            for each in paginate_or_none(self._client, "list_change_sets", "Summaries", StackName=stack_name)
        )

    def delete(self, arn: str) -> None:
        """DeleteChangeSet."""
        call_or_none(self._client, "delete_change_set", ChangeSetName=arn)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """ExecuteChangeSet. What a failed creation made goes with it, retained or not: it holds nothing yet."""
        send_change(
            lambda: self._send(change_set, token),
            lambda: self.read(change_set.arn).executed or self._began(change_set.stack_id, token),
        )

    def _send(self, change_set: ChangeSet, token: str) -> None:
        call_once(
            self._client,
            "execute_change_set",
            ChangeSetName=change_set.arn,
            ClientRequestToken=token,
            RetainExceptOnCreate=True,
        )

    def _began(self, stack_id: str, token: str) -> bool:
        answer = call_or_none(self._client, "describe_stack_events", StackName=stack_id) or {}
        return any(each.get("ClientRequestToken") == token for each in answer.get("StackEvents", ()))


def _parameters(request: ChangeSetRequest) -> dict[str, Any]:
    passed: list[dict[str, Any]] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in request.given.values.items()
    ]
    passed += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(request.given.previous)]
    return {
        "StackName": request.stack_name,
        "ChangeSetName": request.name,
        "ChangeSetType": request.kind,
        **({"TemplateBody": request.body} if request.body else {"UsePreviousTemplate": True}),
        # What an earlier stack left under the name that this one needs is taken over: core.stacks.spelled_out.
        "ImportExistingResources": bool(request.body),
        "Parameters": passed,
        "Capabilities": list(request.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
    }


def _code(error: CloudError) -> str:
    cause = error.__cause__
    return str(cause.response["Error"].get("Code", "")) if isinstance(cause, ClientError) else ""


def _message(error: CloudError) -> str:
    cause = error.__cause__
    return str(cause.response["Error"].get("Message", "")) if isinstance(cause, ClientError) else ""


# SEG aws.stacks.drift
# Drift detection (port ``run.stacks.ports.Drift``).

_STATES: dict[str, DriftState] = {"DETECTION_COMPLETE": "done", "DETECTION_FAILED": "failed"}


class Drift:
    """Of one account and region."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("cloudformation")

    def begin(self, stack_name: str) -> str:
        """DetectStackDrift."""
        return str(call(self._client, "detect_stack_drift", StackName=stack_name)["StackDriftDetectionId"])

    def state(self, detection: str) -> DriftState:
        """DescribeStackDriftDetectionStatus."""
        answer = call(self._client, "describe_stack_drift_detection_status", StackDriftDetectionId=detection)
        return _STATES.get(answer["DetectionStatus"], "going on")

    def found(self, stack_name: str) -> tuple[Drifted, ...]:
        """DescribeStackResourceDrifts: MODIFIED and DELETED."""
        return tuple(
            drifted_resource(each)
            for each in paginate_or_none(
                self._client,
                "describe_stack_resource_drifts",
                "StackResourceDrifts",
                StackName=stack_name,
                StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            )
        )


# SEG aws.stacks.unprotect
# Deletion protection that resources have of their own, beside that of the stack.

_BALANCER = "deletion_protection.enabled"


def unprotect(session: Session, held: StackResource) -> bool:
    """Turn it off, so that the stack can delete the resource; false where there was none. Raises CloudError."""
    match held.type:
        case "AWS::RDS::DBInstance":
            return _database(session, held.physical_id)
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            return _load_balancer(session, held.physical_id)
        case _:
            return False


def _database(session: Session, name: str) -> bool:
    client = session.client("rds")
    (found,) = call(client, "describe_db_instances", DBInstanceIdentifier=name)["DBInstances"]
    if not found.get("DeletionProtection"):
        return False
    call(client, "modify_db_instance", DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    return True


def _load_balancer(session: Session, arn: str) -> bool:
    client = session.client("elbv2")
    attributes = call(client, "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    if not any(each["Key"] == _BALANCER and each["Value"] == "true" for each in attributes):
        return False
    call(
        client,
        "modify_load_balancer_attributes",
        LoadBalancerArn=arn,
        Attributes=[{"Key": _BALANCER, "Value": "false"}],
    )
    return True


# SEG aws.stacks.stacks
# Stacks of one account and region (port ``run.stacks.ports.Stacks``).


class Stacks:
    """By name or id; only the id still names a stack that was deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client("cloudformation")

    def describe(self, name: str) -> StackState | None:
        """DescribeStacks."""
        answer = call_or_none(self._client, "describe_stacks", StackName=name)
        return parse_stack(answer["Stacks"][0]) if answer else None

    def names(self) -> tuple[str, ...]:
        """Every stack of the account and region that exists (DescribeStacks, all pages)."""
        return tuple(each["StackName"] for each in paginate_or_none(self._client, "describe_stacks", "Stacks"))

    def held(self, name: str) -> tuple[StackResource, ...]:
        """ListStackResources."""
        return tuple(
            stack_resource(each)
            for each in paginate_or_none(self._client, "list_stack_resources", "StackResourceSummaries", StackName=name)
        )

    def exports(self) -> frozenset[str]:
        """ListExports."""
        return frozenset(each["Name"] for each in paginate_or_none(self._client, "list_exports", "Exports"))

    def policy(self, name: str) -> str:
        """GetStackPolicy."""
        answer = call_or_none(self._client, "get_stack_policy", StackName=name)
        return str((answer or {}).get("StackPolicyBody") or "")

    def set_policy(self, name: str, policy: str) -> None:
        """SetStackPolicy."""
        call(self._client, "set_stack_policy", StackName=name, StackPolicyBody=policy)

    def set_termination_protection(self, name: str, *, on: bool) -> None:
        """UpdateTerminationProtection."""
        call(self._client, "update_termination_protection", StackName=name, EnableTerminationProtection=on)

    def delete(self, stack_id: str, token: str) -> None:
        """DeleteStack."""

        def happened() -> bool:
            state = self.describe(stack_id)
            return state is None or state.status.startswith("DELETE_") or self._made(stack_id, token)

        send_change(lambda: _sent(self._client, "delete_stack", StackName=stack_id, ClientRequestToken=token), happened)

    def last_event(self, stack_id: str) -> str:
        """The first of DescribeStackEvents, which tells the newest first."""
        answer = call_or_none(self._client, "describe_stack_events", StackName=stack_id)
        return next((str(each["EventId"]) for each in (answer or {}).get("StackEvents", ())), "")

    def events(self, stack_id: str, after: str) -> tuple[StackEvent, ...]:
        """DescribeStackEvents, as many pages as it takes."""
        found = []
        for each in paginate_or_none(self._client, "describe_stack_events", "StackEvents", StackName=stack_id):
            if each["EventId"] == after:
                break
            found.append(parse_event(each))
        return tuple(reversed(found))

    def invalid(self, stack_id: str) -> tuple[ValidationError, ...]:
        """The ``VALIDATION_ERROR`` entries of DescribeEvents, of the newest operation that has any."""
        found = [
            each
            for each in paginate_or_none(self._client, "describe_events", "OperationEvents", StackName=stack_id)
            if each.get("EventType") == "VALIDATION_ERROR"
        ]
        newest = [each for each in found if each.get("OperationId") == found[0].get("OperationId")]
        return tuple(parse_validation_error(each) for each in newest)

    def unprotect(self, held: StackResource) -> bool:
        """See ``unprotect``."""
        return unprotect(self._session, held)

    def now(self) -> datetime:
        """The ``Date`` of an answer; our own clock where there is none."""
        told: Any = call(self._client, "list_exports")["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
        return parsedate_to_datetime(told) if told else datetime.now(UTC)

    def _made(self, stack_id: str, token: str) -> bool:
        """An operation with this token began: every event of it carries it."""
        answer = call_or_none(self._client, "describe_stack_events", StackName=stack_id) or {}
        return any(each.get("ClientRequestToken") == token for each in answer.get("StackEvents", ()))


def _sent(client: Any, operation: str, **parameters: Any) -> None:
    call_once(client, operation, **parameters)
