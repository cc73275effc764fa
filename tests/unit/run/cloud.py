"""A whole world for the engine to release into, and the plan of a release into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploytool.core.config import model as config
from deploytool.core.events import Event
from deploytool.core.model import LiveService
from deploytool.core.outcome import Outcome
from deploytool.core.plan import plan
from deploytool.core.plan_model import Plan
from deploytool.core.probe import Answer, NoAnswer
from deploytool.run.engine import run
from deploytool.run.ports import World
from tests.peers.ecs_model.clock import VirtualClock
from tests.peers.ecs_model.ecs import EcsModel
from tests.peers.ecs_model.notes import ModelJournal, ModelLease
from tests.peers.ecs_model.surroundings import ModelAlarms, ModelBuilder, ModelLogs, ModelTargetGroups, ModelWeb
from tests.unit.core import plan_cases as cases


@dataclass
class Cloud:
    """ECS and its surroundings, and everything the engine told."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    told: list[Event] = field(default_factory=list)
    ecs: EcsModel = field(init=False)
    logs: ModelLogs = field(default_factory=ModelLogs)
    builder: ModelBuilder = field(default_factory=ModelBuilder)
    web: ModelWeb = field(init=False)
    alarms: ModelAlarms = field(init=False)
    target_groups: ModelTargetGroups = field(default_factory=ModelTargetGroups)
    lease: ModelLease = field(default_factory=ModelLease)
    journal: ModelJournal = field(default_factory=ModelJournal)

    def __post_init__(self) -> None:
        self.ecs = EcsModel(self.clock)
        self.web = ModelWeb(self.answers)
        self.alarms = ModelAlarms(self.clock)

    def answers(self, url: str) -> Answer | NoAnswer:
        """The app tells the commit of the revision that serves behind the load balancer."""
        serving = self.ecs.members["app"].serving
        if not serving:
            return NoAnswer("connection")
        tags = self.ecs.registered.get(max(serving), {}).get("tags", {})
        return Answer(200, f'{{"version": "{tags.get("deploytool:commit", "before")}"}}')

    def plan(self, *services: config.Service, **more: Any) -> Plan:
        """Planned from what the model shows now."""
        live = [
            LiveService(each.name, self.ecs.members[each.name].view(), cases.definition(each.name), host="shop.test")
            for each in services
        ]
        images = {"images": more.pop("published")} if "published" in more else {}
        settings = cases.settings(*services, **more)
        task = cases.definition("migrate") if settings.migrate else None
        return plan(cases.REQUEST, settings, cases.live(*live, migrate=task, **images), cases.REGISTRY)

    def release(self, wanted: Plan) -> Outcome:
        """Run the engine to its end."""
        return run(wanted, self.world)

    @property
    def world(self) -> World:
        """Everything the engine reaches."""
        return World(
            self.ecs,
            self.logs,
            self.builder,
            self.web,
            self.alarms,
            self.target_groups,
            self.clock,
            self.told.append,
            self.lease,
            self.journal,
        )

    def serves(self, name: str) -> int:
        """Number of the revision a service is on; 0 where two of them run."""
        serving = self.ecs.members[name].serving
        return int(next(iter(serving)).rsplit(":", 1)[-1]) if len(serving) == 1 else 0
