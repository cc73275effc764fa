"""Everything that drives an environment's stacks, put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import click

from deploytool.aws.conditional import LedgerMissing
from deploytool.aws.stacks.change_sets import ChangeSets
from deploytool.aws.stacks.drift import Drift
from deploytool.aws.stacks.stacks import Stacks
from deploytool.cli.clock import SystemClock
from deploytool.cli.infra_images import InfraImages
from deploytool.cli.infra_sandbox import fitting, told
from deploytool.cli.infra_templates import Prepare, templates
from deploytool.cli.origin import origin, release_id
from deploytool.cli.project import Project
from deploytool.cli.rules import OptionsContradict
from deploytool.cli.transaction import Busy, transaction
from deploytool.core.events import Warned
from deploytool.core.stacks.change import NOTHING_ALLOWED, Allowed
from deploytool.core.stacks.order import only, stacks_of
from deploytool.core.stacks.outcome import InfraOutcome
from deploytool.core.stacks.parameters import IMAGES, check_known, of_configuration
from deploytool.core.stacks.template import Template
from deploytool.run.stacks.apply import apply
from deploytool.run.stacks.ports import Guard, Target, Tell, World

TIMEOUT = 3600.0
"""Seconds: a Multi-AZ database takes twenty minutes, a distribution ten, and they follow each other."""


@dataclass(frozen=True)
class Wish:
    """What the command line asks for."""

    only: tuple[str, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    allowed: Allowed = NOTHING_ALLOWED
    timeout: float = TIMEOUT


ALL = Wish()


def apply_stacks(
    found: Project, clock: SystemClock, tell: Tell, wish: Wish = ALL, busy: Busy | None = None,
    prepare: Prepare | None = None,
) -> InfraOutcome:  # fmt: skip
    """Apply every stack of an environment.

    ``prepare`` is done to each template first; unless given, what `DEPLOYTOOL_SANDBOX` tells. Raises as
    ``run.stacks.apply``.
    """
    target = target_of(found, wish, prepare or fitting())
    return apply(target, world_of(found, clock, tell, target.run_id, busy or Busy(), "infra apply"))


def target_of(found: Project, wish: Wish, prepare: Prepare) -> Target:
    """Which stacks, and how they shall be. Raises ConfigurationError."""
    settings = found.settings
    stacks = stacks_of(settings.app, settings.environment)
    directory = found.root / settings.infra.templates if settings.infra.templates else None
    read = templates(directory, [stack.key for stack in stacks], prepare)
    if line := told(read.values()):
        click.echo(line, err=True)
    chosen = only(stacks, wish.only)
    known = {**of_configuration(settings), **wish.parameters}
    check_known(read.values(), {**settings.infra.parameters, **wish.parameters})
    _check_used([read[stack.key] for stack in chosen], wish)
    return Target(
        settings.app,
        settings.environment,
        settings.region,
        found.account,
        chosen,
        read,
        {name: value for name, value in known.items() if name not in IMAGES},
        release_id(),
        wish.timeout,
        wish.allowed,
        tuple(InfraImages(found, SystemClock()).names),
        {name: known[name] for name in IMAGES if name in known},
    )


def _check_used(chosen: Iterable[Template], wish: Wish) -> None:
    """A parameter of the command line is one of a stack that is chosen. Raises OptionsContradict."""
    used = {name for template in chosen for name in template.parameters}
    if stray := sorted(set(wish.parameters) - used):
        stacks = " ".join(f"--only {key}" for key in wish.only)
        raise OptionsContradict(
            f"--parameter {stray[0]} and {stacks} contradict each other: no chosen stack has this parameter",
            f"choose its stack with --only as well, or leave out --parameter {stray[0]}",
        )


def world_of(found: Project, clock: SystemClock, tell: Tell, run_id: str, busy: Busy, reason: str) -> World:
    """The environment's AWS, with the lock of its releases."""
    session = found.session
    return World(
        stacks=Stacks(session),
        change_sets=ChangeSets(session),
        drift=Drift(session),
        images=InfraImages(found, clock),
        guard=_guard(found, clock, tell, run_id, busy, reason),
        clock=clock,
        tell=tell,
    )


def _guard(found: Project, clock: SystemClock, tell: Tell, run_id: str, busy: Busy, reason: str) -> Guard:
    """The lock that releases take, so that none of them changes the services meanwhile; what one left is settled."""

    @contextmanager
    def guard() -> Iterator[None]:
        with ExitStack() as locked:
            try:
                open_one = locked.enter_context(transaction(found, run_id, origin(), clock, tell, busy, reason))
                if open_one.unsettled:
                    tell(Warned(f"{open_one.unsettled}: `deploytool recover` ends with 7 until it is settled"))
            except LedgerMissing as error:
                tell(Warned(f"no release is kept away meanwhile: {error.cause}"))
            yield

    return guard
