"""A whole world for the engine to release into, and the plan of a release into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploytool.config import model as config
from deploytool.release.engine import run
from deploytool.release.events import Event
from deploytool.release.model import HttpResponse, NoResponse, ObservedService, Outcome, Plan
from deploytool.release.planner import plan
from deploytool.release.ports import Dependencies
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.ecs import EcsModel
from tests.support.fake_ecs.notes import ModelJournal, ModelLease
from tests.support.fake_ecs.surroundings import (
    ModelAlarms,
    ModelBuilder,
    ModelCommands,
    ModelLogs,
    ModelTargetGroups,
    ModelWeb,
)
from tests.unit.release import plan_cases as cases


@dataclass
class Cloud:
    """ECS and its surroundings, and everything that the engine emitted."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    events: list[Event] = field(default_factory=list)
    ecs: EcsModel = field(init=False)
    logs: ModelLogs = field(default_factory=ModelLogs)
    builder: ModelBuilder = field(default_factory=ModelBuilder)
    web: ModelWeb = field(init=False)
    alarms: ModelAlarms = field(init=False)
    target_groups: ModelTargetGroups = field(default_factory=ModelTargetGroups)
    lease: ModelLease = field(default_factory=ModelLease)
    journal: ModelJournal = field(default_factory=ModelJournal)
    commands: ModelCommands = field(default_factory=ModelCommands)

    def __post_init__(self) -> None:
        self.ecs = EcsModel(self.clock)
        self.web = ModelWeb(self.answers)
        self.alarms = ModelAlarms(self.clock)

    def answers(self, url: str) -> HttpResponse | NoResponse:
        """The app tells the commit of the revision that serves behind the load balancer."""
        serving = self.ecs.members["app"].running
        if not serving:
            return NoResponse("connection")
        tags = self.ecs.registered.get(max(serving), {}).get("tags", {})
        return HttpResponse(200, f'{{"version": "{tags.get("deploytool:commit", "before")}"}}')

    def plan(self, *services: config.ServiceConfig, **more: Any) -> Plan:
        """Planned from what the model shows now."""
        live = [
            ObservedService(
                each.name, self.ecs.members[each.name].view(), cases.definition(each.name), host="shop.test"
            )
            for each in services
        ]
        images = {"images": more.pop("published")} if "published" in more else {}
        settings = cases.settings(*services, **more)
        task = cases.definition("migrate") if settings.migrate else None
        return plan(cases.REQUEST, settings, cases.live(*live, migrate=task, **images), cases.REGISTRY)

    def release(self, wanted: Plan) -> Outcome:
        """Run the engine to its end."""
        return run(wanted, self.deps)

    @property
    def deps(self) -> Dependencies:
        """Everything the engine reaches."""
        return Dependencies(
            self.ecs,
            self.logs,
            self.builder,
            self.web,
            self.alarms,
            self.target_groups,
            self.clock,
            self.events.append,
            self.lease,
            self.journal,
            self.commands,
        )

    def running(self, name: str) -> int:
        """Number of the revision a service is on; 0 where two of them run."""
        serving = self.ecs.members[name].running
        return int(next(iter(serving)).rsplit(":", 1)[-1]) if len(serving) == 1 else 0
