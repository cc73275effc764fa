"""A CloudFormation in memory: enough of its states, events and refusals to drive every stack operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deploytool.errors import CloudError
from deploytool.infra.change_set import ChangeSet, ChangeSetRequest, ListedChangeSet
from deploytool.infra.drift_model import Drifted, DriftState
from deploytool.infra.events import InfraEvent, StackEvent
from deploytool.infra.failures import ValidationError
from deploytool.infra.plan import StackResource
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.stacks import Allowed, ResourceChange, Stack, StackState, stack_policy
from deploytool.infra.templates import Template
from deploytool.release.events import Event, WarningIssued
from deploytool.release.ports import Cancelled, LineWriter

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
DONE = {"CREATE": "CREATE_COMPLETE", "UPDATE": "UPDATE_COMPLETE", "DELETE": "DELETE_COMPLETE"}


@dataclass
class FakeCloudFormation:
    """All ports of the driver and its clock at once; what a test does not set succeeds."""

    states: dict[str, StackState] = field(default_factory=dict)
    resources: dict[str, tuple[StackResource, ...]] = field(default_factory=dict)
    changes: dict[str, tuple[ResourceChange, ...]] = field(default_factory=dict)
    """By name of the stack; an update without any is an empty change set."""
    endings: dict[str, str] = field(default_factory=dict)
    """By name of the stack: the status that its next operation ends with."""
    errors: dict[str, CloudError] = field(default_factory=dict)
    """By method: what its next call raises."""
    reasons: dict[str, str] = field(default_factory=dict)
    """By name of the stack: why its change set fails."""
    images_running: dict[str, str] = field(default_factory=dict)
    images_built: dict[str, str] = field(default_factory=dict)
    still_changes: bool = False
    """The stack differs in more than its images."""
    stale: tuple[ListedChangeSet, ...] = ()
    export_names: frozenset[str] = frozenset()
    invalid: tuple[ValidationError, ...] = ()
    drift_states: list[DriftState] = field(default_factory=lambda: ["in progress", "done"])
    cancel_after: int = -1
    calls: list[str] = field(default_factory=list)
    emitted: list[InfraEvent | Event] = field(default_factory=list)
    policies: dict[str, str] = field(default_factory=dict)
    requests: dict[str, ChangeSetRequest] = field(default_factory=dict)
    history: dict[str, list[StackEvent]] = field(default_factory=dict)
    pending: dict[str, list[StackEvent]] = field(default_factory=dict)
    seconds: float = 0.0

    # Stacks

    def describe(self, name: str) -> StackState | None:
        self._may_fail("describe")
        return next((state for state in self.states.values() if name in (state.name, state.id)), None)

    def names(self) -> Mapping[str, Mapping[str, str]]:
        return {name: state.tags for name, state in self.states.items()}

    def held(self, name: str) -> tuple[StackResource, ...]:
        return self.resources.get(name.removeprefix("arn:"), ())

    def exports(self) -> frozenset[str]:
        return self.export_names

    def policy(self, name: str) -> str:
        return self.policies.get(name, "")

    def set_policy(self, name: str, policy: str) -> None:
        self._may_fail("set_policy")
        self.calls.append(f"policy {name}")
        self.policies[name] = policy

    def set_termination_protection(self, name: str, *, on: bool) -> None:
        self.calls.append(f"protection of {name.removeprefix('arn:')} {'on' if on else 'off'}")

    def delete(self, stack_id: str, token: str) -> None:
        self._may_fail("delete")
        self.calls.append(f"delete {stack_id.removeprefix('arn:')}")
        self._begin(stack_id.removeprefix("arn:"), "DELETE", token)

    def last_event(self, stack_id: str) -> str:
        return next((event.id for event in reversed(self.history.get(stack_id, []))), "")

    def events(self, stack_id: str, after: str) -> tuple[StackEvent, ...]:
        self._may_fail("events")
        history, pending = self.history.setdefault(stack_id, []), self.pending.get(stack_id, [])
        if pending:
            history.append(pending.pop(0))
            self._take(stack_id, history[-1])
        ids = [event.id for event in history]
        return tuple(history[ids.index(after) + 1 if after in ids else 0 :])

    def validation_errors(self, of: str) -> tuple[ValidationError, ...]:
        """Of a stack, or of a change set: those of one that was deleted are gone."""
        self._may_fail("validation_errors")
        return () if f"delete change set {of}" in self.calls else self.invalid

    def unprotect(self, held: StackResource) -> bool:
        return held.logical_id == "Database"

    def now(self) -> datetime:
        return START

    # Change sets

    def create(self, request: ChangeSetRequest) -> str:
        self._may_fail("create")
        self.calls.append(f"change set {request.name}")
        self.requests[request.name] = request
        known = self.states.get(request.stack_name)
        if known is None or known.status == "DELETE_COMPLETE":
            self.states[request.stack_name] = existing(request.stack_name, "REVIEW_IN_PROGRESS")
        return request.name

    def read(self, arn: str) -> ChangeSet:
        request = self.requests[arn]
        reason = self.reasons.get(request.stack_name, "")
        changes = self.changes.get(request.stack_name, ())
        only_images = request.given.previous and not request.body
        if (
            not reason
            and request.kind == "UPDATE"
            and not only_images
            and (not changes or (arn.endswith("-still") and not self.still_changes))
        ):
            reason = "The submitted information didn't contain changes."
        self.seconds += 1
        status = "CREATE_PENDING" if self.seconds < 2 else "FAILED" if reason else "CREATE_COMPLETE"
        return ChangeSet(arn, f"arn:{request.stack_name}", status, reason, changes=changes)

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        return self.stale if stack_name.endswith("top") else ()

    def execute(self, change_set: ChangeSet, token: str) -> None:
        self._may_fail("execute")
        self.calls.append(f"execute {change_set.arn}")
        self._begin(self.requests[change_set.arn].stack_name, self.requests[change_set.arn].kind, token)

    # Drift

    def begin(self, stack_name: str) -> str:
        self._may_fail("begin")
        return stack_name

    def state(self, detection: str) -> DriftState:
        return self.drift_states.pop(0)

    def drifted(self, stack_name: str) -> tuple[Drifted, ...]:
        return (Drifted("Store", "AWS::S3::Bucket", "DELETED"),)

    # Images

    def running(self) -> Mapping[str, str]:
        return self.images_running

    def built(self, missing: Sequence[str], write_line: LineWriter) -> Mapping[str, str]:
        write_line("step 1")
        return {name: self.images_built[name] for name in missing}

    # Clock

    def monotonic(self) -> float:
        return self.seconds

    def pace(self) -> float:
        return 1.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.cancel_after -= 1
        if self.cancel_after == 0:
            raise Cancelled("SIGINT")

    def utcnow(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    # For tests

    def dependencies(self) -> InfraDependencies:
        everything: Any = self
        return InfraDependencies(
            everything, _ChangeSets(self), everything, everything, unlocked, everything, self.emitted.append
        )

    def warnings(self) -> list[str]:
        return [event.text for event in self.emitted if isinstance(event, WarningIssued)]

    def start(self, name: str, action: str) -> None:
        """An operation that someone else began."""
        self._begin(name, action, "other")

    def _begin(self, name: str, action: str, token: str) -> None:
        stack_id = f"arn:{name}"
        ending = self.endings.pop(name, DONE[action])
        resources = []
        if not ending.startswith(DONE[action]):
            resources = [self._event(stack_id, "Store", f"{action}_FAILED", token, "it broke")]
        if action == "DELETE":
            resources += [
                self._event(stack_id, item.logical_id, item.status, token)
                for item in self.resources.get(name, ())
                if item.status.startswith("DELETE")
            ]
        started = self._event(stack_id, name, f"{action}_IN_PROGRESS", token, of_stack=True)
        self.states[name] = replace(self.states[name], status=started.status)
        self.pending[stack_id] = [started, *resources, self._event(stack_id, name, ending, token, of_stack=True)]

    def _event(
        self, stack_id: str, logical_id: str, status: str, token: str, reason: str = "", *, of_stack: bool = False
    ) -> StackEvent:
        self.seconds += 0.001
        return StackEvent(
            f"e{self.seconds:.3f}-{stack_id}-{logical_id}-{status}", logical_id, "AWS::S3::Bucket", status, reason,
            START, f"physical-{logical_id}", token, of_stack,
        )  # fmt: skip

    def _take(self, stack_id: str, event: StackEvent) -> None:
        name = stack_id.removeprefix("arn:")
        if not event.of_stack:
            return
        if event.status == "DELETE_COMPLETE":
            del self.states[name]
        else:
            self.states[name] = replace(self.states[name], status=event.status)

    def _may_fail(self, method: str) -> None:
        if method in self.errors:
            raise self.errors.pop(method)


@dataclass
class _ChangeSets:
    """Both ports have a ``delete``."""

    cloud: FakeCloudFormation

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cloud, name)

    def delete(self, arn: str) -> None:
        self.cloud._may_fail("delete_change_set")
        self.cloud.calls.append(f"delete change set {arn}")


@contextmanager
def unlocked() -> Iterator[None]:
    yield


def existing(name: str, status: str = "UPDATE_COMPLETE", **more: Any) -> StackState:
    return StackState(name, f"arn:{name}", status, **more)


BASE: dict[str, Any] = {
    "Resources": {"Store": {"Type": "AWS::S3::Bucket"}},
    "Outputs": {"Name": {"Value": "x", "Export": {"Name": "shop-Name"}}},
}
TOP: dict[str, Any] = {
    "Parameters": {"AppImage": {"Type": "String"}, "Size": {"Type": "String", "Default": "minimal"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Name": {"Fn::ImportValue": "shop-Name"}}}},
}


def target(*, allowed: Allowed | None = None, timeout: float = 600, **more: Any) -> Target:
    """Stack ``base``, and stack ``top`` that imports from it and runs an image."""
    documents = {"base": BASE, "top": TOP, **more.pop("documents", {})}
    return Target(
        "shop",
        "production",
        "us-east-1",
        "123456789012",
        (Stack("base", "base"), Stack("top", "top", ("base",), runs_images=True)),
        {key: Template(key, "body", document) for key, document in documents.items()},
        more.pop("known", {"App": "shop"}),
        "run",
        timeout,
        allowed or Allowed(),
        ("AppImage",),
        **more,
    )


def healthy(*names: str, **parameters: str) -> FakeCloudFormation:
    """These stacks exist and are protected; the image of ``top`` runs."""
    cloud = FakeCloudFormation(
        {name: existing(name, protected=True, parameters=parameters) for name in names},
        export_names=frozenset({"shop-Name"}),
        images_running={"AppImage": "new"},
    )
    cloud.policies = dict.fromkeys(names, stack_policy())
    return cloud
