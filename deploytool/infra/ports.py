"""What the driver of stacks needs from AWS, the registry and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from deploytool.infra.change_set import ChangeSet, ChangeSetRequest, ListedChangeSet
from deploytool.infra.drift_model import Drifted, DriftState
from deploytool.infra.events import InfraEvent, StackEvent
from deploytool.infra.failures import ValidationError
from deploytool.infra.parameters import IMAGES
from deploytool.infra.plan import StackResource
from deploytool.infra.stacks import NOTHING_ALLOWED, Allowed, Stack, StackState
from deploytool.infra.templates import Template
from deploytool.release.events import Event
from deploytool.release.ports import Clock, LineWriter

InfraListener = Callable[[InfraEvent | Event], None]
Guard = Callable[[], AbstractContextManager[None]]
"""The right to change the services: the lock of releases, where there is one. Entering raises Locked."""


class Stacks(Protocol):
    """Stacks of one account and region. Every call may raise CloudError."""

    def describe(self, name: str) -> StackState | None:
        """DescribeStacks by name or id; ``None`` where it does not exist."""

    def names(self) -> Mapping[str, Mapping[str, str]]:
        """Name → tags of every stack of the account and region that exists."""

    def held(self, name: str) -> tuple[StackResource, ...]:
        """ListStackResources."""

    def exports(self) -> frozenset[str]:
        """ListExports: the names."""

    def policy(self, name: str) -> str:
        """GetStackPolicy; empty where there is none."""

    def set_policy(self, name: str, policy: str) -> None:
        """SetStackPolicy."""

    def set_termination_protection(self, name: str, *, on: bool) -> None:
        """UpdateTerminationProtection."""

    def delete(self, stack_id: str, token: str) -> None:
        """DeleteStack, by id: never a newer one of the same name. Happens once for one ``token``."""

    def last_event(self, stack_id: str) -> str:
        """Id of the newest event; empty where there is none."""

    def events(self, stack_id: str, after: str) -> tuple[StackEvent, ...]:
        """Events newer than the one with this id (all, where it is empty), oldest first."""

    def validation_errors(self, stack_id: str) -> tuple[ValidationError, ...]:
        """What CloudFormation rejected before its last operation began (DescribeEvents)."""

    def unprotect(self, held: StackResource) -> bool:
        """Turn off the deletion protection that the resource itself has; false where it had none."""

    def now(self) -> datetime:
        """AWS's own time."""


class ChangeSets(Protocol):
    """Change sets. Every call may raise CloudError."""

    def create(self, request: ChangeSetRequest) -> str:
        """CreateChangeSet; its ARN, since a name may match an obsolete one."""

    def read(self, arn: str) -> ChangeSet:
        """DescribeChangeSet, all pages."""

    def validation_errors(self, arn: str) -> tuple[ValidationError, ...]:
        """Why it could not be made (DescribeEvents, all pages); none where CloudFormation names no resource."""

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        """ListChangeSets; none where the stack does not exist."""

    def delete(self, arn: str) -> None:
        """DeleteChangeSet; one that is gone is not an error."""

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """ExecuteChangeSet. Happens once for one ``token``."""


class Drift(Protocol):
    """Differences between a stack and its resources. Every call may raise CloudError."""

    def begin(self, stack_name: str) -> str:
        """DetectStackDrift; the id of the detection."""

    def state(self, detection: str) -> DriftState:
        """DescribeStackDriftDetectionStatus."""

    def drifted(self, stack_name: str) -> tuple[Drifted, ...]:
        """DescribeStackResourceDrifts: what was modified or deleted."""


class Images(Protocol):
    """The images of the service stack, as ``registry/repository@digest`` by parameter."""

    def running(self) -> Mapping[str, str]:
        """Running images, else the registry's for the commit; without those in neither. Raises CloudError."""

    def built(self, missing: Sequence[str], write_line: LineWriter) -> Mapping[str, str]:
        """Build and push what is missing. Raises BuildError."""


@dataclass(frozen=True)
class Target:
    """Which stacks to change, and what they should be."""

    app: str
    environment: str
    region: str
    account: str
    """Its number: names of buckets contain it."""
    stacks: tuple[Stack, ...]
    templates: Mapping[str, Template]
    known: Mapping[str, str]
    """Values of parameters, without the images."""
    run_id: str
    """Names change sets and tokens; no two runs have the same."""
    timeout: float = 3600.0
    """Seconds."""
    allowed: Allowed = NOTHING_ALLOWED
    image_names: tuple[str, ...] = IMAGES
    """Parameters for which the configuration has an image."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Images that were set explicitly."""

    @property
    def pseudo(self) -> Mapping[str, str]:
        """CloudFormation's pseudo parameters that are known beforehand."""
        return {"AWS::Region": self.region, "AWS::AccountId": self.account}


@dataclass(frozen=True)
class InfraDependencies:
    """Everything outside the driver."""

    stacks: Stacks
    change_sets: ChangeSets
    drift: Drift
    images: Images
    guard: Guard
    clock: Clock
    emit: InfraListener
