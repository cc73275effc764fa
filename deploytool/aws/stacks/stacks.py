"""Stacks of one account and region (port ``run.stacks.ports.Stacks``)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from deploytool.aws.call import call, once
from deploytool.aws.session import Session
from deploytool.aws.stacks import parse
from deploytool.aws.stacks.ask import ask, change, pages
from deploytool.aws.stacks.unprotect import unprotect
from deploytool.core.stacks.events import StackEvent
from deploytool.core.stacks.explain import ValidationError
from deploytool.core.stacks.plan import Held
from deploytool.core.stacks.status import StackState


class Stacks:
    """By name or id; only the id still names a stack that was deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client("cloudformation")

    def describe(self, name: str) -> StackState | None:
        """DescribeStacks."""
        answer = ask(self._client, "describe_stacks", StackName=name)
        return parse.stack(answer["Stacks"][0]) if answer else None

    def names(self) -> tuple[str, ...]:
        """Every stack of the account and region that exists (DescribeStacks, all pages)."""
        return tuple(each["StackName"] for each in pages(self._client, "describe_stacks", "Stacks"))

    def held(self, name: str) -> tuple[Held, ...]:
        """ListStackResources."""
        return tuple(
            parse.held(each)
            for each in pages(self._client, "list_stack_resources", "StackResourceSummaries", StackName=name)
        )

    def exports(self) -> frozenset[str]:
        """ListExports."""
        return frozenset(each["Name"] for each in pages(self._client, "list_exports", "Exports"))

    def policy(self, name: str) -> str:
        """GetStackPolicy."""
        answer = ask(self._client, "get_stack_policy", StackName=name)
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

        change(lambda: _sent(self._client, "delete_stack", StackName=stack_id, ClientRequestToken=token), happened)

    def last_event(self, stack_id: str) -> str:
        """The first of DescribeStackEvents, which tells the newest first."""
        answer = ask(self._client, "describe_stack_events", StackName=stack_id)
        return next((str(each["EventId"]) for each in (answer or {}).get("StackEvents", ())), "")

    def events(self, stack_id: str, after: str) -> tuple[StackEvent, ...]:
        """DescribeStackEvents, as many pages as it takes."""
        found = []
        for each in pages(self._client, "describe_stack_events", "StackEvents", StackName=stack_id):
            if each["EventId"] == after:
                break
            found.append(parse.event(each))
        return tuple(reversed(found))

    def invalid(self, stack_id: str) -> tuple[ValidationError, ...]:
        """The ``VALIDATION_ERROR`` entries of DescribeEvents, of the newest operation that has any."""
        found = [
            each
            for each in pages(self._client, "describe_events", "OperationEvents", StackName=stack_id)
            if each.get("EventType") == "VALIDATION_ERROR"
        ]
        newest = [each for each in found if each.get("OperationId") == found[0].get("OperationId")]
        return tuple(parse.validation_error(each) for each in newest)

    def unprotect(self, held: Held) -> bool:
        """See ``unprotect``."""
        return unprotect(self._session, held)

    def now(self) -> datetime:
        """The ``Date`` of an answer; our own clock where there is none."""
        told: Any = call(self._client, "list_exports")["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
        return parsedate_to_datetime(told) if told else datetime.now(UTC)

    def _made(self, stack_id: str, token: str) -> bool:
        """An operation with this token began: every event of it carries it."""
        answer = ask(self._client, "describe_stack_events", StackName=stack_id) or {}
        return any(each.get("ClientRequestToken") == token for each in answer.get("StackEvents", ()))


def _sent(client: Any, operation: str, **parameters: Any) -> None:
    once(client, operation, **parameters)
