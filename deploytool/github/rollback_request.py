"""A tick in the box of a comment, as GitHub tells it: the event, and what is read again because the event may lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deploytool.core.model import Commit, Request
from deploytool.core.rollback_request_model import Box, Deployed, Reread, Tick
from deploytool.github.client import GithubClient
from deploytool.github.comments import PERMISSION as COMMENT
from deploytool.github.deployments import Deployments, payload_of
from deploytool.github.errors import Forbidden, Missing

_READ = "deployments: read"


def tick_of(event_name: str, event: Mapping[str, Any]) -> Tick:
    """The event's facts; empty where it does not say."""
    comment, issue, sender = (_mapping(event, name) for name in ("comment", "issue", "sender"))
    return Tick(
        event=event_name,
        action=str(event.get("action", "")),
        repository=str(_mapping(event, "repository").get("full_name", "")),
        pull_request=int(issue["number"]) if issue.get("pull_request") and issue.get("number") else None,
        sender=str(sender.get("login", "")),
        # Who is not said to be a person is not one.
        sender_is_bot=sender.get("type") != "User",
        comment=int(comment.get("id") or 0),
        before=str(_mapping(_mapping(event, "changes"), "body").get("from") or ""),
        after=str(comment.get("body") or ""),
    )


class RollbackRequests:
    """Reads what a decision needs, and answers in the comment."""

    def __init__(self, client: GithubClient, repository: str, app: str) -> None:
        self._client = client
        self._repository = repository
        self._app = app

    def reread(self, tick: Tick, environment: str, box: Box) -> Reread:
        """Everything but the event; ``environment`` as GitHub calls it. What is not there is said to be missing.

        Raises GithubError.
        """
        comment = self._client.call("issues.get_comment", "read the comment", COMMENT, comment_id=tick.comment)
        pull = self._client.call("pulls.get", "read the pull request", COMMENT, pull_number=tick.pull_request)
        author = comment.get("user") or {}
        live = Deployments(self._client, Request("", self._app, environment, Commit(""))).live()
        return Reread(
            author=str(author.get("login", "")),
            author_is_bot=author.get("type") == "Bot",
            own_login=self._own_login(),
            body=str(comment.get("body") or ""),
            permission=self._permission(tick.sender),
            # A fork that was deleted since has no repository any more.
            pull_repository=str(_mapping(_mapping(pull, "head"), "repo").get("full_name", "")),
            merged=bool(pull.get("merged")),
            goal=self._deployed(box.goal),
            current=self._deployed(box.current),
            live=int(live["id"]) if live else None,
        )

    def answer(self, comment: int, rewritten: Callable[[str], str]) -> None:
        """Rewrite the comment from what it says now. Raises GithubError."""
        told = self._client.call("issues.get_comment", "read the comment", COMMENT, comment_id=comment)
        body = rewritten(str(told.get("body") or ""))
        self._client.call("issues.update_comment", "answer in the comment", COMMENT, comment_id=comment, body=body)

    def _own_login(self) -> str:
        try:
            return str(self._client.call("users.get_authenticated", "say whose token this is")["login"])
        except Forbidden:
            return ""

    def _permission(self, login: str) -> str:
        try:
            told = self._client.call(
                "repos.get_collaborator_permission_level", f"say what {login} may do", "contents: read", username=login
            )
        except Missing:
            return ""
        return str(told.get("permission", ""))

    def _deployed(self, number: int) -> Deployed | None:
        try:
            found = self._client.call("repos.get_deployment", "read a deployment", _READ, deployment_id=number)
        except Missing:
            return None
        statuses = self._client.pages(
            "repos.list_deployment_statuses", "read a deployment's statuses", _READ, deployment_id=number
        )
        told = payload_of(found)
        return Deployed(
            id=int(found["id"]),
            repository="/".join(str(found.get("repository_url", "")).split("/")[-2:]),
            environment=str(found.get("environment", "")),
            type=str(told.get("type", "")),
            app=str(told.get("app", "")),
            release=str(told.get("release", "")),
            creator=str((found.get("creator") or {}).get("login", "")),
            ref=str(found.get("ref", "")),
            sha=str(found.get("sha", "")),
            commit=str(told.get("commit", "")),
            states=tuple(str(each["state"]) for each in statuses),
        )


def _mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}
