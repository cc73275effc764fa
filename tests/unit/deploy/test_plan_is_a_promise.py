"""`plan` against the deed: in every state both refuse for the same reason with the same exit code, or neither does.

The outside is replaced where it begins: ECS's answers, registry, ledger and lock. What decides is the real code.
"""

from __future__ import annotations

import inspect as python
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploytool.config.model import EnvironmentConfig
from deploytool.deploy import foresight, plans, session
from deploytool.deploy.context import Context, Run
from deploytool.deploy.session import DeploymentSession, PlannedDeployment, locked_session
from deploytool.ecs.client import Ecs
from deploytool.ecs.model import ServiceState, TaskDefinition, revision
from deploytool.errors import DeployError, Exit, NotFound, PermissionMissing
from deploytool.images.ecr import ScanBlocked
from deploytool.ledger.lock import REFUSE, HolderKind, LockState
from deploytool.ledger.lock_store import utc_now
from deploytool.ledger.record import Kind, Record, ServiceRecord
from deploytool.ledger.rollback_target import RollbackRequest
from deploytool.ledger.store import LedgerMissing
from deploytool.release.model import (
    Commit,
    ObservedService,
    ObservedState,
    Problem,
    PublishedImage,
    Result,
    TriggeredBy,
)
from tests.support.fake_ecs.clock import VirtualClock
from tests.unit.ledger.records import finished, record
from tests.unit.release import plan_cases as cases

NEW, OLD, OLDER = cases.SHA, "b" * 40, "c" * 40
HOST = cases.REGISTRY
DIGESTS = {NEW: cases.DIGEST, OLD: "sha256:" + "0b" * 32, OLDER: "sha256:" + "0c" * 32}


def image(commit: str) -> str:
    return f"{HOST}/shop@{DIGESTS[commit]}"


def released(name: str, commit: str, number: int, previous: str = "", **more: Any) -> Record:
    services = {
        key: ServiceRecord(key, cases.arn(key, number - 1), cases.arn(key, number)) for key in ("app", "worker")
    }
    began = record(name, commit=Commit(commit), services=services, previous=previous, images={"app": DIGESTS[commit]})
    ended = finished(began, **more)
    return replace(ended, running={key: cases.arn(key, number) for key in services}) if ended.successful else ended


R1, R2 = released("r1", OLDER, 1), released("r2", OLD, 2, "r1")


@dataclass
class World:
    """What both of them find."""

    records: tuple[Record, ...] = (R2, R1)
    """Newest first."""
    lock: LockState | None = None
    table: bool = True
    ledger: str | None = "deploytool"
    running: dict[str, int] = field(default_factory=lambda: {"app": 2, "worker": 2})
    """Service to the number of its revision."""
    rollout: str = "COMPLETED"
    status: str = "ACTIVE"
    inactive: frozenset[str] = frozenset()
    """Revisions."""
    deleted: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    """Images that the registry does not hold."""
    problems: tuple[Problem, ...] = ()
    account: str = "123456789012"
    dropped: tuple[Commit, ...] = ()
    denied: bool = False
    """IAM lets nobody read lock and ledger."""
    moved: list[str] = field(default_factory=list)

    def state(self, name: str) -> ServiceState:
        number = self.running[name]
        steady = replace(cases.state(name).deployments[0], task_definition=cases.arn(name, number))
        return cases.state(
            name,
            task_definition=cases.arn(name, number),
            status=self.status,
            deployments=(replace(steady, rollout_state=self.rollout),),
        )

    def definition(self, arn: str) -> TaskDefinition:
        name = revision(arn)
        family, _, number = name.partition(":")
        if name in self.deleted:
            raise NotFound(f"there is no {name}")
        commit = {1: OLDER, 2: OLD, 3: NEW}.get(int(number), "f" * 40)
        status = "INACTIVE" if name in self.inactive else "ACTIVE"
        made = cases.definition(family, image=image(commit) if commit in DIGESTS else f"{HOST}/shop:latest")
        return {**made, "taskDefinitionArn": arn, "revision": int(number), "status": status}


