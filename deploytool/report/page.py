"""The comment's text, kept up to date by the events of one release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from deploytool.core.events import Event, Settled
from deploytool.report.escaping import code, link, marker
from deploytool.report.markdown import Links, comment, summary
from deploytool.report.retold import settled
from deploytool.report.story import Story, apply
from deploytool.report.way_back import taken_back


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
        plan = self._story.plan
        if plan is None:
            return body
        commit = plan.request.commit
        shown = f"{self._links.repository}/commit/{commit.sha}" if self._links.repository else ""
        by = f"By release {code(plan.request.release_id)}, to {link(code(commit.short), shown)}"
        if self._links.run:
            by += f" · {link('run', self._links.run)}"
        return taken_back(body, self._environment, by)

    def marker(self) -> str:
        """The comment's first line, by which it is found again."""
        return self._marker
