"""CloudFormation's calls and answers; what must not happen twice is read back before it is sent again."""

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


def absent(error: CloudError) -> bool:
    """The stack or change set of the call does not exist; CloudFormation says so in its message only."""
    code = _error(error, "Code")
    return code == "ChangeSetNotFound" or (code == "ValidationError" and "does not exist" in _error(error, "Message"))


def _error(error: CloudError, field: str) -> str:
    """``Code`` or ``Message`` of the answer behind an error; empty where AWS gave none."""
    cause = error.__cause__
    return str(cause.response["Error"].get(field, "")) if isinstance(cause, ClientError) else ""


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


def send_change(send: Callable[[], object], happened: Callable[[], bool]) -> None:
    """Send what must not happen twice; after no clear answer, check whether it happened before sending it again.

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


Raw = Mapping[str, Any]


def parse_stack(raw: Raw) -> StackState:
    """Only what botocore's model requires is taken for granted: https://github.com/boto/botocore (service-2.json)."""
    return StackState(
        name=raw["StackName"],
        id=raw.get("StackId") or raw["StackName"],
        status=raw["StackStatus"],
        reason=raw.get("StackStatusReason", ""),
        parameters={each.get("ParameterKey", ""): each.get("ParameterValue", "") for each in raw.get("Parameters", ())},
        outputs=tuple(_output(each) for each in raw.get("Outputs", ())),
        tags={each["Key"]: each["Value"] for each in raw.get("Tags", ())},
        changed_at=raw.get("LastUpdatedTime") or raw.get("CreationTime"),
        protected=bool(raw.get("EnableTerminationProtection")),
    )


def parse_event(raw: Raw) -> StackEvent:
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


def parse_resource_change(raw: Raw) -> ResourceChange:
    """A ``ResourceChange`` of DescribeChangeSet."""
    policy = raw.get("PolicyAction", "")
    return ResourceChange(
        logical_id=raw.get("LogicalResourceId", ""),
        type=raw.get("ResourceType", ""),
        action=_action(raw),
        physical_id=raw.get("PhysicalResourceId", ""),
        properties=_properties(raw.get("Details", ())),
        keeps_old=policy.endswith(("Retain", "Snapshot")),
    )


def drifted_resource(raw: Raw) -> Drifted:
    return Drifted(
        logical_id=raw["LogicalResourceId"],
        type=raw["ResourceType"],
        status=raw["StackResourceDriftStatus"],
        physical_id=raw.get("PhysicalResourceId", ""),
        differences=tuple(
            Difference(each.get("PropertyPath", ""), each.get("ExpectedValue", ""), each.get("ActualValue", ""))
            for each in raw.get("PropertyDifferences", ())
        ),
    )


def _output(raw: Raw) -> Output:
    return Output(*(raw.get(key, "") for key in ("OutputKey", "OutputValue", "ExportName", "Description")))


def _action(raw: Raw) -> Action:
    action = raw.get("Action", "")
    if action == "Modify":
        return {"True": Action.REPLACE, "Conditional": Action.MAY_REPLACE}.get(
            raw.get("Replacement", "False"), Action.CHANGE
        )
    return {"Add": Action.ADD, "Import": Action.IMPORT, "Remove": Action.REMOVE}.get(action, Action.MAY_REPLACE)


def _properties(details: Any) -> tuple[PropertyChange, ...]:
    """Each property once, with the worst of its details."""
    properties: dict[str, PropertyChange] = {}
    for each in details:
        target = each.get("Target", {})
        name = target.get("Name") or target.get("Attribute", "")
        replaces = target.get("RequiresRecreation", "Never") != "Never"
        before = properties.get(name, PropertyChange(name))
        properties[name] = PropertyChange(
            name, replaces or before.replaces, each.get("CausingEntity", "") or before.because
        )
    return tuple(properties.values())


class ChangeSetGone(CloudError):
    """Someone deleted or executed it, or changed the stack."""


