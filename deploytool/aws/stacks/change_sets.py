"""Change sets (port ``run.stacks.ports.ChangeSets``). By their ARN: a name may also find an obsolete one."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from deploytool.aws.call import once
from deploytool.aws.session import Session
from deploytool.aws.stacks import parse
from deploytool.aws.stacks.ask import ask, change, pages
from deploytool.core.stacks.change_set import ChangeSet, ChangeSetRefused, Wish
from deploytool.core.stacks.explain import explain_text
from deploytool.core.stacks.left_over import ListedChangeSet
from deploytool.errors import CloudError


class ChangeSetGone(CloudError):
    """Somebody deleted or executed it, or changed the stack, so that it is not there any more."""


class ChangeSets:
    """Of one account and region."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("cloudformation")

    def create(self, wish: Wish) -> str:
        """CreateChangeSet; where no answer came, the one of this name is ours, for nobody else calls one like it."""
        made: list[str] = []

        def send() -> None:
            try:
                made.append(once(self._client, "create_change_set", **_parameters(wish))["Id"])
            except CloudError as error:
                if _code(error) == "ValidationError":
                    told = explain_text(f"the change set of stack {wish.stack_name}", _message(error))
                    raise ChangeSetRefused(told.cause, told.fix) from error
                if _code(error) != "AlreadyExistsException":
                    raise
                found()

        def found() -> bool:
            answer = ask(self._client, "describe_change_set", StackName=wish.stack_name, ChangeSetName=wish.name)
            made.extend([answer["ChangeSetId"]] if answer else [])
            return bool(answer)

        change(send, found)
        if not made:
            raise ChangeSetGone(f"change set {wish.name} of {wish.stack_name} vanished", "run it again")
        return made[0]

    def read(self, arn: str) -> ChangeSet:
        """DescribeChangeSet, all pages. Raises ChangeSetGone."""
        changes: list[Any] = []
        token: dict[str, str] = {}
        while True:
            answer = ask(self._client, "describe_change_set", ChangeSetName=arn, **token)
            if answer is None:
                raise ChangeSetGone(f"change set {arn.rpartition('/')[0]} is gone", "run it again")
            changes += answer.get("Changes", ())
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
        return ChangeSet(
            arn=answer["ChangeSetId"],
            stack_id=answer["StackId"],
            status=answer["Status"],
            reason=answer.get("StatusReason", ""),
            execution_status=answer.get("ExecutionStatus", ""),
            changes=tuple(
                parse.resource_change(each["ResourceChange"]) for each in changes if each.get("Type") == "Resource"
            ),
        )

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        """ListChangeSets."""
        return tuple(
            ListedChangeSet(each["ChangeSetId"], each["ChangeSetName"], each["CreationTime"])
            for each in pages(self._client, "list_change_sets", "Summaries", StackName=stack_name)
        )

    def delete(self, arn: str) -> None:
        """DeleteChangeSet."""
        ask(self._client, "delete_change_set", ChangeSetName=arn)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """ExecuteChangeSet. What a failed creation made goes with it, retained or not: it holds nothing yet."""
        change(
            lambda: self._send(change_set, token),
            lambda: self.read(change_set.arn).executed or self._began(change_set.stack_id, token),
        )

    def _send(self, change_set: ChangeSet, token: str) -> None:
        once(
            self._client,
            "execute_change_set",
            ChangeSetName=change_set.arn,
            ClientRequestToken=token,
            RetainExceptOnCreate=True,
        )

    def _began(self, stack_id: str, token: str) -> bool:
        answer = ask(self._client, "describe_stack_events", StackName=stack_id) or {}
        return any(each.get("ClientRequestToken") == token for each in answer.get("StackEvents", ()))


def _parameters(wish: Wish) -> dict[str, Any]:
    passed: list[dict[str, Any]] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in wish.given.values.items()
    ]
    passed += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(wish.given.previous)]
    return {
        "StackName": wish.stack_name,
        "ChangeSetName": wish.name,
        "ChangeSetType": wish.kind,
        **({"TemplateBody": wish.body} if wish.body else {"UsePreviousTemplate": True}),
        # What an earlier stack left under the name that this one needs is taken over: core.stacks.spelled_out.
        "ImportExistingResources": bool(wish.body),
        "Parameters": passed,
        "Capabilities": list(wish.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in wish.tags.items()],
    }


def _code(error: CloudError) -> str:
    cause = error.__cause__
    return str(cause.response["Error"].get("Code", "")) if isinstance(cause, ClientError) else ""


def _message(error: CloudError) -> str:
    cause = error.__cause__
    return str(cause.response["Error"].get("Message", "")) if isinstance(cause, ClientError) else ""
