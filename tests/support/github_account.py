"""What the GitHub server was told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import requests

FAILED = {"failure", "error"}
OVER = {"success", "inactive", *FAILED}


@dataclass(frozen=True)
class Github:
    """The repository on the GitHub server at ``url``."""

    url: str
    repository: str
    token: str

    def deployments(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(self._get("deployments"))

    def comment(self, number: int) -> dict[str, Any]:
        """One comment, by its id."""
        return dict(self._get(f"issues/comments/{number}"))

    def states(self, deployment: int) -> list[str]:
        """States of one deployment, newest first."""
        return [status["state"] for status in self._get(f"deployments/{deployment}/statuses")]

    def still_open(self, told: str) -> list[int]:
        """Deployments of the release that said ``told`` which nobody closed."""
        return [number for number, state in self._ends(told) if state not in OVER]

    def not_failed(self, told: str) -> list[int]:
        """Deployments of the release that said ``told`` which do not end as a failure."""
        return [number for number, state in self._ends(told) if state not in FAILED]

    def _ends(self, told: str) -> list[tuple[int, str]]:
        of_release = re.search(r", release (\S+)$", told, re.MULTILINE)
        if not of_release:
            return []  # it ended before it began
        ours = [item["id"] for item in self.deployments() if of_release[1] in str(item["payload"])]
        return [(number, next(iter(self.states(number)), "pending")) for number in ours]

    def _get(self, path: str) -> Any:
        answer = requests.get(
            f"{self.url}/repos/{self.repository}/{path}", headers={"Authorization": f"Bearer {self.token}"}, timeout=10
        )
        answer.raise_for_status()
        return answer.json()
