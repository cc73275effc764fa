"""The images of the service stack (port ``run.stacks.ports.Images``): those that run, else the commit's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import click

from deploytool.deploy import git
from deploytool.deploy.context import Context, Run, SystemClock, release_id, triggered_by
from deploytool.deploy.images import Images
from deploytool.deploy.plans import registry_host
from deploytool.deploy.session import locked_session
from deploytool.ecs.client import Ecs
from deploytool.ecs.model import TaskDefinition
from deploytool.ecs.task_definition import container_for
from deploytool.errors import CloudError, NotFound, OptionsContradict
from deploytool.infra.apply import apply
from deploytool.infra.client import ChangeSets, Drift, Stacks
from deploytool.infra.events import InfraOutcome
from deploytool.infra.parameters import APP_IMAGE, IMAGES, MIGRATE_IMAGE, check_known, of_configuration, services_of
from deploytool.infra.ports import Guard, InfraDependencies, InfraListener, Target
from deploytool.infra.stacks import NOTHING_ALLOWED, Allowed, only, stacks_of
from deploytool.infra.templates import Prepare, Template, describe_omitted, templates
from deploytool.ledger.lock import LockConflictPolicy
from deploytool.ledger.store import LedgerMissing
from deploytool.release.events import WarningIssued
from deploytool.release.model import ImageChoice
from deploytool.release.ports import Clock, LineWriter

# SEG cli.infra_images
# The images of the service stack (port ``run.stacks.ports.Images``): those that run, else the commit's.


class InfraImages:
    """Of one environment, at one commit."""

    def __init__(self, project: Context, clock: Clock) -> None:
        self._project = project
        self._clock = clock

    @property
    def names(self) -> Mapping[str, str]:
        """Parameter → image of the configuration; without MigrateImage where there is no migration."""
        settings = self._project.settings
        app, _ = services_of(settings)
        found = {APP_IMAGE: (app.image or next(iter(app.containers.values()), "")) if app else ""}
        if settings.migrate:
            found[MIGRATE_IMAGE] = settings.migrate.image
        return {name: image for name, image in found.items() if image}

    def running(self) -> Mapping[str, str]:
        """What runs in ECS; what does not, as the registry has it for the commit."""
        live = {APP_IMAGE: self._live_app(), MIGRATE_IMAGE: self._live_migrate()}
        found = {name: live[name] or self._published(image) for name, image in self.names.items()}
        return {name: reference for name, reference in found.items() if reference}

    def built(self, missing: Sequence[str], write_line: LineWriter) -> Mapping[str, str]:
        """Build and push them, one after the other."""
        git.require_clean(git.checkout(self._project.root), self._project.commit)
        found = {}
        for name in missing:
            choice = self._choice(self.names[name])
            digest = self._images.build(choice, write_line).digest
            self._images.gate(choice, digest, write_line)
            found[name] = choice.pinned(digest)
        return found

    def _live_app(self) -> str:
        settings = self._project.settings
        app, _ = services_of(settings)
        if app is None:
            return ""
        ecs = Ecs(self._project.session, settings.cluster)
        try:
            state = ecs.services([app.service]).get(app.service)
        except NotFound:
            return ""
        if state is None or state.status != "ACTIVE":
            return ""
        named = next(iter(app.containers), app.name)
        return self._pinned(ecs.task_definition(state.task_definition), named, f"services.{app.name}")

    def _live_migrate(self) -> str:
        settings = self._project.settings
        if settings.migrate is None:
            return ""
        try:
            definition = Ecs(self._project.session, settings.cluster).task_definition(settings.migrate.task)
        except CloudError:
            # There is none yet: DescribeTaskDefinition says so with an error that means other things, too.
            return ""
        return self._pinned(definition, settings.migrate.container or "migrate", "migrate")

    def _pinned(self, definition: TaskDefinition, container: str, where: str) -> str:
        """The container's image by digest; empty where it is named by a tag that our registry does not have."""
        name = container_for(definition, container, where)
        image = next(str(each["image"]) for each in definition["containerDefinitions"] if each["name"] == name)
        return image if "@sha256:" in image else self._images.pinned(image)

    def _published(self, image: str) -> str:
        try:
            held = self._images.find(image)
        except NotFound:
            return ""
        return self._choice(image).pinned(held.digest) if held else ""

    def _choice(self, image: str) -> ImageChoice:
        configured = self._project.settings.images[image]
        return ImageChoice(image, f"{self._host}/{configured.repository}:{configured.tag}", None)

    @cached_property
    def _host(self) -> str:
        return registry_host(self._project)

    @cached_property
    def _images(self) -> Images:
        found = self._project
        return Images(found.session, found.settings, found.commit, self._host, found.root, self._clock)


