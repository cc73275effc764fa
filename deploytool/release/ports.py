"""What a release needs of the outside: adapters fulfill these, and translate their library's errors into ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.model import (
    LogStream,
    RunTaskFailure,
    ServiceDeployment,
    ServiceState,
    StandaloneTask,
    Target,
    TargetGroup,
    Task,
)
from deploytool.errors import DeployError, Exit
from deploytool.release.events import Event
from deploytool.release.model import HttpResponse, ImageChoice, NoResponse, Outcome, PublishedImage, StepName


class Cancelled(DeployError):
    """The release was asked to stop. Raised where the engine waits, so that no call to AWS is cut in two."""

    exit_code = Exit.CANCELLED

    def __init__(self, by: str) -> None:
        super().__init__(f"cancelled by {by}", "")


EventListener = Callable[[Event], None]
LineWriter = Callable[[str], None]


class Clock(Protocol):
    """Time, so that tests need none."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled at once when the release is to stop."""

    def pace(self) -> float:
        """Seconds until the next poll of AWS, jittered."""


class Builder(Protocol):
    """Images, built and pushed."""

    def build(self, image: ImageChoice, write_line: LineWriter) -> PublishedImage:
        """Build, push and resolve the digest from the registry. Raises BuildError."""

    def gate(self, image: ImageChoice, digest: str, write_line: LineWriter) -> None:
        """Raise ScanRefused where the image's scan findings are worse than configured."""

    def tag(self, image: ImageChoice, digest: str) -> None:
        """Let ``image.also_tags`` name this image, too. Raises BuildError."""


