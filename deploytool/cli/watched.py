"""Who watches on this machine: a picture that moves on a terminal, lines with times elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO

import click

from deploytool.cli.heard import heard_or_not
from deploytool.cli.project import interactive
from deploytool.core.events import Event
from deploytool.run.ports import Tell


@contextmanager
def watched(*others: Tell, as_json: bool) -> Iterator[Tell]:
    """Tells this machine's user and ``others`` of each event, one at a time.

    With ``as_json`` progress goes to standard error: standard output holds the outcome and nothing else.
    """
    one_at_a_time = threading.Lock()
    with _shown(as_json=as_json) as show:

        def tell(event: Event) -> None:
            with one_at_a_time:
                for listener in (show, *others):
                    listener(event)

        yield tell


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Tell]:
    if interactive() and not as_json:
        from rich.console import Console

        from deploytool.report.live import LiveProgress

        with LiveProgress(Console(), _now) as progress:
            yield progress.tell
        return
    from deploytool.report.plain import PlainProgress

    actions = os.environ.get("GITHUB_ACTIONS") == "true"
    yield PlainProgress(writer(sys.stderr if as_json else sys.stdout), _now, actions).tell


def writer(stream: TextIO) -> Callable[[str], object]:
    """Writes to a stream that its reader may leave."""

    def write(text: str) -> None:
        with heard_or_not(stream):
            click.echo(text, nl=False, file=stream)

    return write


def _now() -> datetime:
    return datetime.now().astimezone()
