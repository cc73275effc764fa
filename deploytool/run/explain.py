"""Why the tasks of a rollout ended, captured while ECS still knows: stopped tasks vanish within the hour."""

from __future__ import annotations

from dataclasses import replace

from deploytool.core.diagnosis import of_service, of_task
from deploytool.core.events import Explained, Warned
from deploytool.core.observed import ServiceDeployment, ServiceState, Task
from deploytool.errors import DeployError
from deploytool.run.cancel import Cancelled
from deploytool.run.ports import World
from deploytool.run.target_health import with_target_health
from deploytool.run.unresolved import with_images
from deploytool.run.watched import Watched

LOG_LINES = 50
LISTING_LAG = (0.25, 0.5, 0.5)
"""Seconds between the looks for the stopped tasks of a deployment that failed."""


def worth_explaining(service: Watched) -> bool:
    """Its verdict is bad, or tasks failed that were not looked at yet."""
    ours = service.deployment
    return not service.blind and (service.verdict.failed or bool(ours and ours.failed_tasks > len(service.tasks_seen)))


def explain(service: Watched, state: ServiceState, detail: ServiceDeployment | None, world: World) -> Watched:
    """The service with every reason that was not known yet, each told as it is found. Raises Cancelled."""
    try:
        fresh = _listed(service, world)
    except Cancelled:
        raise
    except DeployError as error:  # an explanation less; the rollout itself is judged without it
        world.tell(Warned(f"why tasks of {service.key} ended cannot be read: {error.cause}. {error.fix}"))
        fresh, service = [], replace(service, blind=True)
    found = [of_task(task, _log(task, world)) for task in fresh]
    if service.verdict.failed and not (found or service.explained):
        # A task's own end says why; what the service says about itself only says that.
        found.extend(of_service(state.events, service.deployment, detail))
    found = [with_target_health(with_images(each, service.rollout, world), state, world) for each in found]
    known = {(diagnosis.code, diagnosis.cause) for diagnosis in service.explained}
    new = []
    for diagnosis in found:
        if (diagnosis.code, diagnosis.cause) not in known:
            known.add((diagnosis.code, diagnosis.cause))
            new.append(replace(diagnosis, subject=diagnosis.subject or service.key))
            world.tell(Explained(new[-1]))
    return replace(
        service,
        explained=service.explained + tuple(new),
        tasks_seen=service.tasks_seen | {task.arn for task in fresh},
    )


def _listed(service: Watched, world: World) -> list[Task]:
    fresh = _fresh(service, world)
    if service.verdict.failed and not (service.explained or service.tasks_seen):
        # ECS may call a deployment failed a moment before its tasks are listed as stopped.
        for seconds in LISTING_LAG:
            if fresh:
                break
            world.clock.sleep(seconds)
            fresh = _fresh(service, world)
    return fresh


def _fresh(service: Watched, world: World) -> list[Task]:
    return [task for task in world.ecs.failed_tasks(service.rollout) if task.arn not in service.tasks_seen]


def _log(task: Task, world: World) -> tuple[str, ...]:
    """Lines of the container that failed, else of the first that has a log."""
    order = sorted(task.containers, key=lambda each: (each.exit_code in (0, None), not each.essential))
    place = next((container.log for container in order if container.log), None)
    return world.logs.tail(place, LOG_LINES) if place else ()
