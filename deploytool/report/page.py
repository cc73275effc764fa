"""The comment's text, kept up to date by the events of one release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from deploytool.core.events import Event, Settled
from deploytool.report.escaping import code, link, marker
from deploytool.report.markdown import Links, comment, summary
from deploytool.report.retold import replaced, settled, taken_back
from deploytool.report.story import Story, apply


class CommentPage:
    """What github.reporter publishes and what the job summary repeats."""

    def __init__(self, app: str, environment: str, links: Links, now: Callable[[], datetime]) -> None:
        self._marker = marker(app, environment)
        self._environment = environment
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

    def offer(self, goal: int, current: int) -> None:
        """The deployments, on GitHub, that the way back is between."""
        self._links = replace(self._links, deployments=(goal, current))

    def settled(self, event: Settled, body: str) -> str:
        """The comment of a release that was killed; as it is, where it does not say any more that it goes on."""
        return settled(body, self._environment, event.sentence, good=event.good)

    def taken_back(self, body: str) -> str:
        """The comment of the release that this one, a rollback, takes back."""
        return taken_back(body, self._environment, self._this_release("to ")) if self._story.plan else body

    def replaced(self, body: str) -> str:
        """The comment of the release that this one takes the place of."""
        return replaced(body, self._environment, self._this_release(), self._now()) if self._story.plan else body

    def marker(self) -> str:
        """The comment's first line, by which it is found again."""
        return self._marker

    def _this_release(self, to: str = "") -> str:
        if self._story.plan is None:
            return ""
        request, links = self._story.plan.request, self._links
        shown = f"{links.repository}/commit/{request.commit.sha}" if links.repository else ""
        told = f"release {code(request.release_id)}, {to}{link(code(request.commit.short), shown)}"
        return f"{told} · {link('run', links.run)}" if links.run else told
