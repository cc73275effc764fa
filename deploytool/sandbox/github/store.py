"""The server's records by kind and number, kept in one JSON file so that they survive a restart.

Times are ISO 8601 in UTC with whole seconds, as GitHub sends them.
"""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from deploytool.sandbox.github.faults import Fault

Permission = Literal["none", "read", "write", "admin"]
DeploymentState = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]

BOT = "github-actions[bot]"
DEVELOPER = "octo-dev"


@dataclass(frozen=True)
class User:
    id: int
    login: str
    type: Literal["User", "Bot"]
    permission: Permission
    """What this account may do in the repository."""

    @property
    def is_writer(self) -> bool:
        return self.permission in {"write", "admin"}


@dataclass(frozen=True)
class Token:
    """`access` is the token's own: `read` is a workflow without `permissions:`, `write` one with."""

    token: str
    login: str
    access: Literal["read", "write"]


@dataclass(frozen=True)
class PullRequest:
    number: int
    title: str
    body: str
    author: str
    head_ref: str
    head_sha: str
    base: str
    created_at: str
    updated_at: str
    merged_at: str | None = None
    merged_by: str | None = None
    merge_commit_sha: str | None = None


@dataclass(frozen=True)
class Deployment:
    """Fields are called as in GitHub's API."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    payload: dict[str, Any] | str
    transient_environment: bool
    production_environment: bool
    creator: str
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class DeploymentStatus:
    """Fields are called as in GitHub's API."""

    id: int
    deployment_id: int
    state: DeploymentState
    description: str
    environment: str
    environment_url: str
    log_url: str
    creator: str
    created_at: str


@dataclass(frozen=True)
class Comment:
    id: int
    issue: int
    author: str
    body: str
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class Run:
    """A workflow run. The server records it; whoever plays the runner updates it."""

    id: int
    workflow: str
    sha: str
    actor: str
    status: str
    conclusion: str | None
    created_at: str


@dataclass(frozen=True)
class CommitStatus:
    id: int
    sha: str
    context: str
    state: Literal["error", "failure", "pending", "success"]


@dataclass(frozen=True)
class Settings:
    """What an administrator sets; `environments` are those without a deployment."""

    created_at: str = "2026-01-01T00:00:00Z"
    environments: tuple[str, ...] = ()
    subject_claims: tuple[str, ...] | None = None
    """Template of the OIDC subject; None is the default one."""
    immutable_subject: bool | None = None
    secret_scanning: bool = False
    push_protection: bool = False


@dataclass(frozen=True)
class Event:
    id: int
    event: str
    action: str
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass
class Records:
    """Keys are the records' own ids (login, token, number), in the order of creation."""

    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    statuses: dict[int, DeploymentStatus] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    commit_statuses: dict[int, CommitStatus] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    last_id: int = 1000

    def statuses_of(self, deployment_id: int) -> list[DeploymentStatus]:
        """Newest first."""
        return [status for status in self.statuses.values() if status.deployment_id == deployment_id][::-1]

    def comments_of(self, issue: int) -> list[Comment]:
        """Oldest first."""
        return [comment for comment in self.comments.values() if comment.issue == issue]


_KINDS: dict[str, tuple[type[Any], str]] = {
    "users": (User, "login"),
    "tokens": (Token, "token"),
    "pulls": (PullRequest, "number"),
    "deployments": (Deployment, "id"),
    "statuses": (DeploymentStatus, "id"),
    "comments": (Comment, "id"),
    "runs": (Run, "id"),
    "commit_statuses": (CommitStatus, "id"),
    "events": (Event, "id"),
}
"""Class and key of each kind; a fault has no key of its own."""


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def initial_records() -> Records:
    """An unused repository: the workflow's bot, a developer who may write and a stranger who may not."""
    users = [
        User(41898282, BOT, "Bot", "write"),
        User(1, DEVELOPER, "User", "write"),
        User(2, "stranger", "User", "read"),
    ]
    tokens = [
        Token("sandbox-token", BOT, "write"),
        Token("developer-token", DEVELOPER, "write"),
        Token("stranger-token", "stranger", "write"),
        Token("read-only-token", BOT, "read"),
    ]
    return Records(users={user.login: user for user in users}, tokens={token.token: token for token in tokens})


def settings_from_json(document: dict[str, Any]) -> Settings:
    fields: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in document.items()}
    return Settings(**fields)


class Store:
    """`records` may be read and changed while `lock` is held; `save` after a change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Differs after every change and after every start, so that a page knows when to reload.
        self._start, self._changes = secrets.token_hex(4), 0
        self.lock = threading.RLock()
        self.records = self._load() if path.exists() else initial_records()

    @property
    def version(self) -> str:
        return f"{self._start}.{self._changes}"

    def next_id(self) -> int:
        self.records.last_id += 1
        return self.records.last_id

    def save(self) -> None:
        """Atomic: a kill in the middle leaves the previous file."""
        self._changes += 1
        document: dict[str, Any] = {
            name: [asdict(record) for record in getattr(self.records, name).values()] for name in _KINDS
        }
        document["faults"] = [[number, asdict(fault)] for number, fault in self.records.faults.items()]
        document |= {"settings": asdict(self.records.settings), "last_id": self.records.last_id}
        partial = self._path.with_suffix(".new")
        partial.write_text(json.dumps(document))
        partial.chmod(0o600)
        partial.replace(self._path)

    def reset(self) -> None:
        """Forget everything; ids go on, so that none is ever used twice."""
        self.records = Records(**(vars(initial_records()) | {"last_id": self.records.last_id}))

    def _load(self) -> Records:
        document = json.loads(self._path.read_text())
        records = Records(last_id=document["last_id"], settings=settings_from_json(document.get("settings", {})))
        records.faults = {number: Fault(**fault) for number, fault in document["faults"]}
        for name, (kind, key) in _KINDS.items():
            setattr(records, name, {row[key]: kind(**row) for row in document[name]})
        return records
