"""What the stand-in remembers. Times are ISO 8601 in UTC with whole seconds, as GitHub sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

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
