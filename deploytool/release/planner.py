"""Configuration, request and observed state become a plan, or every reason to refuse, at once.

This is the only place that decides what a release does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter
from pathlib import PurePosixPath

from deploytool.config import model as config
from deploytool.config.model import EnvironmentConfig, MigrateConfig, ServiceConfig
from deploytool.config.types import verify_at
from deploytool.ecs.model import RELEASE_TAG, TaskDefinition, revision
from deploytool.ecs.task_definition import (
    ContainerUnclear,
    Place,
    container_for,
    diff,
    from_template,
    listens,
    same,
    tag_changes,
    to_register,
)
from deploytool.errors import ConfigurationError, PreconditionFailed
from deploytool.release.image_choice import choose_images, cpu_problems
from deploytool.release.model import (
    Build,
    Commit,
    DeployServices,
    ImageChoice,
    Migrate,
    ObservedService,
    ObservedState,
    Plan,
    Problem,
    ReleasedVersion,
    ReleaseRequest,
    ServiceUpdate,
    Steady,
    Step,
    Verify,
)


class ReleasePreconditionFailed(PreconditionFailed):
    """Every problem at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        causes = dict.fromkeys(problem.cause for problem in problems)
        fixes = dict.fromkeys(problem.fix for problem in problems)
        super().__init__("; ".join(causes), "; ".join(fixes))


def precondition_failures(settings: EnvironmentConfig, live: ObservedState) -> tuple[Problem, ...]:
    """Every reason why a release must not begin, in the order of the configuration."""
    problems = [*account_problems(settings, live), *live.problems]
    for key in settings.services:
        if service := live.services.get(key):
            problems.extend(_service_problems(service))
    problems.extend(_cpu_problems(settings, live))
    return tuple(dict.fromkeys(problems))


def warnings(live: ObservedState) -> tuple[str, ...]:
    """What should be fixed, and does not stop a release."""
    texts = list(live.warnings)
    for service in live.services.values():
        state = service.state
        if not (state.circuit_breaker and state.circuit_breaker_rollback):
            texts.append(
                f"service {state.name} has no deployment circuit breaker with rollback: "
                "if deploytool itself is killed, a crashing version is restarted forever"
            )
        if state.primary and state.primary.rollout_state == "FAILED":
            texts.append(
                f"the last deployment of service {state.name} failed: if this release fails too, "
                f"{revision(state.task_definition)} is all it can be rolled back to"
            )
        if state.desired == 0:
            texts.append(f"service {state.name} has desired count 0")
    return tuple(texts)


def live_but_failed(change: ServiceUpdate) -> Iterator[Problem]:
    """Nothing to do would be false, and UpdateService with the same revision starts no deployment."""
    primary = change.before.primary
    if change.unchanged and primary and primary.rollout_state == "FAILED":
        yield Problem(
            f"service {change.name} was already tried with this version, and its deployment failed"
            + (f" ({primary.rollout_state_reason.rstrip('.')})" if primary.rollout_state_reason else ""),
            f"release a commit that fixes it, or retry: aws ecs update-service --cluster {change.before.cluster} "
            f"--service {change.name} --force-new-deployment",
        )


def account_problems(settings: EnvironmentConfig, live: ObservedState) -> Iterator[Problem]:
    """The credentials are of another account than the configured one."""
    if settings.account and settings.account != live.account:
        yield Problem(
            f"the credentials are of account {live.account}, but {settings.environment} is in {settings.account}",
            f"use credentials of {settings.account}, or correct environments.{settings.environment}.account",
        )


def _service_problems(service: ObservedService) -> Iterator[Problem]:
    state = service.state
    if state.status != "ACTIVE":
        yield Problem(f"service {state.name} is {state.status}", "create it again, or remove it from deploytool.yml")
    if state.controller != "ECS":
        yield Problem(
            f"service {state.name} is deployed by {state.controller}, not by ECS",
            f"release it with {state.controller}, or recreate it with deploymentController ECS",
        )
    if service.task_definition.get("status") == "INACTIVE":
        yield Problem(
            f"service {state.name} runs {revision(state.task_definition)}, which is INACTIVE: "
            "ECS could not roll back to it if the release failed",
            f"register a copy of {revision(state.task_definition)} and move the service to it first",
        )
    primary = state.primary
    if state.controller == "ECS" and primary and primary.rollout_state == "IN_PROGRESS":
        yield Problem(
            f"a rollout of service {state.name} is already in progress ({primary.id})",
            "wait until it ends (`deploytool status` shows it), then release again",
        )


