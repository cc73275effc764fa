"""Ask the new version as its users do, then watch alarms while it bakes."""

from __future__ import annotations

from deploytool.core.diagnosis import of_probe
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Said, Warned
from deploytool.core.expectation import met
from deploytool.core.plan_model import Verify
from deploytool.core.verdict_model import Rollout
from deploytool.errors import DeployError
from deploytool.run.explain import LOG_LINES
from deploytool.run.ports import World

ONE_ANSWER = 5.0
"""Seconds that a single request may take."""
SOON = 0.1
"""Seconds before the second question, doubled up to ``verify.interval``: the load balancer comes a moment after ECS."""


def verify(step: Verify, world: World) -> Diagnosis | None:
    """``None`` where the new version answers as it should and no alarm rings; else why not."""
    return (_asked(step, world) if step.url else None) or _baked(step, world)


def last_words(rollout: Rollout, world: World) -> tuple[str, ...]:
    """The end of the new version's log, from a task that runs it: the answer alone seldom says why."""
    try:
        tasks = world.ecs.running_tasks(rollout.service)
    except DeployError as error:  # an explanation less; the check has failed all the same
        world.tell(Warned(f"the log of {rollout.service} cannot be found: {error.cause}. {error.fix}"))
        return ()
    ours = (task for task in tasks if task.task_definition == rollout.task_definition)
    place = next((container.log for task in ours for container in task.containers if container.log), None)
    return world.logs.tail(place, LOG_LINES) if place else ()


def _asked(step: Verify, world: World) -> Diagnosis | None:
    deadline = world.clock.monotonic() + step.timeout
    told, pause = "", min(SOON, step.interval)
    while True:
        left = deadline - world.clock.monotonic()
        answer = world.web.get(step.url, min(ONE_ANSWER, max(left, 1.0)))
        if met(step, answer):
            world.tell(Said("verify", f"{step.url} answers as it should"))
            return None
        why = of_probe(step, answer)
        if why.cause != told:
            told = why.cause
            world.tell(Said("verify", told))
        if world.clock.monotonic() + pause >= deadline:
            return why
        world.lease.noticed()
        world.clock.sleep(pause)
        pause = min(2 * pause, step.interval)


def _baked(step: Verify, world: World) -> Diagnosis | None:
    deadline = world.clock.monotonic() + step.bake
    while True:
        if ringing := step.alarms and world.alarms.ringing(step.alarms):
            return Diagnosis(
                code="alarm-ringing",
                cause=f"while {step.service} was watched, CloudWatch alarm {', '.join(ringing)} went to ALARM",
                fix="look at the alarm's metric since the release began: the new version made it cross its threshold",
                subject=step.service,
            )
        left = deadline - world.clock.monotonic()
        if left <= 0:
            return None
        world.lease.noticed()
        world.clock.sleep(min(10.0, left))
