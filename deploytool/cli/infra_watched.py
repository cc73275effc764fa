"""Who watches the stacks on this machine: a tree that moves on a terminal, lines with times elsewhere."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from deploytool.cli.heard import heard_or_not
from deploytool.cli.print_text import print_document, print_text
from deploytool.cli.surroundings import now
from deploytool.cli.watched import shown
from deploytool.core.events import Event, Warned
from deploytool.core.stacks.events import InfraEvent
from deploytool.core.stacks.outcome import InfraOutcome
from deploytool.run.stacks.ports import Tell

if TYPE_CHECKING:
    from deploytool.report.infra.story import InfraStory
    from deploytool.report.live import LiveStory
    from deploytool.report.logged import Wording


def watched(*, as_json: bool) -> AbstractContextManager[Tell]:
    """With ``as_json`` progress goes to standard error: standard output holds the outcome and nothing else."""
    return shown(_live, _wording, as_json=as_json)


def say(outcome: InfraOutcome, *, as_json: bool) -> None:
    """The outcome on standard output."""
    from deploytool.report.infra.documents import outcome_document
    from deploytool.report.infra.outcome import outcome_text

    with heard_or_not(sys.stdout):
        if as_json:
            print_document(outcome_document(outcome))
        else:
            print_text(outcome_text(outcome))


def warned(event: InfraEvent | Event) -> None:
    """Only warnings, for what ends at once."""
    if isinstance(event, Warned):
        print_text(f"warning: {event.text}", err=True)


def _live() -> LiveStory[InfraStory, InfraEvent | Event]:
    from rich.console import Console

    from deploytool.report.infra.picture import picture
    from deploytool.report.infra.story import InfraStory, apply
    from deploytool.report.live import LiveStory

    return LiveStory(Console(), now, InfraStory(), apply, picture)


def _wording() -> Wording[InfraEvent | Event]:
    from deploytool.report.infra.plain import WORDING

    return WORDING
