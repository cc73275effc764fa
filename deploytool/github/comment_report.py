"""A release as the pull request's comment: found in the background, updated at most every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from deploytool.core.events import Event, Settled
from deploytool.github.attempts import Attempts
from deploytool.github.client import GithubClient
from deploytool.github.comments import StickyComment
from deploytool.github.pull_request import ATTEMPTS, PullRequestSearch

INTERVAL = 5.0
"""Seconds between two updates of the comment."""
_SUBJECT = "the comment"


class Page(Protocol):
    """The comment's text, made from the events."""

    def add(self, event: Event) -> None:
        """Take the event into the text."""

    def text(self) -> str:
        """The comment as it should read now."""

    def marker(self) -> str:
        """Its first line."""

    def offer(self, goal: int, current: int) -> None:
        """Take the deployments that the way back is between into the text."""

    def settled(self, event: Settled, body: str) -> str:
        """The comment of a release that was killed, from what it says."""

    def taken_back(self, body: str) -> str:
        """The comment of the release that this one took back, from what it says."""

    def replaced(self, body: str) -> str:
        """The comment of the release that this one takes the place of, from what it says."""


class CommentReport:
    """Keeps the comment at the page's text."""

    def __init__(
        self,
        client: GithubClient,
        search: PullRequestSearch,
        page: Page,
        attempts: Attempts,
        monotonic: Callable[[], float],
    ) -> None:
        self._client = client
        self._search = search
        self._page = page
        self._attempts = attempts
        self._monotonic = monotonic
        self._looks = [monotonic() + wait for wait in ATTEMPTS]
        self._comment: StickyComment | None = None
        self._next = float("-inf")
        self._changed = False

    def change(self) -> None:
        """The page says something new."""
        self._changed = True

    @property
    def pull_request(self) -> int | None:
        """Where the comment is; None while no pull request was found."""
        return self._comment.pull_request if self._comment else None

    @property
    def id(self) -> int | None:
        """Of the comment; None while it is not known."""
        return self._comment.id if self._comment else None

    @property
    def url(self) -> str:
        """The comment's page; empty while there is none."""
        return self._comment.url if self._comment else ""

    def due_at(self) -> float:
        """When :meth:`send` next has something to do, in the clock's seconds; infinite where it has not."""
        if self._comment is None:
            return self._looks[0] if self._looks else float("inf")
        return self._next if self._changed else float("inf")

    def send(self, last: bool = False) -> None:
        """Look for the pull request and write the comment, each where it is due; ``last`` does not wait."""
        now = self._monotonic()
        if self._comment is None and (last or (self._looks and now >= self._looks[0])):
            self._looks = [look for look in self._looks if look > now]
            self._attempts.make(_SUBJECT, self._look, last)
        if self._comment is not None and self._changed and (last or now >= self._next):
            self._next = now + INTERVAL
            self._changed = not self._attempts.make(_SUBJECT, self._write, last)

    def _look(self) -> None:
        number = self._search.attempt()
        if number is not None:
            self._comment = StickyComment(self._client, number, self._page.marker())

    def _write(self) -> None:
        if self._comment is not None:
            self._comment.write(self._page.text())
