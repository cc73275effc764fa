"""Carry out a plan with everybody watching who should: terminal, GitHub, JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO

import click

from deploytool.aws.alarms import Alarms
from deploytool.aws.logs import Logs
from deploytool.cli.clock import SystemClock
from deploytool.cli.decide import Decided
from deploytool.cli.project import Project, interactive
from deploytool.core.events import Event
from deploytool.core.outcome import Outcome
from deploytool.errors import Exit
from deploytool.report.documents import outcome_document, text
from deploytool.report.outcome import outcome_text
from deploytool.run.engine import run
from deploytool.run.ports import Tell, World
from deploytool.run.unrecorded import Unlocked, Unrecorded
from deploytool.web import Web


def carry_out(decided: Decided, project: Project, clock: SystemClock, github: Tell, *, as_json: bool) -> Exit:
    """Run the plan; the exit code tells the outcome. With ``as_json`` standard output holds nothing but the outcome."""
    logs = Logs(project.session)
    with _watched(as_json=as_json) as show:

        def tell(event: Event) -> None:
            show(event)
            github(event)

        world = World(
            ecs=decided.ecs,
            logs=logs,
            builder=decided.images,
            web=Web(),
            alarms=Alarms(project.session),
            clock=clock,
            tell=tell,
            lease=Unlocked(),
            journal=Unrecorded(),
        )
        outcome = run(decided.plan, world)
    _say(outcome, as_json=as_json)
    for note in sorted(logs.unreadable):
        click.echo(f"warning: {note}", err=True)
    return outcome.exit_code


def _say(outcome: Outcome, *, as_json: bool) -> None:
    click.echo(text(outcome_document(outcome)) if as_json else outcome_text(outcome))


@contextmanager
def _watched(*, as_json: bool) -> Iterator[Tell]:
    """A picture that moves on a terminal, lines with times elsewhere; on standard error where JSON goes to output."""
    if interactive() and not as_json:
        from rich.console import Console

        from deploytool.report.live import LiveProgress

        with LiveProgress(Console(), _now) as progress:
            yield progress.tell
        return
    from deploytool.report.plain import PlainProgress

    yield PlainProgress(
        _writer(sys.stderr if as_json else sys.stdout), _now, os.environ.get("GITHUB_ACTIONS") == "true"
    ).tell


def _writer(stream: TextIO) -> Callable[[str], object]:
    def write(text: str) -> None:
        click.echo(text, nl=False, file=stream)

    return write


def _now() -> datetime:
    return datetime.now().astimezone()
