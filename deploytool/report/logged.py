"""A story as lines with times, for CI and wherever no terminal watches."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from deploytool.core.events import StepEnded
from deploytool.report import github_actions

E = TypeVar("E")


@dataclass(frozen=True)
class Wording(Generic[E]):
    """What the events of one kind of story are told as."""

    lines: Callable[[E], tuple[str, ...]]
    workflow_commands: Callable[[E], tuple[str, ...]]
    """What GitHub Actions is told beside the lines: folds for long output, annotations for what went wrong."""
    subject: Callable[[E], Hashable | None]
    """What an event brings news of; ``None`` where it is told however often it comes."""


class LoggedStory(Generic[E]):
    """Writes every event as timestamped lines; the same about the same subject only once in a row."""

    def __init__(
        self, write: Callable[[str], object], now: Callable[[], datetime], wording: Wording[E], actions: bool = False
    ) -> None:
        """``write`` gets whole lines with their newline. ``actions``: the log is read by GitHub Actions."""
        self._write = write
        self._now = now
        self._wording = wording
        self._actions = actions
        self._last: dict[Hashable, tuple[str, ...]] = {}

    def tell(self, event: E) -> None:
        """Write what ``event`` means."""
        told = [f"{self._now():%H:%M:%S}  {self._safe(line)}" for line in self._fresh(event)]
        if self._actions:
            commands = self._wording.workflow_commands(event)
            # The end of a step is read outside the fold that it closes.
            told = [*commands, *told] if isinstance(event, StepEnded) else [*told, *commands]
        self._write("".join(f"{line}\n" for line in told))

    def _safe(self, line: str) -> str:
        return " ".join(github_actions.inert(line)) if self._actions else line

    def _fresh(self, event: E) -> tuple[str, ...]:
        told, subject = self._wording.lines(event), self._wording.subject(event)
        if subject is None:
            return told
        before, self._last[subject] = self._last.get(subject), told
        return () if told == before else told