# SEG cli.infra_sandbox
# Inside a sandbox, templates are made to fit MiniStack; nowhere else.


# SEG cli.infra_wiring
# Everything that drives an environment's stacks, put together.

TIMEOUT = 3600.0
"""Seconds: a Multi-AZ database takes twenty minutes, a distribution ten, and they follow each other."""


@dataclass(frozen=True)
class InfraOptions:
    """What the command line asks for."""

    only: tuple[str, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    allowed: Allowed = NOTHING_ALLOWED
    timeout: float = TIMEOUT


ALL = InfraOptions()


def apply_stacks(
    found: Context,
    clock: SystemClock,
    emit: InfraListener,
    prepare: Prepare,
    options: InfraOptions = ALL,
    busy: LockConflictPolicy | None = None,
) -> InfraOutcome:
    """Apply every stack of an environment; ``prepare`` is applied to each template first. Raises as ``infra.apply``."""
    target = stack_targets(found, options, prepare)
    return apply(
        target, infra_dependencies(found, clock, emit, target.run_id, busy or LockConflictPolicy(), "infra apply")
    )


def stack_targets(found: Context, options: InfraOptions, prepare: Prepare) -> Target:
    """Which stacks, and how they shall be. Raises ConfigurationError."""
    settings = found.settings
    stacks = stacks_of(settings.app, settings.environment)
    directory = found.root / settings.infra.templates if settings.infra.templates else None
    read = templates(directory, [stack.key for stack in stacks], prepare)
    if line := describe_omitted(read.values()):
        click.echo(line, err=True)
    chosen = only(stacks, options.only)
    known = {**of_configuration(settings), **options.parameters}
    check_known(read.values(), {**settings.infra.parameters, **options.parameters})
    _check_used([read[stack.key] for stack in chosen], options)
    return Target(
        settings.app,
        settings.environment,
        settings.region,
        found.account,
        chosen,
        read,
        {name: value for name, value in known.items() if name not in IMAGES},
        release_id(),
        options.timeout,
        options.allowed,
        tuple(InfraImages(found, SystemClock()).names),
        {name: known[name] for name in IMAGES if name in known},
    )


def _check_used(chosen: Iterable[Template], options: InfraOptions) -> None:
    """A parameter of the command line is one of a stack that is chosen. Raises OptionsContradict."""
    used = {name for template in chosen for name in template.parameters}
    if stray := sorted(set(options.parameters) - used):
        stacks = " ".join(f"--only {key}" for key in options.only)
        raise OptionsContradict(
            f"--parameter {stray[0]} and {stacks} contradict each other: no chosen stack has this parameter",
            f"choose its stack with --only as well, or leave out --parameter {stray[0]}",
        )


def infra_dependencies(
    found: Context, clock: SystemClock, emit: InfraListener, run_id: str, busy: LockConflictPolicy, reason: str
) -> InfraDependencies:
    """The environment's AWS, with the lock of its releases."""
    session = found.session
    return InfraDependencies(
        stacks=Stacks(session),
        change_sets=ChangeSets(session),
        drift=Drift(session),
        images=InfraImages(found, clock),
        guard=_locked_environment(found, clock, emit, run_id, busy, reason),
        clock=clock,
        emit=emit,
    )


def _locked_environment(
    found: Context, clock: SystemClock, emit: InfraListener, run_id: str, busy: LockConflictPolicy, reason: str
) -> Guard:
    """The lock that releases take, so that none of them changes the services meanwhile; what one left is settled."""

    @contextmanager
    def guard() -> Iterator[None]:
        with ExitStack() as locked:
            try:
                run = Run(run_id, triggered_by(), clock)
                session = locked.enter_context(locked_session(found, run, emit, busy, reason))
                if session.unrecovered:
                    emit(WarningIssued(f"{session.unrecovered}; then run `deploytool recover`"))
            except LedgerMissing as error:
                emit(WarningIssued(f"no release is kept away meanwhile: {error.cause}"))
            yield

    return guard
