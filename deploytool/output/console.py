"""Standard output and error that their reader may leave, or that cannot hold more."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from deploytool.errors import DeployError

if TYPE_CHECKING:
    from deploytool.output.log import LogFormat
    from deploytool.output.progress import LiveView, ReleaseView
    from deploytool.release.events import Event
    from deploytool.release.ports import EventListener


# Standard output and error that their reader may leave, or that cannot hold more.


def open_streams() -> None:
    """Both streams can be written to, also where the program was started without one (`>&-`)."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115  (for as long as the program runs)
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115  (the same)


@contextmanager
def tolerating_closed_stream(stream: TextIO) -> Iterator[None]:
    """Tell what is done. Where that cannot be read (`| head`, a full disk) it is done all the same: the work goes on,
    and the exit code speaks of the work.
    """
    try:
        yield
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            with suppress(OSError):
                sys.stderr.write(f"warning: not everything could be written: {error.strerror}\n")
        discard_stream(stream)


def discard_stream(stream: TextIO) -> None:
    """Whatever is still to be written goes nowhere: what Python has kept would fail again at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


# Where this process runs: who reads what it prints, and what time it is there.


def is_interactive() -> bool:
    """A person watches this terminal."""
    return sys.stdout.isatty() and os.environ.get("CI") != "true" and os.environ.get("TERM") != "dumb"


def in_actions() -> bool:
    """The runner of GitHub Actions reads what is printed, and obeys the commands that it finds in it."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def now() -> datetime:
    """The time on this machine, with its zone."""
    return datetime.now().astimezone()


# Text on the terminal, where some of it is other people's words: a commit's subject, a branch, AWS's message.


def print_text(text: str, *, err: bool = False) -> None:
    """Print lines, some of them in words of others: no terminal and no runner finds a command in them.

    Colors stay on a terminal. Nothing fails because nobody reads errors.
    """
    from deploytool.output.markup import without_control

    text = without_control(text)
    if in_actions():
        from deploytool.output.actions import escape_commands

        text = "\n".join(part for line in click.unstyle(text).split("\n") for part in escape_commands(line))
    with tolerating_closed_stream(sys.stderr) if err else nullcontext():
        click.echo(text, err=err)


def print_commands(commands: Iterable[str]) -> None:
    """Print workflow commands, made by ``output.actions``, for the Actions runner; nothing elsewhere."""
    if in_actions():
        for command in commands:
            click.echo(command, err=True)


@dataclass
class JsonOutput:
    """Whether standard output is to hold one document, and whether it does already."""

    requested: bool = False
    printed: bool = False


json_output = JsonOutput()


def print_document(document: Mapping[str, Any]) -> None:
    """What ``--output json`` asks for, on standard output."""
    from deploytool.output.json import text

    click.echo(text(document), nl=False)
    json_output.printed = True


def print_json_line(document: Mapping[str, Any]) -> None:
    """One of the documents of a command that streams, readable at once."""
    from deploytool.output.json import one_line

    click.echo(one_line(document))
    sys.stdout.flush()


def print_failure_document(document: Mapping[str, Any]) -> None:
    """The document of a command that failed, where JSON was asked for and none is printed yet."""
    if json_output.requested and not json_output.printed:
        with tolerating_closed_stream(sys.stdout):
            print_document(document)


# A failure on the terminal and in the action's outputs: what happened, and what to do.


def print_error(error: DeployError) -> None:
    """Cause and fix on standard error; in GitHub Actions also as an annotation and as outputs."""
    print_text(f"{click.style('error:', fg='red', bold=True)} {error.cause}", err=True)
    if error.fix:
        print_text(f"{click.style('fix:', fg='yellow')} {error.fix}", err=True)
    if in_actions():
        from deploytool.output import actions

        annotation = actions.error(f"{error.cause}\n{error.fix}".strip(), "deploytool")
        click.echo(annotation, err=json_output.requested)
    if json_output.requested:
        from deploytool.output.json import error_document

        print_failure_document(error_document(error))
    if path := os.environ.get("GITHUB_OUTPUT"):
        from deploytool.output import actions
        from deploytool.output.actions import append_outputs

        append_outputs(path, actions.outputs(error_outputs(error), secrets.token_hex(16)))


def error_outputs(error: DeployError) -> dict[str, str]:
    """Outputs of a step that ended before it had an outcome: exit code and class, as words that stay the same."""
    from deploytool.output.json import error_document, one_line, reason_code

    document = error_document(error)
    return {"result": document["result"], "reason-code": reason_code(error), "json": one_line(document)}


# Who watches on this machine: a picture that moves on a terminal, lines with times elsewhere.

S = TypeVar("S")
E = TypeVar("E")


@contextmanager
def progress_listener(*others: EventListener, as_json: bool) -> Iterator[EventListener]:
    """Tells this machine's user and ``others`` of each event, one at a time.

    With ``as_json`` progress goes to standard error: standard output holds the outcome and nothing else.
    """
    one_at_a_time = threading.Lock()
    with progress_view(_live_view, _log_format, as_json=as_json) as show:

        def emit(event: Event) -> None:
            with one_at_a_time:
                for listener in (show, *others):
                    listener(event)

        yield emit


@contextmanager
def progress_view(
    live: Callable[[], LiveView[S, E]], wording: Callable[[], LogFormat[E]], *, as_json: bool
) -> Iterator[Callable[[E], None]]:
    """Shows a story to this machine's user: ``live`` where a person watches, else as ``wording`` has it, line by line.

    Only the one that is needed is called. With ``as_json`` it goes to standard error.
    """
    if is_interactive() and not as_json:
        with live() as story:
            yield story.on_event
        return
    from deploytool.output.log import LogView

    yield LogView(_writer(sys.stderr if as_json else sys.stdout), now, wording(), in_actions()).on_event


def _live_view() -> LiveView[ReleaseView, Event]:
    from rich.console import Console

    from deploytool.output.progress import LiveView, ReleaseView, apply, render

    return LiveView(Console(), now, ReleaseView(), apply, render)


def _log_format() -> LogFormat[Event]:
    from deploytool.output.log import WORDING

    return WORDING


def _writer(stream: TextIO) -> Callable[[str], object]:
    """Writes to a stream that its reader may leave."""

    def write(text: str) -> None:
        with tolerating_closed_stream(stream):
            click.echo(text, nl=False, file=stream)

    return write
