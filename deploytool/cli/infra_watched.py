"""Who watches the stacks on this machine: a tree that moves on a terminal, lines with times elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from deploytool.cli.heard import heard_or_not
from deploytool.cli.print_text import print_text
from deploytool.cli.project import interactive
from deploytool.cli.watched import writer
from deploytool.core.events import Event, Warned
from deploytool.core.stacks.events import InfraEvent
from deploytool.core.stacks.outcome import InfraOutcome
from deploytool.report.documents import text
from deploytool.run.stacks.ports import Tell


@contextmanager
def watched(*, as_json: bool) -> Iterator[Tell]:
    """With ``as_json`` progress goes to standard error: standard output holds the outcome and nothing else."""
    if interactive() and not as_json:
        from rich.console import Console

        from deploytool.report.infra.live import LiveInfra

        with LiveInfra(Console(), _now) as progress:
            yield progress.tell
        return
    from deploytool.report.infra.plain import PlainInfra

    actions = os.environ.get("GITHUB_ACTIONS") == "true"
    yield PlainInfra(writer(sys.stderr if as_json else sys.stdout), _now, actions).tell


def say(outcome: InfraOutcome, *, as_json: bool) -> None:
    """The outcome on standard output."""
    from deploytool.report.infra.documents import outcome_document
    from deploytool.report.infra.outcome import outcome_text

    with heard_or_not(sys.stdout):
        if as_json:
            click.echo(text(outcome_document(outcome)), nl=False)
        else:
            print_text(outcome_text(outcome))


def _now() -> datetime:
    return datetime.now().astimezone()


def warned(event: InfraEvent | Event) -> None:
    """Only warnings, for what ends at once."""
    if isinstance(event, Warned):
        print_text(f"warning: {event.text}", err=True)
