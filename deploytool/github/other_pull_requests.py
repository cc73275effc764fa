"""The other pull requests of a release: those of the commits that come, or for a rollback go, together with its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from deploytool.core.model import Commit
from deploytool.github.attempts import Attempts
from deploytool.github.client import GithubClient
from deploytool.github.pull_request import PullRequestSearch

MOST = 10
"""Pull requests that are told at the end of a release: somebody waits for it."""


class OtherPullRequests:
    """Found while AWS works, told at the end."""

    def __init__(self, client: GithubClient, commits: Sequence[Commit], attempts: Attempts) -> None:
        self._client = client
        self._left = list(commits)
        self._attempts = attempts
        self._found: list[int] = []

    def find(self) -> None:
        """Ask for all that were not asked for yet."""
        while self._left and len(self._found) < MOST:
            if not self._attempts.make("which other pull requests it holds", self._ask):
                return

    def tell(self, send: Callable[[int], None], unless: int | None = None) -> None:
        """Tell each but ``unless``, the release's own."""
        for number in self._found:
            if number != unless:
                self._attempts.make(f"the comment in pull request {number}", partial(send, number), last=True)

    def _ask(self) -> None:
        number = PullRequestSearch(self._client, self._left[0]).attempt()
        self._left.pop(0)
        if number is not None and number not in self._found:
            self._found.append(number)
