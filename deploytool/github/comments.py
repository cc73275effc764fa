"""One comment per pull request, app and environment, updated in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deploytool.github.client import GithubClient
from deploytool.github.errors import Forbidden, Missing

PERMISSION = "pull-requests: write"


def rewrite(client: GithubClient, comment: int, marker: str, rewritten: Callable[[str], str]) -> None:
    """Rewrite a comment, ours by its id, from what it says; nothing where it is gone. Raises GithubError."""
    try:
        told = client.call("issues.get_comment", "read a comment", PERMISSION, comment_id=comment)
        before = str(told.get("body") or "")
        # Whatever an id says: what does not begin with our marker is not ours to change.
        if before.split("\n", 1)[0].strip() == marker and (after := rewritten(before)) != before:
            client.call("issues.update_comment", "update its comment", PERMISSION, comment_id=comment, body=after)
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
            found = self._found()
            if found:
                self._know(found)
        if self._id is not None and self._updated(self._id, body):
            return
        made = self._client.create(
            "issues.create_comment",
            "comment on the pull request",
            PERMISSION,
            find=lambda: self._found(body),
            issue_number=self.pull_request,
            body=body,
        )
        self._know(made)

    def _know(self, comment: Mapping[str, Any]) -> None:
        self._id = int(comment["id"])
        self.url = str(comment.get("html_url") or "")

    def change(self, rewritten: Callable[[str], str], unless: int | None = None) -> None:
        """Rewrite the comment from what it says, where it is there and its id is not ``unless``. Raises GithubError."""
        found = self._found()
        if found is None or int(found["id"]) == unless:
            return
        before = str(found["body"])
        if (after := rewritten(before)) != before:
            self._updated(int(found["id"]), after)

    @property
    def id(self) -> int | None:
        """The comment's id; None while it is not known."""
        return self._id

    def _updated(self, comment: int, body: str) -> bool:
        try:
            self._client.call("issues.update_comment", "update its comment", PERMISSION, comment_id=comment, body=body)
        except Missing:
            # Somebody deleted it.
            return False
        return True

    def _found(self, body: str | None = None) -> Mapping[str, Any] | None:
        """Our comment; with ``body``, only where it says exactly that: what a lost answer would have created."""
        for each in self._client.pages(
            "issues.list_comments", "read the pull request's comments", PERMISSION, issue_number=self.pull_request
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
