"""What the environment says about GitHub: which repository, whose token, which run, where to write. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEFAULT_API = "https://api.github.com"
DEFAULT_WEB = "https://github.com"


@dataclass(frozen=True)
class GithubContext:
    """Facts from the runner's variables and the event; empty where they are not given."""

    repository: str = ""
    """``owner/name``"""
    token: str = field(default="", repr=False)
    api_url: str = DEFAULT_API
    web_url: str = DEFAULT_WEB
    actions: bool = False
    """We run inside GitHub Actions."""
    run_id: str = ""
    actor: str = ""
    event_name: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)
    sha: str = ""
    ref: str = ""
    default_branch: str = ""
    summary_path: str = ""
    output_path: str = ""
    is_fork: bool = False
    """The event is a pull request from another repository: its token may only read."""

    @property
    def repository_url(self) -> str:
        """The repository's page."""
        return f"{self.web_url}/{self.repository}" if self.repository else ""

    @property
    def run_url(self) -> str:
        """The page of this workflow run; empty off GitHub."""
        return f"{self.repository_url}/actions/runs/{self.run_id}" if self.repository and self.run_id else ""

    @property
    def event_pull_request(self) -> int | None:
        """Number of the pull request that the event is about."""
        number = _mapping(self.event, "pull_request").get("number")
        return number if isinstance(number, int) else None

    @property
    def silent_because(self) -> str:
        """Why nothing is reported through the API, as one sentence; empty where it is."""
        if not self.token:
            return "nothing was reported to GitHub: GITHUB_TOKEN is not set"
        if self.repository.count("/") != 1:
            return "nothing was reported to GitHub: GITHUB_REPOSITORY is not set to owner/name"
        if self.is_fork:
            return "only the job summary was written: the token of a pull request from a fork may not deploy or comment"
        return ""


def github_context(environ: Mapping[str, str], event: Mapping[str, Any]) -> GithubContext:
    """The context from environment variables and the parsed event."""
    repository = environ.get("GITHUB_REPOSITORY", "")
    return GithubContext(
        repository=repository,
        token=environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN", ""),
        api_url=(environ.get("GITHUB_API_URL") or DEFAULT_API).rstrip("/"),
        web_url=(environ.get("GITHUB_SERVER_URL") or DEFAULT_WEB).rstrip("/"),
        actions=environ.get("GITHUB_ACTIONS") == "true",
        run_id=environ.get("GITHUB_RUN_ID", ""),
        actor=environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR", ""),
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        event=event,
        sha=environ.get("GITHUB_SHA", ""),
        ref=environ.get("GITHUB_REF", ""),
        default_branch=str(_mapping(event, "repository").get("default_branch", "")),
        summary_path=environ.get("GITHUB_STEP_SUMMARY", ""),
        output_path=environ.get("GITHUB_OUTPUT", ""),
        is_fork=_is_fork(event, repository),
    )


def read_event(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The event's JSON (``GITHUB_EVENT_PATH``); empty where there is none or it cannot be read."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # The event only helps to find the pull request sooner.
        return {}
    return event if isinstance(event, dict) else {}


def _is_fork(event: Mapping[str, Any], repository: str) -> bool:
    head = _mapping(_mapping(event, "pull_request"), "head")
    if not head:
        return False
    # A fork that was deleted since has no repository any more.
    return str(_mapping(head, "repo").get("full_name", "")).lower() != repository.lower()


def _mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def repository_of(url: str) -> str:
    """``owner/name`` of a remote such as ``https://github.com/acme/shop.git`` or ``git@github.com:acme/shop.git``."""
    path = url.partition("://")[2].partition("/")[2] if "://" in url else url.partition(":")[2]
    name = path.strip("/").removesuffix(".git")
    return name if name.count("/") == 1 else ""
