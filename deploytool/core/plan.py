"""Configuration, wish and what is live become a plan: the only place that decides what a release does."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

from deploytool.core.check import ReleaseRefused, live_but_failed, refusals, warnings
from deploytool.core.config import model as config
from deploytool.core.config.model import Service, Settings
from deploytool.core.config.variables import verify_at
from deploytool.core.containers import ContainerUnclear, container_for
from deploytool.core.ledger import Record, covers
from deploytool.core.model import Live, LiveService, Problem, Request
from deploytool.core.observed import TaskDefinition
from deploytool.core.plan_model import Build, ImageChoice, Migrate, Plan, RollOut, ServiceChange, Step, Verify
from deploytool.core.task_definition import from_template, tags, to_register
from deploytool.core.task_definition_diff import diff
from deploytool.core.task_definition_shape import same


def plan(request: Request, settings: Settings, live: Live, registry: str, version: Record | None = None) -> Plan:
    """Decide every step of releasing ``request.commit``.

    ``registry`` is the host (and port) of the image registry, ``version`` the release that the ledger names as live;
    it matters only where no service would move. Raises ReleaseRefused with every reason at once.
    """
    problems = list(refusals(settings, live))
    images = choose_images(settings, live, registry)
    changes: dict[str, ServiceChange] = {}
    for key, service in live.services.items():
        try:
            changes[key] = _change(settings.services[key], service, live, images)
        except ContainerUnclear as unclear:
            problems.append(Problem(unclear.cause, unclear.fix))
        else:
            problems.extend(live_but_failed(changes[key]))
    migrate = None
    try:
        migrate = migrate_step(settings, live)
    except ContainerUnclear as unclear:
        problems.append(Problem(unclear.cause, unclear.fix))
    if problems:
        raise ReleaseRefused(tuple(dict.fromkeys(problems)))
    nothing_moves = all(change.unchanged for change in changes.values())
    done = nothing_moves and _released(request, settings, live, images, version)
    return Plan(
        request=request,
        cluster=settings.cluster,
        region=settings.region,
        images=images,
        steps=() if done else _steps(settings, live, images, changes, migrate),
        warnings=warnings(live),
        tags=tags(request),
        url=settings.url or "",
        already_running=() if done or not nothing_moves else tuple(changes.values()),
    )


def choose_images(settings: Settings, live: Live, registry: str) -> dict[str, ImageChoice]:
    """Per image: its reference for this commit, and its digest where the registry already has it."""
    used = set().union(*(service.images for service in settings.services.values()))
    if settings.migrate:
        used.add(settings.migrate.image)
    return {
        name: ImageChoice(
            name=name,
            reference=f"{registry}/{image.repository}:{image.tag}",
            digest=found.digest if (found := live.images.get(name)) else None,
        )
        for name, image in settings.images.items()
        if name in used
    }


def payload(
    base: TaskDefinition,
    images: Mapping[str, str],
    choices: Mapping[str, ImageChoice],
    digests: Mapping[str, str],
    family: str,
) -> dict[str, object]:
    """What to register: ``base`` with each container's image pinned to its digest."""
    pinned = {container: choices[name].pinned(digests[name]) for container, name in images.items()}
    if "taskDefinitionArn" in base:
        return to_register(base, pinned)
    return from_template(base, pinned, family)


def _released(
    request: Request, settings: Settings, live: Live, images: Mapping[str, ImageChoice], version: Record | None
) -> bool:
    """Whether the commit that runs was released here, and not brought by other means, as by ``infra apply``.

    Without a ledger only the tags of the revisions tell: a release puts its commit on each that it registers.
    """
    if settings.ledger is None:
        return all(service.commit == request.commit.sha for service in live.services.values())
    digests = {name: choice.digest for name, choice in images.items()}
    return version is not None and covers(version, request.commit, live.services, digests)


def _steps(
    settings: Settings,
    live: Live,
    images: Mapping[str, ImageChoice],
    changes: Mapping[str, ServiceChange],
    migrate: Migrate | None,
) -> tuple[Step, ...]:
    moving = {key: change for key, change in changes.items() if not change.unchanged}
    steps: list[Step] = []
    if missing := tuple(name for name, choice in images.items() if choice.digest is None):
        steps.append(Build(missing))
    if migrate:
        steps.append(migrate)
    for stage in _stages({key: settings.services[key].after for key in changes}):
        if together := tuple(moving[key] for key in stage if key in moving):
            steps.append(RollOut(together, float(max(settings.services[change.key].timeout for change in together))))
    for key in moving or changes:
        if wanted := settings.services[key].verify:
            steps.append(verify_step(key, verify_at(wanted, live.services[key].host)))
    return tuple(steps)


def _stages(after: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    sorter = TopologicalSorter(
        {key: [before for before in befores if before in after] for key, befores in after.items()}
    )
    sorter.prepare()
    stages = []
    while sorter.is_active():
        ready = set(sorter.get_ready())
        stages.append(tuple(key for key in after if key in ready))
        sorter.done(*ready)
    return stages


def _change(service: Service, found: LiveService, live: Live, choices: Mapping[str, ImageChoice]) -> ServiceChange:
    base = live.templates.get(service.name, found.task_definition)
    images = dict(service.containers)
    if service.image:
        images = {container_for(base, service.name, f"services.{service.name}"): service.image}
    _known(base, images, f"services.{service.name}")
    family = str(found.task_definition["family"])
    known = {name: choice.digest for name, choice in choices.items() if choice.digest is not None}
    wanted = {
        container: choices[name].pinned(known[name]) if name in known else choices[name].reference
        for container, name in images.items()
    }
    after = to_register(base, wanted) if "taskDefinitionArn" in base else from_template(base, wanted, family)
    return ServiceChange(
        key=service.name,
        name=service.service,
        base=base,
        images=images,
        back_to=found.state.task_definition,
        before=found.state,
        commit_before=found.commit,
        diff=diff(found.task_definition, after),
        # A tag that the registry does not hold says nothing of the image that runs under it.
        unchanged=same(found.task_definition, after) and known.keys() >= set(images.values()),
    )


def migrate_step(settings: Settings, live: Live) -> Migrate | None:
    """The migration; ``None`` where there is none, or not enough was found to run it. Raises ContainerUnclear."""
    wanted = settings.migrate
    base = live.templates.get("migrate", live.migrate)
    if wanted is None or base is None or wanted.like not in live.services:
        return None
    container = wanted.container or container_for(base, "migrate", "migrate")
    _known(base, {container: wanted.image}, "migrate")
    return Migrate(
        family=wanted.task,
        base=base,
        container=container,
        image=wanted.image,
        command=wanted.command,
        like=live.services[wanted.like].state,
        timeout=float(wanted.timeout),
        on_cancel=wanted.on_cancel,
    )


def _known(base: TaskDefinition, images: Mapping[str, str], where: str) -> None:
    names = [str(container["name"]) for container in base["containerDefinitions"]]
    for container in images:
        if container not in names:
            raise ContainerUnclear(
                f"{where}: the task definition has no container {container!r}, only {', '.join(names)}",
                f"name one of them under {where}",
            )


def verify_step(key: str, verify: config.Verify) -> Verify:
    """The step that asks service ``key`` as configured; ``${host}`` is filled in already."""
    return Verify(
        service=key,
        url=verify.url or "",
        status=verify.expect.status,
        body=verify.expect.body,
        version=verify.expect.version,
        timeout=float(verify.timeout),
        interval=float(verify.interval),
        bake=float(verify.bake),
        alarms=verify.alarms,
    )
