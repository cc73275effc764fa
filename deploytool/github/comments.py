"""What could not be told to GitHub, and when it may be tried again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from deploytool.github.client import Forbidden, GithubClient, GithubError, Missing, Unauthorized, Unprocessable
from deploytool.release.events import Event, Recovered
from deploytool.release.model import Commit

# What could not be told to GitHub, and when it may be tried again.

PAUSE = 5.0
"""Seconds between two tries of the same subject."""
_PERMANENT = (Unauthorized, Forbidden, Missing)


class BestEffort:
    """Failures, newest per subject; forgotten when the same subject works out later."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failed: dict[str, str] = {}
        self._not_before: dict[str, float] = {}

    def make(self, subject: str, send: Callable[[], None], last: bool = False) -> bool:
        """Try, unless the last failure says that it is too early or hopeless; True where it worked.

        With ``last`` there is no later: only what is hopeless is left out.
        """
        not_before = self._not_before.get(subject, 0.0)
        if not_before == float("inf") or (not last and self._monotonic() < not_before):
            return False
        try:
            send()
        except GithubError as error:
            fix = f" ({error.fix})" if error.fix else ""
            self._failed[subject] = f"not reported to GitHub: {subject}: {error.cause}{fix}"
            hopeless = isinstance(error, _PERMANENT)
            self._not_before[subject] = float("inf") if hopeless else self._monotonic() + PAUSE
            return False
        self._failed.pop(subject, None)
        return True

    def failures(self) -> tuple[str, ...]:
        """What GitHub does not show, one sentence each."""
        return tuple(dict.fromkeys(self._failed.values()))


# One comment per pull request, app and environment, updated in place.

COMMENT_PERMISSION = "pull-requests: write"


def rewrite(client: GithubClient, comment: int, marker: str, rewritten: Callable[[str], str]) -> None:
    """Rewrite a comment, ours by its id, from what it says; nothing where it is gone. Raises GithubError."""
    try:
        comment_data = client.call("issues.get_comment", "read a comment", COMMENT_PERMISSION, comment_id=comment)
        before = str(comment_data.get("body") or "")
        # Whatever an id says: what does not begin with our marker is not ours to change.
        if before.split("\n", 1)[0].strip() == marker and (after := rewritten(before)) != before:
            client.call(
                "issues.update_comment", "update its comment", COMMENT_PERMISSION, comment_id=comment, body=after
            )
    except Missing:
        return


class StickyComment:
    """The comment that begins with ``marker`` and is ours."""

    def __init__(self, client: GithubClient, pull_request: int, marker: str) -> None:
        self._client = client
        self.pull_request = pull_request
        self._marker = marker
        self._id: int | None = None
        self.url = ""
        """The comment's page, once it was found or made."""
        self._login: str | None = None

    def write(self, body: str) -> None:
        """Update the comment, or create it where it is not there (any more). Raises GithubError."""
        if self._id is None:
            existing = self._find()
            if existing:
                self._know(existing)
        if self._id is not None and self._updated(self._id, body):
            return
        made = self._client.create(
            "issues.create_comment",
            "comment on the pull request",
            COMMENT_PERMISSION,
            find=lambda: self._find(body),
            issue_number=self.pull_request,
            body=body,
        )
        self._know(made)

    def _know(self, comment: Mapping[str, Any]) -> None:
        self._id = int(comment["id"])
        self.url = str(comment.get("html_url") or "")

    def change(self, rewritten: Callable[[str], str], unless: int | None = None) -> None:
        """Rewrite the comment from what it says, where it is there and its id is not ``unless``. Raises GithubError."""
        existing = self._find()
        if existing is None or int(existing["id"]) == unless:
            return
        before = str(existing["body"])
        if (after := rewritten(before)) != before:
            self._updated(int(existing["id"]), after)

    @property
    def id(self) -> int | None:
        """The comment's id; None while it is not known."""
        return self._id

    def _updated(self, comment: int, body: str) -> bool:
        try:
            self._client.call(
                "issues.update_comment", "update its comment", COMMENT_PERMISSION, comment_id=comment, body=body
            )
        except Missing:
            # Somebody deleted it.
            return False
        return True

    def _find(self, body: str | None = None) -> Mapping[str, Any] | None:
        """Our comment; with ``body``, only where it says exactly that: what a lost answer would have created."""
        for each in self._client.pages(
            "issues.list_comments",
            "read the pull request's comments",
            COMMENT_PERMISSION,
            issue_number=self.pull_request,
        ):
            text = str(each.get("body") or "")
            marked = text.split("\n", 1)[0].strip() == self._marker
            if marked and self._is_ours(each) and body in (None, text):
                return each
        return None

    def _is_ours(self, comment: Mapping[str, Any]) -> bool:
        """Anybody may write the marker; only our own account's comment is ours.

        GitHub does not tell an installation's token (``GITHUB_TOKEN``) whose it is: then it is a bot's.
        """
        if self._login is None:
            self._login = self._own_login()
        user = comment.get("user") or {}
        return user.get("login") == self._login if self._login else user.get("type") == "Bot"

    def _own_login(self) -> str:
        try:
            return str(self._client.call("users.get_authenticated", "say whose token this is")["login"])
        except Forbidden:
            return ""


# Which pull request a commit came by.

ATTEMPTS = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds after the start at which to ask: GitHub knows a squash merge's pull request only tens of seconds later."""
PULL_REQUEST_PERMISSION = "pull-requests: write"
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
            pulls = self._client.call(
                "repos.list_pull_requests_associated_with_commit",
                "find the commit's pull request",
                PULL_REQUEST_PERMISSION,
                commit_sha=self._commit.sha,
            )
        except (Missing, Unprocessable):
            # 422 "No commit found": it was never pushed, so no pull request can hold it yet.
            return None
        return best(pulls, self._commit.sha)

    def _by_subject(self) -> int | None:
        """The ``(#12)`` that GitHub puts behind a squash merge's subject, believed only where #12 agrees."""
        named = named_in(self._commit.subject)
        if named is None:
            return None
        try:
            pull = self._client.call(
                "pulls.get", f"read pull request {named}", PULL_REQUEST_PERMISSION, pull_number=named
            )
        except Missing:
            return None
        return named if pull.get("merged") and pull.get("merge_commit_sha") == self._commit.sha else None


def named_in(subject: str) -> int | None:
    """The pull request's number at the end of a commit's subject."""
    match = _IN_SUBJECT.search(subject)
    return int(match.group(1)) if match else None


def best(pulls: Sequence[Mapping[str, Any]], sha: str) -> int | None:
    """Of several: the one whose merge made the commit, else a merged one, else the one it is the head of, else any."""

    def rank(pull: Mapping[str, Any]) -> int:
        if pull.get("merged_at"):
            return 0 if pull.get("merge_commit_sha") == sha else 1
        return 2 if pull.get("head", {}).get("sha") == sha else 3

    chosen = min(pulls, key=rank, default=None)
    return int(chosen["number"]) if chosen else None


# A release as the pull request's comment: found in the background, updated at most every few seconds.

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

    def settled(self, event: Recovered, body: str) -> str:
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
        attempts: BestEffort,
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
