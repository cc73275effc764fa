"""Whether a model of ECS shows what the evidence shows: it is driven as a timeline says, and its readings compared.

Compared are transitions: which deployments are listed, in which order, their status, rolloutState and reasons, the
wording of events, and the status and stage of the service deployment. Times and counts are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.model import Deployment, ServiceDeployment, ServiceState, revision
from tests.support.evidence import Reading, Setup, Timeline, kind, role, timelines

Look = tuple[ServiceState, ServiceDeployment | None]
Entry = tuple[str, str, str]
MOMENT = 12
"""Readings that ``await a moment`` takes."""
PATIENCE = 400
"""Readings after which a model is said never to show what it is waited for."""

ALWAYS = frozenset(
    {
        "(service S) rolling back to deployment PREVIOUS",
        "(service S) (deployment OURS) deployment failed: tasks failed to start",
        "(service S) (deployment OURS) deployment failed: alarm detected",
        "(service S) (deployment OURS) deployment completed",
        "(service S) has reached a steady state",
        "(service S, taskSet PREVIOUS) was unable to scale in due to (reason N tasks under protection)",
    }
)
"""Events that a model must show where the evidence does. How many tasks start, stop or drain meanwhile depends on
counts and times; of those only the wording must be known."""

WORDINGS = ALWAYS | {
    "(service S) has started N tasks",
    "(service S) has stopped N running tasks",
    "(service S) stopped N pending tasks",
    "(service S) was unable to place a task. Reason: R",
    "(service S) registered N targets in (target-group A)",
    "(service S) deregistered N targets in (target-group A)",
    "(service S, taskSet PREVIOUS) has begun draining connections on N tasks",
}
"""Sources: the timelines; for tasks that do not start https://github.com/aws/copilot-cli/issues/3064."""

