"""Everything outside, put together for the engine (``run.ports.World``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from deploytool.aws.alarms import Alarms
from deploytool.aws.ecs import Ecs
from deploytool.aws.logs import Logs
from deploytool.aws.session import Session
from deploytool.aws.target_groups import TargetGroups
from deploytool.core.model import PublishedImage
from deploytool.run import ports
from deploytool.run.unrecorded import Unlocked, Unrecorded
from deploytool.web import Web


class NoBuilder:
    """Port ``run.ports.Builder`` for what never builds: a rollback, a promotion, settling."""

    def build(self, image: object, say: ports.Say) -> PublishedImage:
        """Never called: such plans have no Build step."""
        raise AssertionError("a plan without a Build step does not build")

    def gate(self, image: object, digest: str, say: ports.Say) -> None:
        """What ran before was let through before."""


def world_of(
    session: Session,
    ecs: Ecs,
    logs: Logs,
    clock: ports.Clock,
    tell: ports.Tell,
    *,
    builder: ports.Builder | None = None,
    lease: ports.Lease | None = None,
    journal: ports.Journal | None = None,
) -> ports.World:
    """The world of one account; what is left out builds nothing, asks nobody and notes nothing."""
    return ports.World(
        ecs=ecs,
        logs=logs,
        builder=builder or NoBuilder(),
        web=Web(),
        alarms=Alarms(session),
        target_groups=TargetGroups(session),
        clock=clock,
        tell=tell,
        lease=lease or Unlocked(),
        journal=journal or Unrecorded(),
    )


@contextmanager
def reading_logs(session: Session) -> Iterator[Logs]:
    """CloudWatch Logs; at the end it is said which of them could not be read."""
    logs = Logs(session)
    try:
        yield logs
    finally:
        for note in sorted(logs.unreadable):
            click.echo(f"warning: {note}", err=True)
