"""A story that redraws itself on a terminal while it grows, and leaves a still picture when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner

REFRESHES_A_SECOND = 8
S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True)
class Signs:
    """The signs a terminal can show."""

    good: str
    bad: str
    spinner: str


UNICODE = Signs("✓", "✗", "dots")
ASCII = Signs("+", "x", "line")


class LiveStory(Generic[S, E]):
    """Shows the story of every event told; a context manager, so that the cursor comes back whatever happens."""

    def __init__(
        self,
        console: Console,
        now: Callable[[], datetime],
        story: S,
        apply: Callable[[S, E, datetime], S],
        picture: Callable[[S, datetime, Signs, Spinner], RenderableType],
    ) -> None:
        """``story`` is the empty one, ``apply`` what an event makes of it, ``picture`` how it looks at a moment.

        ``console`` decides about colours: rich honours ``NO_COLOR`` and ``TERM=dumb``.
        """
        self._now = now
        self._story = story
        self._apply = apply
        self._picture = picture
        self._signs = ASCII if console.options.ascii_only else UNICODE
        self._spinner = Spinner(self._signs.spinner, style="cyan")
        self._live = Live(
            console=console, get_renderable=self._drawn, refresh_per_second=REFRESHES_A_SECOND, redirect_stdout=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def tell(self, event: E) -> None:
        """Take ``event`` into the picture; drawn at the next refresh."""
        self._story = self._apply(self._story, event, self._now())

    def _drawn(self) -> RenderableType:
        return self._picture(self._story, self._now(), self._signs, self._spinner)
