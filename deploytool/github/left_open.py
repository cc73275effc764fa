"""What releases that were killed left on GitHub: a deployment in progress, a comment that says so still."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from deploytool.core.events import Settled
from deploytool.github.attempts import Attempts
from deploytool.github.client import GithubClient
from deploytool.github.comments import StickyComment, rewrite
from deploytool.github.deployments import Deployments, Status
from deploytool.github.pull_request import PullRequestSearch

Rewritten = Callable[[str], str]


class LeftOpen:
    """Each closed once, by the ids that the ledger kept, else looked for."""

    def __init__(self, client: GithubClient, marker: str, attempts: Attempts, run_url: str) -> None:
        self._client = client
        self._marker = marker
        self._attempts = attempts
        self._run_url = run_url
        self._left: list[tuple[Settled, Rewritten]] = []

    def add(self, event: Settled, rewritten: Rewritten) -> None:
        """Close what this release left, at the next occasion; ``rewritten`` makes of its comment what it is to say."""
        self._left.append((event, rewritten))

    def close(self) -> None:
        """Close all that was added. It is tried once: what GitHub did not take is told at the end."""
        while self._left:
            event, rewritten = self._left.pop(0)
            subject = f"how release {event.request.release_id} ended"
            self._attempts.make(subject, partial(self._deployment, event), last=True)
            self._attempts.make(f"the comment of release {event.request.release_id}",
                                partial(self._comment, event, rewritten), last=True)  # fmt: skip

    def _deployment(self, event: Settled) -> None:
        status = Status("success" if event.good else "failure", event.sentence)
        Deployments(self._client, event.request, self._run_url).close(status, event.github.deployment_id)

    def _comment(self, event: Settled, rewritten: Rewritten) -> None:
        if event.github.comments:
            for comment in event.github.comments:
                rewrite(self._client, comment, self._marker, rewritten)
            return
        request = event.request
        number = PullRequestSearch(self._client, request.commit, request.origin.pull_request).attempt()
        if number is not None:
            StickyComment(self._client, number, self._marker).change(rewritten)
