"""What GitHub says of a ticked box when it is asked again, because the event may lie; and the answer in the comment."""

from __future__ import annotations

from collections.abc import Callable

from deploytool.github.client import Forbidden, GithubClient, Missing
from deploytool.github.comments import COMMENT_PERMISSION as COMMENT
from deploytool.github.deployments import Deployments, payload_of
from deploytool.github.rollback_checkbox import mapping_at
from deploytool.github.rollback_model import CheckboxEvent, GithubDeployment, RollbackCheckbox, VerifiedState
from deploytool.release.model import Commit, ReleaseRequest

_READ = "deployments: read"


class RollbackRequests:
    """Reads what a decision needs, and answers in the comment."""

    def __init__(self, client: GithubClient, repository: str, app: str) -> None:
        self._client = client
        self._repository = repository
        self._app = app

    def reread(self, tick: CheckboxEvent, environment: str, box: RollbackCheckbox) -> VerifiedState:
        """Everything but the event; ``environment`` as GitHub calls it. What is not there is said to be missing.

        Raises GithubError.
        """
        comment = self._client.call("issues.get_comment", "read the comment", COMMENT, comment_id=tick.comment)
        pull = self._client.call("pulls.get", "read the pull request", COMMENT, pull_number=tick.pull_request)
        author = comment.get("user") or {}
        live = Deployments(self._client, ReleaseRequest("", self._app, environment, Commit(""))).live()
        return VerifiedState(
            author=str(author.get("login", "")),
            author_is_bot=author.get("type") == "Bot",
            own_login=self._own_login(),
            body=str(comment.get("body") or ""),
            permission=self._permission(tick.sender),
            # A fork that was deleted since has no repository any more.
            pull_repository=str(mapping_at(mapping_at(pull, "head"), "repo").get("full_name", "")),
            merged=bool(pull.get("merged")),
            goal=self._deployed(box.goal),
            current=self._deployed(box.current),
            live=int(live["id"]) if live else None,
        )

    def answer(self, comment: int, rewritten: Callable[[str], str]) -> None:
        """Rewrite the comment from what it says now. Raises GithubError."""
        comment_data = self._client.call("issues.get_comment", "read the comment", COMMENT, comment_id=comment)
        body = rewritten(str(comment_data.get("body") or ""))
        self._client.call("issues.update_comment", "answer in the comment", COMMENT, comment_id=comment, body=body)

    def _own_login(self) -> str:
        try:
            return str(self._client.call("users.get_authenticated", "say whose token this is")["login"])
        except Forbidden:
            return ""

    def _permission(self, login: str) -> str:
        try:
            answer = self._client.call(
                "repos.get_collaborator_permission_level", f"say what {login} may do", "contents: read", username=login
            )
        except Missing:
            return ""
        return str(answer.get("permission", ""))

    def _deployed(self, number: int) -> GithubDeployment | None:
        try:
            deployment = self._client.call("repos.get_deployment", "read a deployment", _READ, deployment_id=number)
        except Missing:
            return None
        statuses = self._client.pages(
            "repos.list_deployment_statuses", "read a deployment's statuses", _READ, deployment_id=number
        )
        payload = payload_of(deployment)
        return GithubDeployment(
            id=int(deployment["id"]),
            repository="/".join(str(deployment.get("repository_url", "")).split("/")[-2:]),
            environment=str(deployment.get("environment", "")),
            type=str(payload.get("type", "")),
            app=str(payload.get("app", "")),
            release=str(payload.get("release", "")),
            creator=str((deployment.get("creator") or {}).get("login", "")),
            ref=str(deployment.get("ref", "")),
            sha=str(deployment.get("sha", "")),
            commit=str(payload.get("commit", "")),
            states=tuple(str(each["state"]) for each in statuses),
        )
