"""Who watches on this machine: a picture that moves on a terminal, lines with times elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from deploytool.cli.heard import heard_or_not
from deploytool.cli.surroundings import in_actions, interactive, now
from deploytool.core.events import Event
from deploytool.run.ports import Tell

if TYPE_CHECKING:
    from deploytool.report.live import LiveStory
    from deploytool.report.logged import Wording
    from deploytool.report.story import Story

S = TypeVar("S")
E = TypeVar("E")


@contextmanager
def watched(*others: Tell, as_json: bool) -> Iterator[Tell]:
    """Tells this machine's user and ``others`` of each event, one at a time.

    With ``as_json`` progress goes to standard error: standard output holds the outcome and nothing else.
    """
    one_at_a_time = threading.Lock()
    with shown(_live, _wording, as_json=as_json) as show:

        def tell(event: Event) -> None:
            with one_at_a_time:
                for listener in (show, *others):
                    listener(event)

        yield tell


@contextmanager
def shown(
    live: Callable[[], LiveStory[S, E]], wording: Callable[[], Wording[E]], *, as_json: bool
) -> Iterator[Callable[[E], None]]:
    """Shows a story to this machine's user: ``live`` where a person watches, else as ``wording`` has it, line by line.

    Only the one that is needed is called. With ``as_json`` it goes to standard error.
    """
    if interactive() and not as_json:
        with live() as story:
            yield story.tell
        return
    from deploytool.report.logged import LoggedStory

    yield LoggedStory(_writer(sys.stderr if as_json else sys.stdout), now, wording(), in_actions()).tell


def _live() -> LiveStory[Story, Event]:
    from rich.console import Console

    from deploytool.report.live import LiveStory
    from deploytool.report.picture import picture
    from deploytool.report.story import Story, apply

    return LiveStory(Console(), now, Story(), apply, picture)


def _wording() -> Wording[Event]:
    from deploytool.report.plain import WORDING

    return WORDING


def _writer(stream: TextIO) -> Callable[[str], object]:
    """Writes to a stream that its reader may leave."""

    def write(text: str) -> None:
        with heard_or_not(stream):
            click.echo(text, nl=False, file=stream)

    return write
