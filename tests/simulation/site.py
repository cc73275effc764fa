"""An environment that several processes work on, one after another or one while another stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploytool.ecs.model import RELEASE_TAG
from deploytool.release.model import HttpResponse, NoResponse
from tests.simulation.schedule import Schedule
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.ecs import EcsModel, revision
from tests.support.fake_ecs.table import ModelTable
from tests.unit.release import plan_cases as cases

SERVICES = ("app", "worker")
FOREIGN = 900
"""Revisions from this number on were deployed by somebody else."""


class Broke(BaseException):
    """An invariant does not hold. Not an Exception: the engine would take it for a fault of its own."""


@dataclass
class Site:
    """The model, the table, and everything that happened, for the trace."""

    schedule: Schedule
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(pace=2.0))
    table: ModelTable = field(default_factory=ModelTable)
    ecs: EcsModel = field(init=False)
    trace: list[str] = field(default_factory=list)
    foreign: dict[str, float] = field(default_factory=dict)
    """Service to the moment somebody else deployed it last."""
    verify_fails: set[str] = field(default_factory=set)
    """Releases that never answer as they should."""
    said_mixed: set[tuple[tuple[str, str], ...]] = field(default_factory=set)
    """What services were on when somebody was told that they are not of one release, or made them so."""
    told_to_look: bool = False
    """A release ended with exit 7, and none ended well since: ECS may still do what it will."""
    named: int = 0

    def __post_init__(self) -> None:
        self.ecs = EcsModel(self.clock, details=self.schedule.details, stale=self.schedule.stale)
        for name in SERVICES:
            self.ecs.add(
                name,
                breaker=self.schedule.breaker,
                rollback=self.schedule.rollback,
                ministack=self.schedule.ministack,
                quiet=self.schedule.quiet,
            )

    def note(self, text: str) -> None:
        """One line of the trace."""
        self.trace.append(f"{self.clock.now:7.1f}  {text}")

    def next_id(self) -> str:
        """Release ids sort by time."""
        self.named += 1
        return f"r-{self.named:03}"

    def deploy_by_other_means(self, name: str) -> None:
        """A person with the console."""
        number = FOREIGN + len(self.foreign)
        self.note(f"somebody else deploys {name}:{number}")
        self.foreign[name] = self.clock.now
        self.ecs.members[name].move_to(revision(name, number))

    def definition(self, arn: str) -> dict[str, Any]:
        """DescribeTaskDefinition."""
        family = arn.rsplit("/", 1)[-1].rpartition(":")[0]
        known = self.ecs.registered.get(arn, {})
        tags = [{"key": key, "value": value} for key, value in known.get("tags", {}).items()]
        return {**cases.definition(family), **known, "taskDefinitionArn": arn, "status": "ACTIVE", "tags": tags}

    def get(self, url: str, timeout: float) -> HttpResponse | NoResponse:
        """Port ``release.ports.Web``: the app behind its load balancer tells which release it is."""
        self.ecs.life.call()
        app = self.ecs.members["app"]
        if not app.running:
            return NoResponse("connection")
        serving = app.primary.revision if app.primary.revision in app.running else min(app.running)
        release = self.release_of(serving)
        if release in self.verify_fails:
            return HttpResponse(500, "no")
        return HttpResponse(200, f'{{"version": "{commit_of(release)}"}}')

    def release_of(self, arn: str) -> str:
        """The release that registered a revision; ``foreign``, or ``first`` for what was there before all of them."""
        if int(arn.rsplit(":", 1)[-1]) >= FOREIGN:
            return "foreign"
        return str(self.ecs.registered.get(arn, {}).get("tags", {}).get(RELEASE_TAG, "first"))

    def live(self) -> dict[str, str]:
        """The release each service is on or moving to."""
        return {name: self.release_of(self.ecs.members[name].primary.revision) for name in SERVICES}

    def mixed(self) -> bool:
        """App and worker are of two releases."""
        return len(set(self.live().values())) > 1


def commit_of(release: str) -> str:
    """A commit per release."""
    return release.replace("-", "").encode().hex().ljust(40, "0")[:40]
