"""A MiniStack, the front before it, and an environment of three tiny stacks that is driven through both."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploytool.aws.session import Session
from deploytool.infra.apply import apply
from deploytool.infra.client import ChangeSets, Drift, Stacks
from deploytool.infra.destroy import destroy, plan_deletion
from deploytool.infra.events import InfraEvent, InfraOutcome
from deploytool.infra.plan import InfraPlan
from deploytool.infra.planner import draft_plan
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.stacks import Allowed, Stack
from deploytool.infra.templates import Template
from deploytool.release.events import Event, WarningIssued
from tests.integration.infra.documents import Document, base, service, top
from tests.integration.infra.surroundings import FewImages, QuickClock, unlocked
from tests.support.aws_fault_proxy.client import Front, start_front
from tests.support.free_port import free_port
from tests.support.ministack import point_to, running_ministack

REGION = "us-east-1"
ACCOUNT = "000000000000"


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), "stacks") as address:
        yield address


@pytest.fixture(scope="session")
def session_front(upstream: str) -> Iterator[Front]:
    with start_front(upstream, free_port()) as front:
        yield front


@pytest.fixture
def front(session_front: Front) -> Iterator[Front]:
    session_front.reset()
    yield session_front
    session_front.reset()


@pytest.fixture
def session(front: Front, monkeypatch: pytest.MonkeyPatch) -> Session:
    point_to(front.base_url, monkeypatch)
    return Session(REGION)


@dataclass
class Site:
    """An app of its own, so that no test meets another's stacks."""

    session: Session
    front: Front
    app: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    told: list[InfraEvent | Event] = field(default_factory=list)
    images: FewImages = field(default_factory=FewImages)
    documents: dict[str, Document] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    clock: QuickClock = field(default_factory=QuickClock)
    guard: Any = unlocked

    def __post_init__(self) -> None:
        self.documents = {"base": base(self.app), "top": top(self.app), "service": service(self.app)}
        self.known = {"App": self.app}

    @property
    def client(self) -> Any:
        """CloudFormation, as a test looks at it."""
        return self.session.client("cloudformation")

    def name(self, key: str) -> str:
        return f"{self.app}-{key}"

    def target(self, **more: Any) -> Target:
        needs = {"top": ("base",), "service": ("base",)}
        keys = more.pop("keys", tuple(self.documents))
        return Target(
            self.app,
            "test",
            REGION,
            ACCOUNT,
            tuple(
                Stack(
                    key, self.name(key), tuple(n for n in needs.get(key, ()) if n in keys), runs_images=key == "service"
                )
                for key in keys
            ),
            {key: Template(key, json.dumps(each), each) for key, each in self.documents.items()},
            self.known,
            more.pop("run_id", uuid.uuid4().hex[:8]),
            image_names=("AppImage",),
            **{"timeout": 60.0, **more},
        )

    def deps(self) -> InfraDependencies:
        return InfraDependencies(
            Stacks(self.session),
            ChangeSets(self.session),
            Drift(self.session),
            self.images,
            self.guard,
            self.clock,
            self.told.append,
        )

    def apply(self, **more: Any) -> InfraOutcome:
        self.told.clear()
        return apply(self.target(**more), self.deps())

    def plan(self, **more: Any) -> InfraPlan:
        with draft_plan(self.target(**more), self.deps()) as found:
            return found.plan

    def destroy(self, *, include_data: bool = True, include_account: bool = True, **more: Any) -> InfraOutcome:
        target, deps = self.target(**more), self.deps()
        plan = plan_deletion(target, deps, include_data=include_data, include_account=include_account)
        return destroy(plan, target, deps)

    def warnings(self) -> list[str]:
        """What was told as a warning."""
        return [each.text for each in self.told if isinstance(each, WarningIssued)]

    def change(self, key: str, edit: Callable[[Document], Document]) -> None:
        """Another template from now on."""
        self.documents[key] = edit(self.documents[key])

    def status(self, key: str) -> str:
        found = Stacks(self.session).describe(self.name(key))
        return found.status if found else ""

    def change_sets(self, key: str) -> dict[str, str]:
        """Name of each change set that there is → its execution status."""
        change_sets = ChangeSets(self.session)
        listed = change_sets.listed(self.name(key))
        return {each.name: change_sets.read(each.arn).execution_status for each in listed}

    def resources(self, key: str) -> dict[str, str]:
        """Logical id → status."""
        return {each.logical_id: each.status for each in Stacks(self.session).held(self.name(key))}

    def happened(self, key: str, logical_id: str, status: str) -> bool:
        """CloudFormation has told this of the resource."""
        events = Stacks(self.session).events(self.name(key), "") if self.status(key) else ()
        return any((event.logical_id, event.status) == (logical_id, status) for event in events)

    def executions(self) -> int:
        """How many times a change set was executed in earnest: operations that the stacks' own events tell."""
        starts = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
        events = [
            e for key in self.documents if self.status(key) for e in Stacks(self.session).events(self.name(key), "")
        ]
        return sum(e.of_stack and e.status in starts for e in events)


@pytest.fixture
def site(session: Session, front: Front) -> Site:
    return Site(session, front)


def allowing(*names: str) -> Allowed:
    return Allowed(frozenset(names), frozenset(names))
