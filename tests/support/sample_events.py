"""Plans, events and outcomes that the tests of report and github tell from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.ecs.model import ServiceState
from deploytool.output.progress import ReleaseView, apply
from deploytool.release.events import (
    Ended,
    Event,
    Explained,
    OutputLine,
    Planned,
    ServiceProgress,
    StepBegan,
    StepEnded,
)
from deploytool.release.model import (
    Build,
    Commit,
    DeployServices,
    ImageChoice,
    Migrate,
    Outcome,
    Plan,
    ReleaseRequest,
    Result,
    ServiceOutcome,
    ServiceUpdate,
    StepName,
    Timing,
    TriggeredBy,
    Verify,
)

START = datetime(2026, 11, 23, 12, 3, 7, tzinfo=UTC)
RELEASE = "r-20261123-120307-4f2a9c1"
SHA = "4f2a9c1d8e7b6a5f4e3d2c1b0a9f8e7d6c5b4a39"
OLD_DIGEST = "sha256:" + "1b" * 32
NEW_DIGEST = "sha256:" + "9c" * 32
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def at(seconds: float) -> datetime:
    """A moment of the story, counted from its start."""
    return START + timedelta(seconds=seconds)


def arn(family: str, number: int) -> str:
    """A task definition's ARN."""
    return f"arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:{number}"


def service(name: str, number: int, desired: int = 2) -> ServiceState:
    """A service that runs revision ``number``."""
    return ServiceState(
        name=name,
        arn=f"arn:aws:ecs:us-east-1:123456789012:service/shop/{name}",
        cluster="shop",
        status="ACTIVE",
        task_definition=arn(name, number),
        desired=desired,
        running=desired,
        pending=0,
    )


def change(key: str, number: int, desired: int = 2) -> ServiceUpdate:
    """A service that gets the new image."""
    name = f"shop-{key}"
    old = f"{REGISTRY}/shop@{OLD_DIGEST}"
    return ServiceUpdate(
        key=key,
        name=name,
        base={
            "family": name,
            "taskDefinitionArn": arn(name, number),
            "containerDefinitions": [{"name": key, "image": old}],
        },
        images={key: "app"},
        previous_revision=arn(name, number),
        before=service(name, number, desired),
        diff=(f"container {key}: image shop@{OLD_DIGEST[:19]} becomes shop:{SHA[:7]}",),
    )


def plan(
    subject: str = "Add the cart (#12)",
    environment: str = "production",
    warnings: tuple[str, ...] = (),
    nothing: bool = False,
    built: bool = False,
) -> Plan:
    """Build, migrate, roll out app and worker, verify."""
    app, worker = change("app", 41), change("worker", 17, desired=1)
    digest = NEW_DIGEST if built else None
    images = {
        name: ImageChoice(name, f"{REGISTRY}/shop:{SHA[:12]}{tail}", digest)
        for name, tail in (("app", ""), ("migrate", "-migrate"))
    }
    steps = (
        *(() if built else (Build(("app", "migrate")),)),
        Migrate("shop-migrate", app.base, "app", "migrate", ("npm", "run", "migrate"), app.before, 900.0),
        DeployServices((app, worker), 1800.0),
        Verify("app", "https://shop.example/api/health", 200, None, SHA, 60.0, 1.0),
    )
    return Plan(
        request=ReleaseRequest(
            release_id=RELEASE,
            app="shop",
            environment=environment,
            commit=Commit(SHA, subject, START),
            triggered_by=TriggeredBy("mona", "https://github.com/a/b/actions/runs/7", "7", 12),
        ),
        cluster="shop",
        region="us-east-1",
        images=images,
        steps=() if nothing else steps,
        warnings=warnings,
        url="https://shop.example",
    )


def migration_only(told: Plan | None = None) -> Plan:
    """The migration of ``told`` alone."""
    whole = told or plan()
    return replace(whole, steps=tuple(step for step in whole.steps if isinstance(step, Build | Migrate)))


CRASH = Diagnosis(
    code="exit-1",
    cause="container worker exited with code 1 right after its start",
    fix="read its last lines below, correct the start command or what it needs",
    subject="worker",
    quote="Essential container in task exited",
    log=("booting worker", "Error: Cannot find module '/app/worker.js'"),
)


def live(key: str, number: int) -> ServiceOutcome:
    """A service on its new revision."""
    name = f"shop-{key}"
    after = arn(name, number + 1)
    return ServiceOutcome(key, name, DeploymentStatus(DeploymentState.SUCCEEDED), after, arn(name, number), after)


