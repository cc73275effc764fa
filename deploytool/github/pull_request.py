"""Which pull request a commit came by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deploytool.core.model import Commit
from deploytool.github.client import GithubClient
from deploytool.github.errors import Missing, Unprocessable

ATTEMPTS = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds after the start at which to ask: GitHub knows a squash merge's pull request only tens of seconds later."""
PERMISSION = "pull-requests: write"
_IN_SUBJECT = re.compile(r"\(#([1-9][0-9]{0,9})\)\s*$")


class PullRequestSearch:
    """Asks once per call; whoever calls decides when to ask again."""

    def __init__(self, client: GithubClient, commit: Commit, event_number: int | None = None) -> None:
        self._client = client
        self._commit = commit
        self._event_number = event_number
        self._subject_asked = False

    def attempt(self) -> int | None:
        """The pull request's number, or ``None`` where GitHub knows of none (yet). Raises GithubError."""
        if self._event_number is not None:
            return self._event_number
        if not self._subject_asked:
            self._subject_asked = True
            if (number := self._by_subject()) is not None:
                return number
        try:
            found = self._client.call(
                "repos.list_pull_requests_associated_with_commit",
                "find the commit's pull request",
                PERMISSION,
                commit_sha=self._commit.sha,
            )
        except (Missing, Unprocessable):
            # 422 "No commit found": it was never pushed, so no pull request can hold it yet.
            return None
        return best(found, self._commit.sha)

    def _by_subject(self) -> int | None:
        """The ``(#12)`` that GitHub puts behind a squash merge's subject, believed only where #12 agrees."""
        named = named_in(self._commit.subject)
        if named is None:
            return None
        try:
            pull = self._client.call("pulls.get", f"read pull request {named}", PERMISSION, pull_number=named)
        except Missing:
            return None
        return named if pull.get("merged") and pull.get("merge_commit_sha") == self._commit.sha else None


def named_in(subject: str) -> int | None:
    """The pull request's number at the end of a commit's subject."""
    found = _IN_SUBJECT.search(subject)
    return int(found.group(1)) if found else None


def best(pulls: Sequence[Mapping[str, Any]], sha: str) -> int | None:
    """Of several: the one whose merge made the commit, else a merged one, else the one it is the head of, else any."""

    def rank(pull: Mapping[str, Any]) -> int:
        if pull.get("merged_at"):
            return 0 if pull.get("merge_commit_sha") == sha else 1
        return 2 if pull.get("head", {}).get("sha") == sha else 3

    chosen = min(pulls, key=rank, default=None)
    return int(chosen["number"]) if chosen else None