class FakeLedger:
    """Records in memory."""

    def __init__(self, world: World) -> None:
        self.world = world

    def recent(self, limit: int | None = None, **_: object) -> tuple[Record, ...]:
        if not self.world.table:
            raise LedgerMissing("deploytool", "us-east-1")
        if self.world.denied:
            raise PermissionMissing("dynamodb:Query", "*", "arn:aws:iam::1:role/plan")
        return self.world.records[:limit]

    def unfinished(self) -> tuple[Record, ...]:
        return tuple(record for record in reversed(self.recent()) if not record.finished)


class FakeLock:
    """The lock's item."""

    environment = "production"

    def __init__(self, world: World) -> None:
        self.world = world

    def read(self) -> LockState | None:
        FakeLedger(self.world).recent()
        return self.world.lock

    def take(self, _seen: object, request: LockState) -> LockState:
        return request

    def renew(self, mine: LockState, _expires: object) -> LockState:
        return mine

    def free(self, _seen: object) -> bool:
        return True


class FakeImages:
    """The registry."""

    host = HOST

    def __init__(self, world: World, commit: Commit) -> None:
        self.world, self.commit = world, commit

    def find(self, _name: str) -> PublishedImage | None:
        held = self.commit.sha in DIGESTS and self.holds(image(self.commit.sha))
        return PublishedImage(DIGESTS[self.commit.sha], ("linux/amd64",)) if held else None

    def find_digest(self, _name: str, digest: str) -> PublishedImage | None:
        return PublishedImage(digest, ("linux/amd64",)) if self.holds(f"{HOST}/shop@{digest}") else None

    def holds(self, reference: str) -> bool:
        return reference not in self.world.gone


