"""What the stand-in remembers. Times are ISO 8601 in UTC with whole seconds, as GitHub sends them."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from deploytool.sandbox.github.faults import Fault

# SEG sandbox.github.model
# What the stand-in remembers. Times are ISO 8601 in UTC with whole seconds, as GitHub sends them.

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


@dataclass(frozen=True)
class Token:
    """`access` is what the token itself was given: `read` is a workflow without `permissions:`, `write` one with."""

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
    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    payload: dict[str, Any] | str
    transient: bool
    production: bool
    creator: str
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class DeploymentStatus:
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
    """A workflow started by `workflow_dispatch`. The stand-in records it; whoever plays the runner moves it on."""

    id: int
    workflow: str
    ref: str
    sha: str
    inputs: dict[str, Any]
    actor: str
    status: str
    conclusion: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class CommitStatus:
    """One check of a commit: what a deployment's `required_contexts` are judged by."""

    id: int
    sha: str
    context: str
    state: Literal["error", "failure", "pending", "success"]


@dataclass(frozen=True)
class Settings:
    """What an administrator sets; `environments` are those that no deployment has made yet."""

    created_at: str = "2026-01-01T00:00:00Z"
    environments: tuple[str, ...] = ()
    subject_claims: tuple[str, ...] | None = None
    """Template of the OIDC subject; None is the default one."""
    immutable_subject: bool | None = None
    secret_scanning: bool = False
    push_protection: bool = False


@dataclass(frozen=True)
class Event:
    """What GitHub would have started workflows for."""

    id: int
    event: str
    action: str
    payload: dict[str, Any] = field(default_factory=dict)


# SEG sandbox.github.store
# The stand-in's memory: records by kind and number, written to one JSON file so that a restart keeps everything.


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Records:
    """Everything there is. Keys are the records' own ids (login, token), in the order of creation."""

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


_KINDS: dict[str, type[Any]] = {
    "users": User,
    "tokens": Token,
    "pulls": PullRequest,
    "deployments": Deployment,
    "statuses": DeploymentStatus,
    "comments": Comment,
    "runs": Run,
    "commit_statuses": CommitStatus,
    "events": Event,
    "faults": Fault,
}


def fresh() -> Records:
    """A repository nobody has used: the workflow's bot, a developer who may write and a stranger who may not."""
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
    return Records(users={u.login: u for u in users}, tokens={t.token: t for t in tokens})


def settings(given: dict[str, Any]) -> Settings:
    """Of JSON, where a tuple is a list."""
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Settings(**fields)


class Store:
    """`records` may be read and changed while `lock` is held; `save` after a change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Differs after every change and after every start, so that a page knows when to look again.
        self._start, self._changes = secrets.token_hex(4), 0
        self.lock = threading.RLock()
        self.records = self._load() if path.exists() else fresh()

    @property
    def version(self) -> str:
        return f"{self._start}.{self._changes}"

    def next_id(self) -> int:
        self.records.last_id += 1
        return self.records.last_id

    def save(self) -> None:
        """Whole or not at all: a kill in the middle leaves the file of before."""
        self._changes += 1
        text: dict[str, Any] = {name: [asdict(r) for r in getattr(self.records, name).values()] for name in _KINDS}
        text["faults"] = [[number, asdict(fault)] for number, fault in self.records.faults.items()]
        text["settings"] = asdict(self.records.settings)
        written = self._path.with_suffix(".new")
        written.write_text(json.dumps(text | {"last_id": self.records.last_id}))
        written.chmod(0o600)
        written.replace(self._path)

    def reset(self) -> None:
        """Forget everything; ids go on, so that none is ever used twice."""
        self.records = Records(**(vars(fresh()) | {"last_id": self.records.last_id}))

    def _load(self) -> Records:
        found = json.loads(self._path.read_text())
        records = Records(last_id=found["last_id"], settings=settings(found.get("settings", {})))
        for name, kind in _KINDS.items():
            if name == "faults":
                records.faults = {number: Fault(**fault) for number, fault in found[name]}
                continue
            key = {"users": "login", "tokens": "token", "pulls": "number"}.get(name, "id")
            setattr(records, name, {row[key]: kind(**row) for row in found[name]})
        return records