def back(key: str, number: int, fate: DeploymentState) -> ServiceOutcome:
    """A service that went back to the revision before."""
    name = f"shop-{key}"
    before = arn(name, number)
    return ServiceOutcome(
        key,
        name,
        DeploymentStatus(fate, "tasks failed to start"),
        before,
        before,
        arn(name, number + 1),
        DeploymentStatus(DeploymentState.SUCCEEDED),
    )


def released(of: Plan | None = None) -> Outcome:
    """All went well."""
    return Outcome(
        plan=of or plan(),
        result=Result.RELEASED,
        summary="4f2a9c1 is live in production.",
        services=(live("app", 41), live("worker", 17)),
        digests=(("app", NEW_DIGEST),),
        timings=(
            Timing(StepName.BUILD, 31.2),
            Timing(StepName.MIGRATE, 6.4),
            Timing(StepName.DEPLOY, 42.0),
            Timing(StepName.VERIFY, 0.4),
        ),
        seconds=81.3,
    )


def rolled_back(diagnosis: Diagnosis = CRASH, of: Plan | None = None) -> Outcome:
    """The worker crashed; everything is back."""
    return Outcome(
        plan=of or plan(),
        result=Result.ROLLED_BACK,
        summary="The release failed: worker crashed; every service is back on the version before.",
        services=(back("app", 41, DeploymentState.STOPPED), back("worker", 17, DeploymentState.ROLLED_BACK)),
        diagnoses=(diagnosis,),
        digests=(("app", NEW_DIGEST),),
        timings=(Timing(StepName.BUILD, 31.2), Timing(StepName.DEPLOY, 20.0), Timing(StepName.REVERT, 12.0)),
        seconds=66.0,
    )


def moved(
    key: str, running: int, desired: int, fate: DeploymentState = DeploymentState.IN_PROGRESS, detail: str = ""
) -> ServiceProgress:
    """News of one service."""
    return ServiceProgress(key, DeploymentStatus(fate, detail), running, desired)


def good_events(of: Plan | None = None) -> tuple[tuple[float, Event], ...]:
    """A release that goes well, with the second each event was told."""
    the_plan = of or plan()
    return (
        (0.0, Planned(the_plan)),
        (0.1, StepBegan(StepName.BUILD, "app, migrate")),
        (9.0, OutputLine(StepName.BUILD, "#7 naming to shop:4f2a9c1")),
        (31.3, StepEnded(StepName.BUILD, True, 31.2)),
        (31.4, StepBegan(StepName.MIGRATE)),
        (33.0, OutputLine(StepName.MIGRATE, "applied 0003_cart.sql")),
        (37.8, StepEnded(StepName.MIGRATE, True, 6.4, "exit code 0")),
        (37.9, StepBegan(StepName.DEPLOY, "app, worker")),
        (40.0, moved("app", 1, 2, detail="1 pending")),
        (40.1, moved("worker", 1, 1, detail="waits for the old task to stop")),
        (79.0, moved("app", 2, 2, DeploymentState.SUCCEEDED)),
        (79.1, moved("worker", 1, 1, DeploymentState.SUCCEEDED)),
        (79.9, StepEnded(StepName.DEPLOY, True, 42.0)),
        (80.0, StepBegan(StepName.VERIFY, "https://shop.example/api/health")),
        (80.4, StepEnded(StepName.VERIFY, True, 0.4)),
        (81.3, Ended(released(the_plan))),
    )


def bad_events(of: Plan | None = None, diagnosis: Diagnosis = CRASH) -> tuple[tuple[float, Event], ...]:
    """A release whose worker crashes."""
    the_plan = of or plan()
    return (
        (0.0, Planned(the_plan)),
        (0.1, StepBegan(StepName.BUILD)),
        (31.3, StepEnded(StepName.BUILD, True, 31.2)),
        (31.4, StepBegan(StepName.DEPLOY)),
        (40.0, moved("worker", 0, 1, detail="1 failed")),
        (45.0, Explained(diagnosis)),
        (51.0, moved("worker", 1, 1, DeploymentState.ROLLED_BACK, "tasks failed to start")),
        (51.4, StepEnded(StepName.DEPLOY, False, 20.0)),
        (51.5, StepBegan(StepName.REVERT)),
        (63.5, StepEnded(StepName.REVERT, True, 12.0)),
        (66.0, Ended(rolled_back(diagnosis, the_plan))),
    )


def told(events: tuple[tuple[float, Event], ...]) -> ReleaseView:
    """The story of these events."""
    story = ReleaseView()
    for seconds, event in events:
        story = apply(story, event, at(seconds))
    return story