def _cpu_problems(settings: EnvironmentConfig, live: ObservedState) -> Iterator[Problem]:
    for key, service in live.services.items():
        base = live.templates.get(key, service.task_definition)
        for image in sorted(settings.services[key].images):
            yield from cpu_problems(image, live.images.get(image), base, key)
    if settings.migrate:
        yield from _migration_cpu_problems(settings.migrate, live)


def _open_images(live: ObservedState, key: str, images: Mapping[str, str]) -> Iterator[Problem]:
    """Containers of a task definition file whose image is neither filled in there nor by the release."""
    for container, problem in live.open_images.get(key, {}).items():
        if container not in images:
            yield problem


def _load_balancer_problems(change: ServiceUpdate) -> Iterator[Problem]:
    """UpdateService refuses a revision without the container and port that a load balancer of the service sends to.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
    """
    if "taskDefinitionArn" in change.base:
        return
    for target in change.before.load_balancers:
        answers = listens(change.base, target.container_name, target.container_port)
        what = f"container {target.container_name}"
        if answers or not target.container_name:
            continue
        if answers is not None:
            what = f"port {target.container_port} in portMappings of {what}"
        yield Problem(
            f"the load balancer of service {change.name} sends to container {target.container_name}, port "
            f"{target.container_port}, but its task definition has no {what}",
            f"add it to the template of services.{change.key}",
        )


_COMMON = frozenset({"migrations", "migrate"})
"""Directories of Django, Rails, Prisma, Knex and plain SQL; Alembic's is ``alembic/versions``."""
_NONE = frozenset({"__init__.py", "README.md", ".gitkeep"})


def migrations_in(added: Iterable[str], where: str | None) -> tuple[str, ...]:
    """Those that ``where`` means, which is ``migrate.files``: a directory or a pattern; None: by common names."""
    paths = [path for path in added if PurePosixPath(path).name not in _NONE]
    if where is None:
        return tuple(path for path in paths if _is_commonly_one(PurePosixPath(path)))
    if any(sign in where for sign in "*?["):
        return tuple(path for path in paths if fnmatchcase(path, where))
    return tuple(path for path in paths if path.startswith(f"{where.rstrip('/')}/"))


def _is_commonly_one(path: PurePosixPath) -> bool:
    directories = path.parts[:-1]
    return not _COMMON.isdisjoint(directories) or directories[-2:] == ("alembic", "versions")


def plan(
    request: ReleaseRequest,
    settings: EnvironmentConfig,
    live: ObservedState,
    registry: str,
    version: ReleasedVersion | None = None,
) -> Plan:
    """Decide every step of releasing ``request.commit``.

    ``registry`` is the host (and port) of the image registry, ``version`` the release that the ledger names as live;
    it matters only where no service would be updated. Raises ReleasePreconditionFailed with every reason at once.
    """
    problems = list(precondition_failures(settings, live))
    images = choose_images(settings, live, registry)
    changes: dict[str, ServiceUpdate] = {}
    for key, service in live.services.items():
        try:
            changes[key] = _change(settings.services[key], service, live, images)
        except ContainerUnclear as unclear:
            problems.append(Problem(unclear.cause, unclear.fix))
        else:
            problems.extend(live_but_failed(changes[key]))
            problems.extend(_open_images(live, key, changes[key].images))
            problems.extend(_load_balancer_problems(changes[key]))
    migrate = None
    try:
        migrate = migrate_step(settings, live)
    except ContainerUnclear as unclear:
        problems.append(Problem(unclear.cause, unclear.fix))
    else:
        problems.extend(_open_images(live, "migrate", {migrate.container: migrate.image} if migrate else {}))
    if problems:
        raise ReleasePreconditionFailed(tuple(dict.fromkeys(problems)))
    unchanged = all(change.unchanged for change in changes.values())
    done = unchanged and _released(request, settings, live, images, version)
    return Plan(
        request=request,
        cluster=settings.cluster,
        region=settings.region,
        images=images,
        steps=() if done else _steps(settings, live, images, changes, migrate),
        warnings=warnings(live),
        tags=tags(request),
        url=settings.url or "",
        already_running=() if done or not unchanged else tuple(changes.values()),
    )


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
    request: ReleaseRequest,
    settings: EnvironmentConfig,
    live: ObservedState,
    images: Mapping[str, ImageChoice],
    version: ReleasedVersion | None,
) -> bool:
    """Whether the commit that runs was released here, and not deployed by other means, as by ``infra apply``.

    Without a ledger only the tags of the revisions show it: a release puts its commit on each that it registers.
    """
    if settings.ledger is None:
        return all(service.commit == request.commit.sha for service in live.services.values())
    digests = {name: choice.digest for name, choice in images.items()}
    return version is not None and covers(version, request.commit, live.services, digests)


