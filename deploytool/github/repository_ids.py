"""The numbers that GitHub knows a repository and its owner by."""

from __future__ import annotations

from deploytool.github.client import GithubClient
from deploytool.github.errors import GithubError

SECONDS = 5.0


def repository_ids(api_url: str, token: str, repository: str) -> tuple[int, int]:
    """Ids of owner and repository (``GET /repos/{owner}/{repo}``); zeros where GitHub does not say."""
    client = GithubClient(api_url, token, repository)
    client.hurry(SECONDS)
    try:
        found = client.call("repos.get", "read the repository", "metadata: read")
    except GithubError:
        return 0, 0
    return int(found["owner"]["id"]), int(found["id"])