Observed = tuple[dict[str, ObservedService], list[Problem]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    def observed(
        _session: object, ecs: Any, settings: EnvironmentConfig
    ) -> tuple[dict[str, ObservedService], list[Problem]]:
        states = ecs.services([service.service for service in settings.services.values()])
        services = {
            key: ObservedService(
                key, states[key], ecs.task_definition(states[key].task_definition), {"deploytool:commit": OLD}
            )
            for key in settings.services
            if key in states
        }
        missing = [Problem(f"there is no service {key}", "create it") for key in settings.services if key not in states]
        return services, missing

    def inspected(session: object, ecs: Any, settings: EnvironmentConfig, find: Any, _files: object) -> ObservedState:
        services, missing = observed(session, ecs, settings)
        found = {name: find(name) for name in settings.images}
        return ObservedState(made.account, services, found, problems=(*missing, *made.problems))

    def for_rollback(
        _session: object, _ecs: object, settings: EnvironmentConfig, keys: Iterable[str], running: Any
    ) -> ObservedState:
        missing = [Problem(f"there is no service {key}", "create it") for key in keys if key not in running]
        images = dict.fromkeys(settings.images)
        return ObservedState(made.account, running, images, problems=(*missing, *made.problems))

    @contextmanager
    def logs(_session: object) -> Iterator[None]:
        yield None

    for room in (plans, foresight, session):
        for name, fake in {
            "inspect": inspected,
            "inspect_rollback": for_rollback,
            "inspect_services": observed,
            "preflight": lambda *_: ((), ()),
            "read_templates": lambda *_: None,
            "images_of": lambda context, _clock: FakeImages(made, context.commit),
            "ledger_of": lambda _context: FakeLedger(made),
            "lock_of": lambda _context: FakeLock(made),
            "open_logs": logs,
            "account_id": lambda _session: made.account,
        }.items():
            if hasattr(room, name):
                monkeypatch.setattr(room, name, fake)
    states = lambda _ecs, names: {name: made.state(name) for name in names if name in made.running}  # noqa: E731
    monkeypatch.setattr(Ecs, "__init__", lambda *_: None)
    monkeypatch.setattr(Ecs, "services", states)
    monkeypatch.setattr(Ecs, "task_definition", lambda _ecs, arn: made.definition(arn))
    monkeypatch.setattr("deploytool.deploy.plans.git.between", lambda *_: made.dropped)
    monkeypatch.setattr("deploytool.deploy.plans.git.added", lambda *_: ())
    monkeypatch.setattr(session, "recover_interrupted", partial(recovered, made))
    return made


def recovered(world: World, opened: DeploymentSession) -> tuple[()]:
    """As the real recovery ends: every service of an interrupted release is on its previous revision."""
    records = opened.ledger.recent() if opened.ledger else ()
    for each in [known for known in records if known is ROLLING or not known.finished]:
        if each is ROLLING and world.rollout == "IN_PROGRESS":
            world.moved.append("all")
        for key, service in each.services.items():
            if service.after == cases.arn(key, world.running[key]):
                world.running[key] = int(service.before.rpartition(":")[2])
                world.moved.append(key)
        world.rollout = "COMPLETED"
    return ()


DECIDERS = (plans.plan_release, plans.plan_rollback, plans.plan_promotion)
RELEASE: Callable[[DeploymentSession], PlannedDeployment] = plans.plan_release
PROMOTE = partial(plans.plan_promotion, source="staging")


def rollback(*words: Any, **named: Any) -> Callable[[DeploymentSession], PlannedDeployment]:
    return partial(plans.plan_rollback, rollback=RollbackRequest(*words, **named))


class FakeContext(Context):
    """An environment of which no file is read."""

    def at(self, commit: Commit) -> Context:
        return replace(self, commit=commit)

    def elsewhere(self, environment: str) -> Context:
        return replace(self, settings=replace(self.settings, environment=environment))


def context(world: World) -> Context:
    settings = cases.settings(cases.service("app"), cases.service("worker"), ledger=world.ledger)
    anything: Any = None
    return FakeContext(Path("/nowhere"), anything, settings, Commit(NEW), anything)


def ran() -> Run:
    clock: Any = VirtualClock()
    return Run("r9", TriggeredBy("ada"), clock)


Ended = tuple[type[DeployError], int, str] | tuple[Any, ...]


def end_of(action: Callable[[], PlannedDeployment]) -> Ended:
    """The plan, or the refusal: its class, exit code and cause."""
    try:
        planned = action()
    except DeployError as error:
        return type(error), int(error.exit_code), error.cause
    plan = planned.plan
    moves = [(change.key, change.previous_revision, change.revision) for change in plan.changes]
    return planned.kind, planned.restores, plan.nothing_to_do, moves, plan.warnings


def deed(world: World, decide: Callable[[DeploymentSession], PlannedDeployment]) -> PlannedDeployment:
    with locked_session(context(world), ran(), lambda _event: None, REFUSE) as opened:
        return decide(opened)


def in_future(seconds: float) -> Any:
    return utc_now() + timedelta(seconds=seconds)


def holder(kind: HolderKind = HolderKind.RELEASE, lasts: float | None = 30) -> Callable[[], LockState]:
    """Made when it is needed: it expires."""
    return lambda: LockState(3, "r8", kind, "mona", expires=None if lasts is None else in_future(lasts))


KILLED = replace(released("r3", NEW, 3, "r2"), result=None, ended_at=None, running={})
FAILED = released("r3", NEW, 3, "r2", result=Result.ROLLED_BACK)
ROLLING = replace(released("r3", NEW, 3, "r2", result=Result.CANCELLED), running={})
ROLLING = replace(
    ROLLING, services={key: replace(each, deployment_id="ecs-svc/9") for key, each in ROLLING.services.items()}
)
CANCELLED = released("r3", NEW, 3, "r2", result=Result.CANCELLED)
BACK = replace(released("r4", OLD, 2), kind=Kind.ROLLBACK, restores="r2", previous="r3")
LOCKED, REFUSED_BEFORE = Exit.LOCKED, Exit.PRECONDITION_FAILED


@dataclass(frozen=True)
class State:
    """A state of the world, and what both say of it."""

    name: str
    verb: Callable[[DeploymentSession], PlannedDeployment]
    change: Mapping[str, Any] = field(default_factory=dict)
    code: Exit = Exit.OK
    says: str = ""


STATES = [
    State("all is well", RELEASE),
    State("there is no table", RELEASE, {"table": False}, REFUSED_BEFORE, "there is no DynamoDB table"),
    State("there is no table for a rollback", rollback(), {"table": False}, REFUSED_BEFORE, "no DynamoDB table"),
    State("there is no table for a promotion", PROMOTE, {"table": False}, REFUSED_BEFORE, "no DynamoDB table"),
    State("deployments are frozen", RELEASE, {"lock": holder(HolderKind.HOLD, None)}, LOCKED, "a freeze"),
    State("a freeze has ended", RELEASE, {"lock": holder(HolderKind.HOLD, -60)}),
    State("a freeze stops a rollback too", rollback(), {"lock": holder(HolderKind.HOLD, 600)}, LOCKED, "a freeze"),
    State("a release is in its verification", RELEASE, {"lock": holder(), "records": (KILLED, R2, R1),
          "running": {"app": 3, "worker": 3}}, LOCKED, "release r8 of mona"),
    State("a release that died has the lock still", PROMOTE, {"lock": holder(lasts=-2)}, LOCKED, "release r8"),
    State("a release that died lost the lock", RELEASE, {"lock": holder(lasts=-60)}),
    State("it is unlocked", RELEASE, {"lock": LockState(7)}),
    State("a killed release left its version", RELEASE, {"records": (KILLED, R2, R1), "running": {"app": 3,
          "worker": 3}}),
    State("a killed release left one service", RELEASE, {"records": (KILLED, R2, R1), "running": {"app": 3,
          "worker": 2}}),
    State("a killed release left its rollout", rollback(), {"records": (KILLED, R2, R1),
          "running": {"app": 3, "worker": 3}, "rollout": "IN_PROGRESS"}),
    State("a cancelled release is still rolling back", RELEASE, {"records": (ROLLING, R2, R1),
          "running": {"app": 2, "worker": 2}, "rollout": "IN_PROGRESS"}),
    State("a cancelled release was rolled back", RELEASE, {"records": (ROLLING, R2, R1)}),
    State("another rollout is in progress", RELEASE, {"rollout": "IN_PROGRESS"}, REFUSED_BEFORE, "already in progress"),
    State("a service was deleted", RELEASE, {"status": "INACTIVE"}, REFUSED_BEFORE, "service app is INACTIVE"),
    State("a service does not exist", RELEASE, {"running": {"app": 2}}, REFUSED_BEFORE, "no service worker"),
    State("a secret does not exist", RELEASE, {"problems": (Problem("no secret", "create it"),)},
          REFUSED_BEFORE, "no secret"),
    State("the live revision is INACTIVE", RELEASE, {"inactive": frozenset({"app:2"})},
          REFUSED_BEFORE, "app:2, which is INACTIVE"),
    State("the live image is gone", RELEASE, {"gone": frozenset({image(OLD)})},
          says="app cannot be rolled back if this fails"),
    State("the commit failed here", RELEASE, {"records": (FAILED, R2, R1)}, says=f"{NEW[:7]} failed here"),
    State("the commit was rolled back here", RELEASE, {"records": (BACK, released("r3", NEW, 3, "r2"), R2, R1)},
          says=f"{NEW[:7]} was rolled back here"),
    State("it was cancelled here", RELEASE, {"records": (CANCELLED, R2, R1)}),
    State("somebody deployed by other means", RELEASE, {"running": {"app": 9, "worker": 2}}, says="this replaces it"),
    State("it drops commits", RELEASE, {"dropped": (Commit(OLD, "Add"),)}, says="goes backwards"),
    State("there is no ledger", RELEASE, {"ledger": None}),
    State("there is no ledger to roll back by", rollback(), {"ledger": None}, REFUSED_BEFORE, "has no ledger"),
    State("a rollback", rollback()),
    State("a rollback of what somebody deployed", rollback(), {"running": {"app": 9, "worker": 2}},
          says="this replaces it"),
    State("a rollback drops commits", rollback(), {"dropped": (Commit(OLD, "Add"),)}, says="goes backwards"),
    State("a rollback to a commit", rollback(OLDER[:7])),
    State("a rollback to what is live", rollback("r2")),
    State("a rollback to nothing", rollback("nosuch"), {}, REFUSED_BEFORE, "no successful release nosuch"),
    State("a rollback too far", rollback(steps=5), {}, REFUSED_BEFORE, "no release 5 versions before"),
    State("a rollback when nothing was released", rollback(), {"records": ()}, REFUSED_BEFORE,
          "no successful release yet"),
    State("a rollback to a revision that is INACTIVE", rollback(), {"inactive": frozenset({"app:1"})},
          REFUSED_BEFORE, "app:1"),
    State("a rollback to a revision that was deleted", rollback(), {"deleted": frozenset({"app:1"})},
          REFUSED_BEFORE, "app:1"),
    State("a rollback to an image that is gone", rollback(), {"gone": frozenset({image(OLDER)})},
          REFUSED_BEFORE, "no longer holds"),
    State("a rollback of an unknown service", rollback(services=("wrker",)), {}, Exit.USAGE, "no service"),
    State("a rollback of one service", rollback(services=("worker",))),
    State("a rollback from what is live", rollback(expect_current="r2")),
    State("a rollback from what is live no more", rollback(expect_current="r1"), {}, REFUSED_BEFORE, "no longer live"),
    State("a rollback from what ECS does not run", rollback(expect_current="r2"), {"running": {"app": 9, "worker": 2}},
          REFUSED_BEFORE, "app is running app:9"),
    State("a rollback in another account", rollback(), {"account": "210987654321"}),
    State("a promotion", PROMOTE),
    State("a promotion of nothing", PROMOTE, {"records": ()}, REFUSED_BEFORE, "nothing was released to staging"),
    State("a promotion of an image that is gone", PROMOTE, {"gone": frozenset({image(OLD)})}, REFUSED_BEFORE,
          "does not hold image"),
    State("a promotion without ledger", PROMOTE, {"ledger": None}, REFUSED_BEFORE, "has no ledger"),
    State("a promotion of what does not run there", PROMOTE, {"running": {"app": 9, "worker": 2}},
          says="staging: app is running"),
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_plan_and_deed_end_alike(world: World, state: State) -> None:
    for name, value in state.change.items():
        setattr(world, name, value() if callable(value) else value)

    notes: list[str] = []

    def planned() -> PlannedDeployment:
        made, said = foresight.foresee(context(world), ran(), state.verb)
        notes.extend(said)
        return made

    plan = end_of(planned)
    done = end_of(lambda: deed(world, state.verb))

    assert plan == done
    assert (plan[1] if isinstance(plan[0], type) else Exit.OK) == state.code
    assert state.says in str(plan)
    assert bool(world.moved) == any("is recovered first" in note for note in notes)


def every_error(base: type[DeployError] = DeployError) -> Iterator[type[DeployError]]:
    for error in base.__subclasses__():
        yield error
        yield from every_error(error)


def test_every_refusal_of_the_contracts_has_a_state(world: World) -> None:
    raised = set()
    for state in STATES:
        for name, value in (vars(World()) | dict(state.change)).items():
            setattr(world, name, value() if callable(value) else value)
        end = end_of(lambda decide=state.verb: foresight.foresee(context(world), ran(), decide)[0])  # type: ignore[misc]
        raised |= {end[0].__name__} if isinstance(end[0], type) else set()
    contracts = " ".join(python.getdoc(each) or "" for each in (*DECIDERS, foresight.require_unlocked))
    named = {error.__name__ for error in every_error()} & set(re.findall(r"[A-Z]\w+", contracts))

    assert named - {"CloudError"} == raised - {"LedgerMissing"}
    assert "LedgerMissing" in raised


def test_a_release_is_planned_when_the_ledger_may_not_be_read(world: World) -> None:
    world.denied = True

    with pytest.raises(PermissionMissing):
        foresight.foresee(context(world), ran(), rollback(), needs_ledger=True)
    planned, notes = foresight.foresee(context(world), ran(), RELEASE)

    assert planned.plan.changes
    assert notes[0].startswith("lock and ledger were not checked: arn:aws:iam::1:role/plan may not call dynamodb:Query")


def test_a_service_without_a_deployment_is_expected_on_its_revision() -> None:
    bare = cases.state("app", deployments=())
    assert foresight._settled(bare, cases.arn("app", 7)).task_definition == cases.arn("app", 7)


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize(("builds", "digest"), [(True, cases.DIGEST), (True, None), (False, cases.DIGEST)])
def test_an_image_that_its_scan_does_not_allow_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, refuses: bool, builds: bool, digest: str | None
) -> None:
    blocked = ScanBlocked("the scan of image app found 1 critical", "fix it")
    monkeypatch.setattr(FakeImages, "scan_refusal", lambda *_: blocked if refuses else None, raising=False)
    planned, _ = foresight.foresee(context(world), ran(), RELEASE)
    images = {name: replace(choice, digest=digest) for name, choice in planned.plan.images.items()}
    planned = replace(planned, plan=replace(planned.plan, images=images), images=planned.images if builds else None)

    if refuses and builds and digest:
        with pytest.raises(ScanBlocked):
            foresight.require_scanned(planned)
    else:
        foresight.require_scanned(planned)