class Ecs(Protocol):
    """The ECS calls of a release."""

    def now(self) -> datetime:
        """The time of AWS's clock, by what its answers said: never ahead of it, and at most a second behind."""

    def register(self, payload: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """ARN of the new revision (RegisterTaskDefinition)."""

    def update_service(self, before: ServiceState, task_definition: str) -> Rollout:
        """Exactly one UpdateService; the rollout is read from its answer."""

    def stop_rollout(self, rollout: Rollout) -> bool:
        """StopServiceDeployment with ROLLBACK; False where ECS or IAM has no such thing, and nothing was done."""

    def services(self, names: Sequence[str]) -> Mapping[str, ServiceState]:
        """DescribeServices, ten names at a time."""

    def service_deployments(self, rollouts: Sequence[Rollout]) -> Mapping[str, ServiceDeployment]:
        """By service name; empty where ECS or IAM does not let us see them."""

    def images(self, task_definition: str) -> Mapping[str, str]:
        """Container name → image, as the revision has them (DescribeTaskDefinition)."""

    def failed_tasks(self, rollout: Rollout) -> tuple[Task, ...]:
        """Stopped tasks of this rollout that ended by a failure of their own, oldest first."""

    def running_tasks(self, service: str) -> tuple[Task, ...]:
        """Tasks of a service that have not stopped."""

    def run_task(
        self, task: StandaloneTask, task_definition: str, token: str, tags: Mapping[str, str]
    ) -> Task | RunTaskFailure:
        """RunTask with a client token: the same token never starts a second task."""

    def task(self, arn: str) -> Task | None:
        """DescribeTasks for one task; ``None`` where ECS does not know it (yet)."""

    def tasks_started_by(self, release_id: str) -> tuple[Task, ...]:
        """Tasks of this release's migration that have not stopped."""

    def tasks_of(self, *, family: str) -> Sequence[Task]:
        """Tasks of a task definition family, whoever started them: running, stopping and lately stopped."""

    def stop_task(self, arn: str, reason: str) -> None:
        """StopTask."""


class Follower(Protocol):
    """A reader of one log stream."""

    def read(self) -> tuple[str, ...]:
        """Lines since the last call; none while the stream does not exist."""


class Logs(Protocol):
    """CloudWatch Logs."""

    def follow(self, stream: LogStream) -> Follower:
        """A reader that begins at the first line."""

    def tail(self, stream: LogStream, lines: int) -> tuple[str, ...]:
        """The last ``lines`` lines, oldest first; none where there are none or they may not be read."""


class Web(Protocol):
    """HTTP, as the users of the service see it."""

    def get(self, url: str, timeout: float) -> HttpResponse | NoResponse:
        """One GET, redirects followed."""


class Alarms(Protocol):
    """CloudWatch alarms."""

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of ``names`` that are in state ALARM."""


class TargetGroups(Protocol):
    """Target groups of Elastic Load Balancing; each call raises CloudError."""

    def group(self, arn: str) -> TargetGroup:
        """How it checks its targets."""

    def targets(self, arn: str) -> tuple[Target, ...]:
        """The health of each target."""


class Lease(Protocol):
    """The right to change this environment."""

    def check(self) -> None:
        """Called before each change to AWS. Raises LeaseLost (change nothing more) or SupersededBy (revert)."""

    def raise_if_lost(self) -> None:
        """As ``check``, from what the last renewal saw: costs no call, for use while waiting."""


class Journal(Protocol):
    """The release record in the ledger.

    When ``step_began``, ``services_updating`` or ``close`` returns, everything recorded so far is durable; the other
    notes follow a change, and are written soon. Each may raise CloudError, and LeaseLost.
    """

    def step_began(self, name: StepName, detail: str = "") -> None:
        """Before the step begins."""

    def step_ended(self, name: StepName, succeeded: bool, seconds: float, detail: str = "") -> None:
        """The step is over, successful or not."""

    def image_built(self, name: str, digest: str) -> None:
        """An image was pushed."""

    def revision_registered(self, key: str, arn: str) -> None:
        """A revision was registered or found identical; ``key`` is a service's, or ``migrate``."""

    def migration_started(self, task: str) -> None:
        """RunTask answered with this task's ARN."""

    def services_updating(self, after: Mapping[str, str]) -> None:
        """These services (by key) are about to be updated to these revisions."""

    def service_updated(self, key: str, deployment_id: str, arn: str) -> None:
        """UpdateService answered, for the rollout or for the revert."""

    def close(self, outcome: Outcome) -> None:
        """The release is over."""


class Commands(Protocol):
    """Commands of the user's, on the machine that deploytool runs on."""

    def run(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        timeout: float,
        write_line: LineWriter,
        pause: Callable[[float], None],
    ) -> int | None:
        """Exit code; ``None`` where it was stopped after ``timeout`` seconds. ``pause`` waits, and may raise."""


class NoCommands:
    """For what runs no command."""

    def run(self, command: Sequence[str], *_: object) -> int:
        """Never called."""
        raise AssertionError(f"{command[0]} is not run here")


@dataclass(frozen=True)
class Dependencies:
    """Everything outside, handed to the engine by the command line."""

    ecs: Ecs
    logs: Logs
    builder: Builder
    web: Web
    alarms: Alarms
    target_groups: TargetGroups
    clock: Clock
    emit: EventListener
    lease: Lease
    journal: Journal
    commands: Commands = field(default_factory=NoCommands)


class NullLock:
    """The lease where the configuration says ``ledger: false``."""

    def check(self) -> None:
        """Nobody else can have it."""

    def raise_if_lost(self) -> None:
        """No newer release can ask for it."""


class NullJournal:
    """The journal where the configuration says ``ledger: false``: nothing is recorded."""

    def step_began(self, name: StepName, detail: str = "") -> None: ...

    def step_ended(self, name: StepName, succeeded: bool, seconds: float, detail: str = "") -> None: ...

    def image_built(self, name: str, digest: str) -> None: ...

    def revision_registered(self, key: str, arn: str) -> None: ...

    def migration_started(self, task: str) -> None: ...

    def services_updating(self, after: Mapping[str, str]) -> None: ...

    def service_updated(self, key: str, deployment_id: str, arn: str) -> None: ...

    def close(self, outcome: Outcome) -> None: ...
