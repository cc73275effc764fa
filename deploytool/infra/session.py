"""Everything that drives an environment's stacks: its targets, its AWS clients, its images and its lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from deploytool.config.model import ServiceConfig
from deploytool.deploy import git
from deploytool.deploy.context import Context, Run, SystemClock, release_id, triggered_by
from deploytool.deploy.images import Images
from deploytool.deploy.plans import registry_host
from deploytool.deploy.session import locked_session
from deploytool.ecs.client import Ecs
from deploytool.ecs.model import TaskDefinition
from deploytool.ecs.task_definition import Place, container_for
from deploytool.errors import CloudError, NotFound, OptionsContradict
from deploytool.infra.apply import apply
from deploytool.infra.client import ChangeSets, Drift, Stacks
from deploytool.infra.events import InfraOutcome
from deploytool.infra.parameters import (
    APP_IMAGE,
    IMAGES,
    MIGRATE_IMAGE,
    WORKER_IMAGE,
    check_known,
    of_configuration,
    services_of,
)
from deploytool.infra.ports import Guard, InfraDependencies, InfraListener, Target
from deploytool.infra.stacks import NOTHING_ALLOWED, Allowed, only, stacks_of
from deploytool.infra.templates import Prepare, Template, describe_omitted, templates
from deploytool.ledger.lock import LockConflictPolicy
from deploytool.ledger.store import LedgerMissing
from deploytool.output.console import print_text
from deploytool.release.events import WarningIssued
from deploytool.release.model import ImageChoice
from deploytool.release.ports import Clock, LineWriter


class InfraImages:
    """Port ``Images`` of one environment, at one commit."""

    def __init__(self, context: Context, clock: Clock) -> None:
        self._context = context
        self._clock = clock

    @property
    def names(self) -> Mapping[str, str]:
        """Parameter → image of the configuration; without those that are not of their own."""
        settings = self._context.settings
        app, worker = services_of(settings)
        names = {APP_IMAGE: _image(app)}
        if settings.migrate:
            names[MIGRATE_IMAGE] = settings.migrate.image
        if _image(worker) != names[APP_IMAGE]:
            names[WORKER_IMAGE] = _image(worker)
        return {name: image for name, image in names.items() if image}

    def running(self) -> Mapping[str, str]:
        """The image running in ECS, else the registry's for the commit."""
        app, worker = services_of(self._context.settings)
        services = {APP_IMAGE: app, WORKER_IMAGE: worker}
        references = {
            name: (self._live_migrate() if name == MIGRATE_IMAGE else self._live_service(services[name]))
            or self._published(image)
            for name, image in self.names.items()
        }
        return {name: reference for name, reference in references.items() if reference}

    def built(self, missing: Sequence[str], write_line: LineWriter) -> Mapping[str, str]:
        """Build and push them, one after the other."""
        git.require_clean(git.checkout(self._context.root), self._context.commit)
        references = {}
        for name in missing:
            choice = self._choice(self.names[name])
            digest = self._images.build(choice, write_line).digest
            self._images.gate(choice, digest, write_line)
            references[name] = choice.pinned(digest)
        return references

    def _live_service(self, service: ServiceConfig | None) -> str:
        if service is None:
            return ""
        ecs = Ecs(self._context.session, self._context.settings.cluster)
        try:
            state = ecs.services([service.service]).get(service.service)
        except NotFound:
            return ""
        if state is None or state.status != "ACTIVE":
            return ""
        container = next(iter(service.containers), service.name)
        return self._pinned(ecs.task_definition(state.task_definition), container, f"services.{service.name}")

    def _live_migrate(self) -> str:
        settings = self._context.settings
        if settings.migrate is None:
            return ""
        try:
            definition = Ecs(self._context.session, settings.cluster).task_definition(settings.migrate.task)
        except CloudError:
            # It may not exist yet: DescribeTaskDefinition answers with an error that means other things, too.
            return ""
        return self._pinned(definition, settings.migrate.container or "migrate", "migrate")

    def _pinned(self, definition: TaskDefinition, container: str, where: str) -> str:
        """The container's image by digest; empty where its tag is not in our registry."""
        name = container_for(definition, container, Place(where))
        image = next(str(item["image"]) for item in definition["containerDefinitions"] if item["name"] == name)
        return image if "@sha256:" in image else self._images.pinned(image)

    def _published(self, image: str) -> str:
        try:
            published = self._images.find(image)
        except NotFound:
            return ""
        return self._choice(image).pinned(published.digest) if published else ""

    def _choice(self, image: str) -> ImageChoice:
        configured = self._context.settings.images[image]
        return ImageChoice(image, f"{self._host}/{configured.repository}:{configured.tag}", None)

    @cached_property
    def _host(self) -> str:
        return registry_host(self._context)

    @cached_property
    def _images(self) -> Images:
        context = self._context
        return Images(context.session, context.settings, context.commit, self._host, context.root, self._clock)