class ChangeSets:
    """Of one account and region."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("cloudformation")

    def create(self, request: ChangeSetRequest) -> str:
        """Without an answer, the one of this name is ours: names are unique."""
        arns: list[str] = []

        def send() -> None:
            try:
                arns.append(call_once(self._client, "create_change_set", **_parameters(request))["Id"])
            except CloudError as error:
                if _error(error, "Code") == "ValidationError":
                    diagnosis = explain_text(f"the change set of stack {request.stack_name}", _error(error, "Message"))
                    raise ChangeSetRefused(diagnosis.cause, diagnosis.fix) from error
                if _error(error, "Code") != "AlreadyExistsException":
                    raise
                exists()

        def exists() -> bool:
            answer = call_or_none(
                self._client, "describe_change_set", StackName=request.stack_name, ChangeSetName=request.name
            )
            arns.extend([answer.get("ChangeSetId") or request.name] if answer else [])
            return bool(answer)

        send_change(send, exists)
        if not arns:
            raise ChangeSetGone(f"change set {request.name} of {request.stack_name} is gone", "run it again")
        return arns[0]

    def read(self, arn: str) -> ChangeSet:
        try:
            answers = list(pages(self._client, "describe_change_set", ChangeSetName=arn))
        except CloudError as error:
            if absent(error):
                raise ChangeSetGone(f"change set {arn.rpartition('/')[0]} is gone", "run it again") from error
            raise
        answer, changes = answers[0], [change for page in answers for change in page.get("Changes", ())]
        return ChangeSet(
            arn=answer.get("ChangeSetId") or arn,
            stack_id=answer["StackId"],
            status=answer["Status"],
            reason=answer.get("StatusReason", ""),
            execution_status=answer.get("ExecutionStatus", ""),
            changes=tuple(
                parse_resource_change(each["ResourceChange"]) for each in changes if each.get("ResourceChange")
            ),
        )

    def validation_errors(self, arn: str) -> tuple[ValidationError, ...]:
        """By ARN: a change set's name without its stack is refused.

        https://github.com/aws-cloudformation/cloudformation-cli/issues/1116
        """
        return _validation_errors(self._client, ChangeSetName=arn)

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        return tuple(
            ListedChangeSet(each["ChangeSetId"], each.get("ChangeSetName", ""), each.get("CreationTime"))
            for each in paginate_or_none(self._client, "list_change_sets", "Summaries", StackName=stack_name)
            if each.get("ChangeSetId")
        )

    def delete(self, arn: str) -> None:
        call_or_none(self._client, "delete_change_set", ChangeSetName=arn)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """A failed creation deletes what it made, retained or not: it holds nothing yet."""
        parameters = {
            "ChangeSetName": change_set.arn, "ClientRequestToken": token, "RetainExceptOnCreate": True,
        }  # fmt: skip
        send_change(
            lambda: call_once(self._client, "execute_change_set", **parameters),
            lambda: self.read(change_set.arn).executed or _has_begun(self._client, change_set.stack_id, token),
        )


def _validation_errors(client: Any, **of: str) -> tuple[ValidationError, ...]:
    """What DescribeEvents says failed, of the newest operation that has any; what only warns stops nothing."""
    events = [
        each
        for each in paginate_or_none(client, "describe_events", "OperationEvents", Filters={"FailedEvents": True}, **of)
        if each.get("EventType") in _REJECTED and "WARN" not in (each.get(name) for name in _FAILURE_MODES)
    ]
    return tuple(
        ValidationError(each.get("LogicalResourceId", ""), each.get("ValidationPath", ""), reason)
        for each in events
        if each.get("OperationId") == events[0].get("OperationId")
        and (reason := next((each[name] for name in _WHY if each.get(name)), ""))
    )


_REJECTED = ("VALIDATION_ERROR", "HOOK_INVOCATION_ERROR")
_FAILURE_MODES = ("ValidationFailureMode", "HookFailureMode")
_WHY = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")


def _has_begun(client: Any, stack_id: str, token: str) -> bool:
    """An operation with this token has begun: every event of it carries it."""
    answer = call_or_none(client, "describe_stack_events", StackName=stack_id) or {}
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
        # What an earlier stack left under the name that this one needs is reused: see ``literal_names``.
        "ImportExistingResources": bool(request.body),
        "Parameters": passed,
        "Capabilities": list(request.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
    }


_STATES: dict[str, DriftState] = {"DETECTION_COMPLETE": "done", "DETECTION_FAILED": "failed"}


class Drift:
    """Of one account and region."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("cloudformation")

    def begin(self, stack_name: str) -> str:
        return str(call(self._client, "detect_stack_drift", StackName=stack_name)["StackDriftDetectionId"])

    def state(self, detection: str) -> DriftState:
        answer = call(self._client, "describe_stack_drift_detection_status", StackDriftDetectionId=detection)
        return _STATES.get(answer["DetectionStatus"], "in progress")

    def drifted(self, stack_name: str) -> tuple[Drifted, ...]:
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