NEXT = {
    "": {"PENDING", "IN_PROGRESS"},
    "PENDING": {"IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"},
    "IN_PROGRESS": {
        "SUCCESSFUL",
        "STOP_REQUESTED",
        "STOPPED",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
    },
    "STOP_REQUESTED": {"STOPPED"},
    "ROLLBACK_REQUESTED": {"ROLLBACK_IN_PROGRESS"},
    "ROLLBACK_IN_PROGRESS": {"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"},
}
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html; between two readings
ROLLBACK_IN_PROGRESS may pass unseen."""


class Model(Protocol):
    """One service of a model of ECS."""

    def start(self, setup: Setup) -> None:
        """Revision 1 is live and steady."""

    def do(self, step: str) -> ServiceState | None:
        """One step of ``drive``; the answer of UpdateService where it is one."""

    def look(self) -> Look:
        """DescribeServices, and DescribeServiceDeployments of the current one."""

    def wait(self) -> None:
        """A short while."""


@dataclass(frozen=True)
class Run:
    """What a model showed of one timeline."""

    rollout: Rollout
    looks: tuple[Look, ...]


def drive(model: Model, timeline: Timeline) -> Run:
    """Drive ``model`` until it showed every reading of ``timeline``, or long enough."""
    model.start(timeline.setup)
    before = model.look()[0].primary
    assert before is not None, "the service has no deployment"
    rollout, looks = Rollout("app", "", "", before.id, before.task_definition), [model.look()]
    for step in timeline.drive:
        if step.startswith("await "):
            _await(model, step.removeprefix("await "), rollout, looks)
            continue
        answer = model.do(step.removeprefix("other "))
        looks.append((answer, None) if answer else model.look())
        if step.split()[0] in ("update", "force"):
            primary = looks[-1][0].primary
            assert primary is not None, "an update began nothing"
            rollout = Rollout("app", primary.id, primary.task_definition, before.id, before.task_definition)
    while len(_shown(timeline, rollout, looks)) < len(_expected(timeline)) and len(looks) < PATIENCE:
        model.wait()
        looks.append(model.look())
    return Run(rollout, tuple(looks))


def _await(model: Model, what: str, rollout: Rollout, looks: list[Look]) -> None:
    for waited in range(PATIENCE):
        service, service_deployment = looks[-1]
        if _reached(what, waited, rollout, service, service_deployment):
            return
        model.wait()
        looks.append(model.look())
    raise AssertionError(f"never reached: {what}; last: {looks[-1]}")


def _reached(
    what: str, waited: int, rollout: Rollout, service: ServiceState, service_deployment: ServiceDeployment | None
) -> bool:
    primary = service.primary
    match what:
        case "a moment":
            return waited >= MOMENT
        case "traffic":
            return bool(primary and primary.id == rollout.deployment_id and primary.running >= service.desired)
        case "rollback":
            return bool(primary and primary.id == rollout.previous_deployment_id)
        case "hook":
            return bool(service_deployment and service_deployment.paused_hook)
        case "progress":
            return bool(service_deployment and service_deployment.status == "IN_PROGRESS")
        case "protected":
            return any("under protection" in event.message for event in service.events)
    raise ValueError(f"no such thing to await: {what}")


def problems(run: Run, timeline: Timeline) -> Iterable[str]:
    """What of the evidence ``run`` contradicts; nothing where the model conforms."""
    shown, expected = _shown(timeline, run.rollout, run.looks), _expected(timeline)
    if len(shown) < len(expected):
        missing = expected[len(shown)]
        yield f"never shown: reading {timeline.readings.index(missing)}: {missing}"
    for service, _ in run.looks:
        if _entries(service, run.rollout) not in _known_states():
            yield f"no evidence lists {_entries(service, run.rollout)}"
        for entry in service.deployments:
            reason = kind(entry.rollout_state_reason, _named(run.rollout, entry.id))
            if reason and reason not in _known_reasons():
                yield f"no evidence has the reason {entry.rollout_state_reason!r}"
    events = [kind(event.message, run.rollout) for event in reversed(run.looks[-1][0].events)]
    yield from (f"no evidence has the event {event!r}" for event in events if _anyones(event) not in WORDINGS_OF_ANYONE)
    yield from _missing_events(timeline, events)
    yield from _transitions(
        service_deployment for _, service_deployment in run.looks if _is_ours(run, service_deployment)
    )


def _expected(timeline: Timeline) -> list[Reading]:
    return [reading for reading in timeline.readings if not reading.passing]


def _shown(timeline: Timeline, rollout: Rollout, looks: Sequence[Look]) -> list[Reading]:
    """The readings that were shown, in their order, up to the first that was not."""
    shown, left = [], _expected(timeline)
    for service, service_deployment in looks:
        while left and _shows(left[0], timeline.rollout, rollout, service, service_deployment):
            shown.append(left.pop(0))
    return shown


def _shows(
    reading: Reading,
    theirs: Rollout,
    rollout: Rollout,
    service: ServiceState,
    service_deployment: ServiceDeployment | None,
) -> bool:
    if reading.service and not _lists(reading, theirs, rollout, service):
        return False
    wanted = reading.service_deployment
    if wanted is None:
        return True
    ours = rollout.deployment_id.rpartition("/")[2]
    if service_deployment is None or service_deployment.target_revision.rpartition("/")[2] != ours:
        return False
    return (
        wanted.status == service_deployment.status
        and wanted.lifecycle_stage in ("", service_deployment.lifecycle_stage)
        and bool(wanted.paused_hook) <= bool(service_deployment.paused_hook)
        and _first_sentence(wanted.status_reason) in ("", _first_sentence(service_deployment.status_reason))
    )


def _lists(reading: Reading, theirs: Rollout, rollout: Rollout, service: ServiceState) -> bool:
    assert reading.service is not None
    wanted, listed = reading.service.deployments, list(service.deployments)
    if not reading.partial and len(wanted) != len(listed):
        return False
    for entry in wanted:
        while listed and not _same(entry, theirs, listed[0], rollout):
            listed.pop(0)
        if not listed:
            return False
        listed.pop(0)
    return True


def _same(entry: Deployment, theirs: Rollout, shown: Deployment, rollout: Rollout) -> bool:
    reason = kind(entry.rollout_state_reason, theirs)
    return (
        (role(entry.id, theirs), entry.status, entry.rollout_state)
        == (role(shown.id, rollout), shown.status, shown.rollout_state)
        and (entry.desired > 0 or shown.desired == 0)
        and reason in ("", kind(shown.rollout_state_reason, rollout))
        and _runs_ours(entry, theirs) == _runs_ours(shown, rollout)
    )


def _runs_ours(entry: Deployment, rollout: Rollout) -> bool:
    return revision(entry.task_definition) == revision(rollout.task_definition)


def _entries(service: ServiceState, rollout: Rollout) -> tuple[Entry, ...]:
    return tuple((role(each.id, rollout), each.status, str(each.rollout_state)) for each in service.deployments)


@cache
def _known_states() -> frozenset[tuple[Entry, ...]]:
    """What the evidence lists together, whoever updated."""
    states: set[tuple[Entry, ...]] = {
        (("PREVIOUS", "PRIMARY", "COMPLETED"),),
        (("OURS", "PRIMARY", "COMPLETED"),),
        (("OURS", "PRIMARY", "FAILED"), ("PREVIOUS", "ACTIVE", "COMPLETED")),  # of which the evidence is partial
    }
    for timeline in timelines():
        for reading in timeline.readings:
            if timeline.counts and reading.service:
                states.add(_entries(reading.service, timeline.rollout))
    # Beside what a timeline is about, an older deployment of another update may still be listed.
    older: tuple[Entry, ...] = (("OTHER", "ACTIVE", "FAILED"), ("OTHER", "ACTIVE", "IN_PROGRESS"))
    one_more = {
        (*state[:place], entry, *state[place:])
        for state in states
        for entry in older
        for place in range(1, len(state) + 1)
    }
    return frozenset({_of(state, names) for state in states | one_more for names in _NAMES})


_NAMES: tuple[dict[str, str], ...] = ({}, {"OURS": "OTHER", "OTHER": "OURS"})


def _of(state: tuple[Entry, ...], names: Mapping[str, str]) -> tuple[Entry, ...]:
    return tuple((names.get(who, who), status, rollout_state) for who, status, rollout_state in state)


@cache
def _known_reasons() -> frozenset[str]:
    reasons = {
        kind(entry.rollout_state_reason, _named(timeline.rollout, entry.id))
        for timeline in timelines()
        for reading in timeline.readings
        if timeline.counts and reading.service
        for entry in reading.service.deployments
    }
    return frozenset(reasons)


def _named(rollout: Rollout, deployment_id: str) -> Rollout:
    """The rollout in which ``deployment_id`` itself is ours, so that a reason says OURS of the entry that has it."""
    return Rollout("app", deployment_id, "", "", "")


def _anyones(event: str) -> str:
    for who in ("OURS", "PREVIOUS", "OTHER"):
        event = event.replace(who, "D")
    return event


WORDINGS_OF_ANYONE = frozenset(_anyones(event) for event in WORDINGS)


def _missing_events(timeline: Timeline, events: Sequence[str]) -> Iterable[str]:
    """Events of the last reading that has some, oldest first, each after the one before."""
    last = next((each.service for each in reversed(timeline.readings) if each.service and each.service.events), None)
    left = list(events)
    for message in reversed([event.message for event in last.events] if last else []):
        wanted = kind(message, timeline.rollout)
        if wanted not in ALWAYS:
            continue
        if wanted not in left:
            yield f"no event {wanted!r} in its place among {events}"
            return
        del left[: left.index(wanted) + 1]


def _is_ours(run: Run, service_deployment: ServiceDeployment | None) -> bool:
    ours = run.rollout.deployment_id.rpartition("/")[2]
    return service_deployment is not None and service_deployment.target_revision.rpartition("/")[2] == ours


def _transitions(shown: Iterable[ServiceDeployment | None]) -> Iterable[str]:
    before = ""
    for each in shown:
        status = each.status if each else before
        if status != before and status not in NEXT.get(before, set()):
            yield f"no document leads from {before} to {status}"
        before = status


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")
