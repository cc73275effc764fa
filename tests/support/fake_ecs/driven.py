"""The model in memory, driven by a timeline of the evidence."""

from __future__ import annotations

from deploytool.ecs.model import ServiceDeployment, ServiceState
from tests.support.evidence import BREAKERS, Setup
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.ecs import EcsModel, revision
from tests.support.fake_ecs.life import CRASHES, HEALTHY, NEVER_READY, NO_IMAGE

LIVES = {"healthy": HEALTHY, "crashes": CRASHES, "no-image": NO_IMAGE, "hangs": NEVER_READY}
POLL = 0.4
"""Seconds of virtual time between two readings."""


class InMemory:
    """``tests.support.conformance.Model``."""

    def __init__(self) -> None:
        self._ecs = EcsModel(VirtualClock(), details=True)
        self._updates = 1

    def start(self, setup: Setup) -> None:
        """A service as a test of the engine adds it."""
        breaker, rollback = BREAKERS[setup.breaker]
        how = {"desired": setup.desired, "breaker": breaker, "rollback": rollback}
        self._service = self._ecs.add("app", **how, strategy=setup.strategy, hook=setup.hook)

    def do(self, step: str) -> ServiceState | None:
        """One step of ``drive``."""
        match step.split():
            case ["update" | "force" as verb, life]:
                self._updates += verb == "update"
                number = self._updates if verb == "update" else 1
                arn = revision("app", number)
                self._ecs.lives[arn] = LIVES[life]
                self._service.move_to(arn, force=verb == "force")
                return self._service.view()
            case ["revert"]:
                self._service.move_to(revision("app", 1))
                return self._service.view()
            case ["alarm"]:
                self._service.alarm()
            case ["continue" | "refuse" as answer]:
                self._service.answer_hook(go_on=answer == "continue")
            case ["stop"]:
                assert self._service.stop(self._service.primary.id)
            case ["protect"]:
                self._service.protected = True
            case ["unprotect"]:
                self._service.unprotect()
            case _:
                raise ValueError(f"no such step: {step}")
        return None

    def look(self) -> tuple[ServiceState, ServiceDeployment | None]:
        """As DescribeServices and DescribeServiceDeployments show it."""
        current = next(reversed(self._service.told), None)
        return self._service.view(), self._service.service_deployment(current) if current else None

    def wait(self) -> None:
        """Virtual time passes."""
        self._ecs.clock.sleep(POLL)