def _steps(
    settings: EnvironmentConfig,
    live: ObservedState,
    images: Mapping[str, ImageChoice],
    changes: Mapping[str, ServiceUpdate],
    migrate: Migrate | None,
) -> tuple[Step, ...]:
    updates = {key: change for key, change in changes.items() if not change.unchanged}
    steps: list[Step] = []
    if missing := tuple(name for name, choice in images.items() if choice.digest is None):
        steps.append(Build(missing))
    if migrate:
        steps.append(migrate)
    for stage in _stages({key: settings.services[key].after for key in changes}):
        if services := tuple(updates[key] for key in stage if key in updates):
            timeout = max(settings.services[change.key].timeout for change in services)
            steps.append(DeployServices(services, float(timeout)))
    steps.extend(checks(settings, live, tuple((updates or changes).values())))
    return tuple(steps)


def checks(settings: EnvironmentConfig, live: ObservedState, services: tuple[ServiceUpdate, ...]) -> Iterator[Step]:
    """What must hold before these services count as live: the configured requests first, since tasks age meanwhile."""
    for change in services:
        if verify := settings.services[change.key].verify:
            yield verify_step(change.key, verify_at(verify, live.services[change.key].host))
    if steady := tuple(change for change in services if change.steady):
        yield Steady(steady, float(max(settings.services[change.key].timeout for change in steady)))


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


def _change(
    service: ServiceConfig, observed: ObservedService, live: ObservedState, choices: Mapping[str, ImageChoice]
) -> ServiceUpdate:
    base = live.templates.get(service.name, observed.task_definition)
    images = dict(service.containers)
    if service.image:
        place = Place(f"services.{service.name}", service.image, choices[service.image].repository)
        images = {container_for(base, service.name, place, observed.task_definition): service.image}
    _known(base, images, f"services.{service.name}")
    family = str(observed.task_definition["family"])
    known = {name: choice.digest for name, choice in choices.items() if choice.digest is not None}
    pinned = {
        container: choices[name].pinned(known[name]) if name in known else choices[name].reference
        for container, name in images.items()
    }
    after = to_register(base, pinned) if "taskDefinitionArn" in base else from_template(base, pinned, family)
    # A tag that the registry does not hold says nothing of the image that runs under it.
    unchanged = same(observed.task_definition, after) and known.keys() >= set(images.values())
    return ServiceUpdate(
        key=service.name,
        name=service.service,
        base=base,
        images=images,
        previous_revision=observed.state.task_definition,
        before=observed.state,
        commit_before=observed.commit,
        steady=float(service.steady),
        diff=diff(observed.task_definition, after)
        + (() if unchanged else tag_changes(observed.task_definition, after)),
        unchanged=unchanged,
    )


def migrate_step(settings: EnvironmentConfig, live: ObservedState) -> Migrate | None:
    """The migration; ``None`` where there is none, or not enough was found to run it. Raises ContainerUnclear."""
    configured = settings.migrate
    base = live.templates.get("migrate", live.migrate)
    if configured is None or base is None or configured.like not in live.services:
        return None
    place = Place("migrate", configured.image, f"{settings.images[configured.image].repository}")
    container = configured.container or container_for(base, "migrate", place, live.migrate)
    _known(base, {container: configured.image}, "migrate")
    return Migrate(
        family=configured.task,
        base=base,
        container=container,
        image=configured.image,
        command=configured.command,
        network_from=live.services[configured.like].state,
        timeout=float(configured.timeout),
        on_cancel=configured.on_cancel,
    )


