"""The comment's text, kept up to date by the events of one release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from deploytool.core.events import Event
from deploytool.report.escaping import marker
from deploytool.report.markdown import Links, comment, summary
from deploytool.report.story import Story, apply


class CommentPage:
    """What github.reporter publishes and what the job summary repeats."""

    def __init__(self, app: str, environment: str, links: Links, now: Callable[[], datetime]) -> None:
        self._marker = marker(app, environment)
        self._links = links
        self._now = now
        self._story = Story()

    def add(self, event: Event) -> None:
        """Take the event into the text."""
        self._story = apply(self._story, event, self._now())

    def text(self) -> str:
        """The comment as it should read now. Raises ValueError before the plan is known."""
        return comment(self._story, self._links)

    def summary(self) -> str:
        """The job summary; empty before the plan is known."""
        return summary(self._story, self._links)

    def marker(self) -> str:
        """The comment's first line, by which it is found again."""
        return self._marker
