"""Standard output and error that their reader may leave, or that cannot hold more."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from deploytool.errors import DeployError, Exit
from deploytool.release.events import Event
from deploytool.release.ports import EventListener

if TYPE_CHECKING:
    from deploytool.output.log import LogFormat
    from deploytool.output.progress import LiveView, ReleaseView


# SEG cli.heard
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


# SEG cli.surroundings
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


# SEG cli.print_text
# Text on the terminal, where some of it is other people's words: a commit's subject, a branch, AWS's message.


def print_text(text: str, *, err: bool = False) -> None:
    """Print lines; in GitHub Actions the runner finds no command in them. Nothing fails because nobody reads errors."""
    if in_actions():
        from deploytool.output.actions import escape_commands

        text = "\n".join(part for line in click.unstyle(text).split("\n") for part in escape_commands(line))
    with tolerating_closed_stream(sys.stderr) if err else nullcontext():
        click.echo(text, err=err)


def print_document(document: Mapping[str, Any]) -> None:
    """What ``--output json`` asks for, on standard output."""
    from deploytool.output.json import text

    click.echo(text(document), nl=False)


# SEG cli.failure
# A failure on the terminal and in the action's outputs: what happened, and what to do.


def print_error(error: DeployError) -> None:
    """Cause and fix on standard error; in GitHub Actions also as an annotation and as outputs."""
    print_text(f"{click.style('error:', fg='red', bold=True)} {error.cause}", err=True)
    if error.fix:
        print_text(f"{click.style('fix:', fg='yellow')} {error.fix}", err=True)
    if in_actions():
        from deploytool.output import actions

        click.echo(actions.error(f"{error.cause}\n{error.fix}".strip(), "deploytool"))
    if path := os.environ.get("GITHUB_OUTPUT"):
        from deploytool.output import actions
        from deploytool.output.actions import append_outputs

        append_outputs(path, actions.outputs(error_outputs(error), secrets.token_hex(16)))


RESULT_WORDS = {
    Exit.INTERNAL_ERROR: "failed",
    Exit.USAGE: "usage",
    Exit.PRECONDITION_FAILED: "refused",
    Exit.BUILD_FAILED: "build_failed",
    Exit.MIGRATION_FAILED: "migration_failed",
    Exit.ROLLED_BACK: "rolled_back",
    Exit.ROLLBACK_INCOMPLETE: "rollback_incomplete",
    Exit.LOCKED: "locked",
    Exit.SUPERSEDED: "superseded",
    Exit.TIMEOUT: "timed_out",
    Exit.CANCELLED: "cancelled",
}
"""The ``result`` of what ended without an outcome."""


def error_outputs(error: DeployError) -> dict[str, str]:
    """Outputs of a step that ended before it had an outcome: exit code and class, as words that stay the same."""
    result = RESULT_WORDS[error.exit_code]
    reason = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    document = {
        "schema": 1, "kind": "failure", "result": result, "exit_code": int(error.exit_code),
        "reason": reason, "cause": error.cause, "fix": error.fix,
    }  # fmt: skip
    return {"result": result, "reason-code": reason, "json": json.dumps(document, ensure_ascii=False)}


# SEG cli.watched
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