def _image(service: ServiceConfig | None) -> str:
    """The image of its only container, or of the first; empty without a service."""
    return (service.image or next(iter(service.containers.values()), "")) if service else ""


TIMEOUT = 3600.0
"""Seconds: a Multi-AZ database takes twenty minutes, a distribution ten, and they follow each other."""


@dataclass(frozen=True)
class InfraOptions:
    """The options of the command line."""

    only: tuple[str, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    allowed: Allowed = NOTHING_ALLOWED
    timeout: float = TIMEOUT


ALL = InfraOptions()


def apply_stacks(
    context: Context,
    clock: SystemClock,
    emit: InfraListener,
    prepare: Prepare,
    options: InfraOptions = ALL,
    busy: LockConflictPolicy | None = None,
) -> InfraOutcome:
    """Apply every stack of an environment, each template as ``prepare`` returns it. Raises as ``infra.apply``."""
    target = stack_targets(context, options, prepare)
    return apply(
        target, infra_dependencies(context, clock, emit, target.run_id, busy or LockConflictPolicy(), "infra apply")
    )


def stack_targets(context: Context, options: InfraOptions, prepare: Prepare) -> Target:
    """The stacks of an environment, and what they should be. Raises ConfigurationError."""
    settings = context.settings
    stacks = stacks_of(settings.app, settings.environment)
    directory = context.root / settings.infra.templates if settings.infra.templates else None
    read = templates(directory, [stack.key for stack in stacks], prepare)
    if line := describe_omitted(read.values()):
        print_text(line, err=True)
    chosen = only(stacks, options.only)
    known = {**of_configuration(settings), **options.parameters}
    check_known(read.values(), {**settings.infra.parameters, **options.parameters})
    _check_used([read[stack.key] for stack in chosen], options)
    return Target(
        settings.app,
        settings.environment,
        settings.region,
        context.account,
        chosen,
        read,
        {name: value for name, value in known.items() if name not in IMAGES},
        release_id(),
        options.timeout,
        options.allowed,
        tuple(InfraImages(context, SystemClock()).names),
        {name: known[name] for name in IMAGES if name in known},
    )


def _check_used(chosen: Iterable[Template], options: InfraOptions) -> None:
    """Every parameter of the command line is one of a chosen stack. Raises OptionsContradict."""
    used = {name for template in chosen for name in template.parameters}
    if stray := sorted(set(options.parameters) - used):
        stacks = " ".join(f"--only {key}" for key in options.only)
        raise OptionsContradict(
            f"--parameter {stray[0]} and {stacks} contradict each other: no chosen stack has this parameter",
            f"choose its stack with --only as well, or leave out --parameter {stray[0]}",
        )


def infra_dependencies(
    context: Context, clock: SystemClock, emit: InfraListener, run_id: str, busy: LockConflictPolicy, reason: str
) -> InfraDependencies:
    """The environment's AWS, with the lock of its releases."""
    session = context.session
    return InfraDependencies(
        stacks=Stacks(session),
        change_sets=ChangeSets(session),
        drift=Drift(session),
        images=InfraImages(context, clock),
        guard=_locked_environment(context, clock, emit, run_id, busy, reason),
        clock=clock,
        emit=emit,
    )


def _locked_environment(
    context: Context, clock: SystemClock, emit: InfraListener, run_id: str, busy: LockConflictPolicy, reason: str
) -> Guard:
    """The release lock, so that no release changes the services meanwhile; an interrupted one is recovered."""

    @contextmanager
    def guard() -> Iterator[None]:
        with ExitStack() as locked:
            try:
                run = Run(run_id, triggered_by(), clock)
                session = locked.enter_context(locked_session(context, run, emit, busy, reason))
                if session.unrecovered:
                    emit(WarningIssued(f"{session.unrecovered}; then run `deploytool recover`"))
            except LedgerMissing as error:
                emit(WarningIssued(f"releases are not locked out meanwhile: {error.cause}"))
            yield

    return guard