def _known(base: TaskDefinition, images: Mapping[str, str], where: str) -> None:
    names = [str(container["name"]) for container in base["containerDefinitions"]]
    for container in images:
        if container not in names:
            raise ContainerUnclear(
                f"{where}: the task definition has no container {container!r}, only {', '.join(names)}",
                f"name one of them under {where}" + (".container" if where == "migrate" else ".containers"),
            )


def verify_step(key: str, verify: config.VerifyConfig) -> Verify:
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
        command=verify.command,
        command_timeout=float(verify.command_timeout),
    )


class NoMigration(ConfigurationError):
    """The configuration has no ``migrate``."""

    def __init__(self, environment: str) -> None:
        super().__init__(f"there is no migration in {environment}", "write `migrate` into deploytool.yml")


def only_migration(settings: EnvironmentConfig) -> EnvironmentConfig:
    """What the migration needs of the settings: its image, and the service that it is like. Raises NoMigration."""
    configured = _configured_step(settings)
    return replace(
        settings,
        images={configured.image: settings.images[configured.image]},
        services={configured.like: settings.services[configured.like]},
    )


def migration_plan(request: ReleaseRequest, settings: EnvironmentConfig, live: ObservedState, registry: str) -> Plan:
    """Build what is missing, then migrate. ``settings`` are those of :func:`only_migration`, and ``live`` what was
    looked up for them. Raises NoMigration, ReleasePreconditionFailed with every reason at once.
    """
    configured = _configured_step(settings)
    problems = [*account_problems(settings, live), *live.problems, *_migration_cpu_problems(configured, live)]
    migrate = None
    try:
        migrate = migrate_step(settings, live)
    except ContainerUnclear as unclear:
        problems.append(Problem(unclear.cause, unclear.fix))
    else:
        problems.extend(_open_images(live, "migrate", {migrate.container: migrate.image} if migrate else {}))
    if problems or migrate is None:
        raise ReleasePreconditionFailed(tuple(dict.fromkeys(problems)))
    image = choose_images(settings, live, registry)[configured.image]
    steps: tuple[Step, ...] = (migrate,) if image.digest else (Build((image.name,)), migrate)
    return Plan(
        request=request,
        cluster=settings.cluster,
        region=settings.region,
        images={image.name: image},
        steps=steps,
        warnings=live.warnings,
        tags=tags(request),
        url=settings.url or "",
    )


def _configured_step(settings: EnvironmentConfig) -> MigrateConfig:
    if settings.migrate is None:
        raise NoMigration(settings.environment)
    return settings.migrate


def _migration_cpu_problems(configured: MigrateConfig, live: ObservedState) -> Iterator[Problem]:
    if base := live.templates.get("migrate", live.migrate):
        yield from cpu_problems(configured.image, live.images.get(configured.image), base, "migrate")


_UNFIT_FOR_TAGS = re.compile(r"[^\w +\-=.:/@]")
_TAG_LENGTH = 256


def tags(request: ReleaseRequest) -> dict[str, str]:
    """Which release made a revision. Characters that ECS does not allow in tag values are replaced by ``_``."""
    pull_request = request.triggered_by.pull_request
    values = {
        RELEASE_TAG: request.release_id,
        "deploytool:commit": request.commit.sha,
        "deploytool:pull-request": str(pull_request) if pull_request is not None else "",
        "deploytool:run": request.triggered_by.run_url or request.triggered_by.run_id,
    }
    return {key: _UNFIT_FOR_TAGS.sub("_", value)[:_TAG_LENGTH] for key, value in values.items() if value}


def covers(
    version: ReleasedVersion, commit: Commit, live: Mapping[str, ObservedService], digests: Mapping[str, str | None]
) -> bool:
    """Whether release ``version`` made ``commit`` live in all these services, with these images.

    ``digests`` are by image name, each as the registry holds it for the commit now; ``None`` where it lacks the image.
    An image that was pushed anew was not released. Nor was it to a service that the configuration has gained since, or
    that was created anew: with it the database may be new.
    """
    released = version.images
    return (
        version.commit.sha == commit.sha
        and all(key in version.running and not _created_since(version, service) for key, service in live.items())
        and all(name in released and digest in (None, released[name]) for name, digest in digests.items())
    )


def _created_since(version: ReleasedVersion, service: ObservedService) -> bool:
    created, ended = service.state.created_at, version.ended_at
    return created is not None and ended is not None and created > ended
