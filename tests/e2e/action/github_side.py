"""The GitHub server, as somebody sees it who may write to the repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

DEVELOPER = {"Authorization": "Bearer developer-token"}
BOT = {"Authorization": "Bearer sandbox-token"}


@dataclass(frozen=True)
class Github:
    """The repository on the GitHub server at ``url``."""

    url: str
    repository: str

    def deployments(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(self._get("deployments"))

    def states(self, deployment: int) -> list[str]:
        """States of one deployment, newest first."""
        return [status["state"] for status in self._get(f"deployments/{deployment}/statuses")]

    def comments(self, pull_request: int) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self._get(f"issues/{pull_request}/comments"))

    def edit(self, comment: int, body: str) -> None:
        """By the bot: somebody's own tick would start the sandbox's runner too, and it would be faster than ours."""
        answer = requests.patch(f"{self._base}/issues/comments/{comment}", json={"body": body}, headers=BOT, timeout=10)
        answer.raise_for_status()

    def deploy(self, sha: str, environment: str, payload: dict[str, str]) -> int:
        """A deployment that somebody makes by the API, with success; its id."""
        body = {
            "ref": sha, "auto_merge": False, "required_contexts": [], "environment": environment, "payload": payload,
        }  # fmt: skip
        made = requests.post(f"{self._base}/deployments", json=body, headers=BOT, timeout=10)
        made.raise_for_status()
        number = int(made.json()["id"])
        requests.post(
            f"{self._base}/deployments/{number}/statuses", json={"state": "success"}, headers=BOT, timeout=10
        ).raise_for_status()
        return number

    @property
    def _base(self) -> str:
        return f"{self.url}/repos/{self.repository}"

    def _get(self, path: str) -> Any:
        answer = requests.get(f"{self._base}/{path}", headers=DEVELOPER, timeout=10)
        answer.raise_for_status()
        return answer.json()