_BALANCER = "deletion_protection.enabled"


def unprotect(session: Session, held: StackResource) -> bool:
    """Turn off the deletion protection of the resource itself; false where it had none. Raises CloudError."""
    match held.type:
        case "AWS::RDS::DBInstance":
            return _database(session, held.physical_id)
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            return _load_balancer(session, held.physical_id)
        case _:
            return False


def _database(session: Session, name: str) -> bool:
    client = session.client("rds")
    databases = call(client, "describe_db_instances", DBInstanceIdentifier=name).get("DBInstances", ())
    if not any(database.get("DeletionProtection") for database in databases):
        return False
    call(client, "modify_db_instance", DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    return True


def _load_balancer(session: Session, arn: str) -> bool:
    client = session.client("elbv2")
    attributes = call(client, "describe_load_balancer_attributes", LoadBalancerArn=arn).get("Attributes", ())
    if not any((each.get("Key"), each.get("Value")) == (_BALANCER, "true") for each in attributes):
        return False
    off = [{"Key": _BALANCER, "Value": "false"}]
    call(client, "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=off)
    return True


class Stacks:
    """By name or id; only the id still names a stack that was deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client("cloudformation")

    def describe(self, name: str) -> StackState | None:
        answer = call_or_none(self._client, "describe_stacks", StackName=name)
        return next((parse_stack(each) for each in (answer or {}).get("Stacks", ())), None)

    def names(self) -> Mapping[str, Mapping[str, str]]:
        stacks = (parse_stack(each) for each in paginate_or_none(self._client, "describe_stacks", "Stacks"))
        return {stack.name: stack.tags for stack in stacks}

    def held(self, name: str) -> tuple[StackResource, ...]:
        return tuple(
            StackResource(
                each["LogicalResourceId"],
                each["ResourceType"],
                each["ResourceStatus"],
                each.get("PhysicalResourceId", ""),
            )
            for each in paginate_or_none(self._client, "list_stack_resources", "StackResourceSummaries", StackName=name)
        )

    def exports(self) -> frozenset[str]:
        return frozenset(each.get("Name", "") for each in paginate_or_none(self._client, "list_exports", "Exports"))

    def policy(self, name: str) -> str:
        answer = call_or_none(self._client, "get_stack_policy", StackName=name)
        return str((answer or {}).get("StackPolicyBody") or "")

    def set_policy(self, name: str, policy: str) -> None:
        call(self._client, "set_stack_policy", StackName=name, StackPolicyBody=policy)

    def set_termination_protection(self, name: str, *, on: bool) -> None:
        call(self._client, "update_termination_protection", StackName=name, EnableTerminationProtection=on)

    def delete(self, stack_id: str, token: str) -> None:

        def happened() -> bool:
            state = self.describe(stack_id)
            return state is None or state.status.startswith("DELETE_") or _has_begun(self._client, stack_id, token)

        send_change(
            lambda: call_once(self._client, "delete_stack", StackName=stack_id, ClientRequestToken=token), happened
        )

    def last_event(self, stack_id: str) -> str:
        """The first of DescribeStackEvents, which lists the newest first."""
        answer = call_or_none(self._client, "describe_stack_events", StackName=stack_id)
        return next((str(each["EventId"]) for each in (answer or {}).get("StackEvents", ())), "")

    def events(self, stack_id: str, after: str) -> tuple[StackEvent, ...]:
        events = []
        for each in paginate_or_none(self._client, "describe_stack_events", "StackEvents", StackName=stack_id):
            if each["EventId"] == after:
                break
            events.append(parse_event(each))
        return tuple(reversed(events))

    def validation_errors(self, stack_id: str) -> tuple[ValidationError, ...]:
        return _validation_errors(self._client, StackName=stack_id)

    def unprotect(self, held: StackResource) -> bool:
        return unprotect(self._session, held)

    def now(self) -> datetime:
        """The ``Date`` of an answer; our own clock where there is none."""
        answer = call(self._client, "list_exports").get("ResponseMetadata", {})
        date: Any = answer.get("HTTPHeaders", {}).get("date")
        return parsedate_to_datetime(date) if date else datetime.now(UTC)
