"""The GitHub side: the repository, its environment, its workflows and how its jobs sign in to AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploytool.core.doctor.finding import CannotTell


@dataclass(frozen=True)
class RepositoryFact:
    """``repos.get``."""

    name: str
    """``owner/name``"""
    id: int
    owner_id: int
    default_branch: str
    created_at: datetime
    push: bool | None = None
    """Whose token it is may push; ``None`` where GitHub does not say, as for a workflow's token."""
    secret_scanning: bool | None = None
    push_protection: bool | None = None
    """``None``: only administrators are told."""


@dataclass(frozen=True)
class SubjectForm:
    """How the subject of a job's OIDC token is made (``actions.get_custom_oidc_sub_claim_for_repo``)."""

    default: bool = True
    claims: tuple[str, ...] = ()
    immutable: bool | None = None
    """Ids of owner and repository are in it; ``None`` where GitHub does not say."""
    prefix: str = ""
    """How it begins, such as ``repo:acme/shop``; empty where GitHub does not say."""


@dataclass(frozen=True)
class Job:
    """A job that uses deploytool."""

    workflow: str
    name: str
    permissions: Mapping[str, str] | None
    """``None`` where neither job nor workflow says: the repository's default applies."""
    commands: tuple[str, ...] = ("release",)
    """What it lets deploytool do, sorted; an expression where that is chosen when it runs."""


@dataclass(frozen=True)
class Workflow:
    """A workflow file on the default branch."""

    name: str
    events: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    responds: bool = False
    """A job of it runs ``respond``."""


@dataclass(frozen=True)
class Github:
    """Each fact may be unseen by itself; all are where no token is there."""

    repository: RepositoryFact | CannotTell
    environment: bool | CannotTell = True
    """An environment of that name exists."""
    subject: SubjectForm | CannotTell = SubjectForm()
    workflows: tuple[Workflow, ...] | CannotTell = ()
    reads: Mapping[str, CannotTell | None] = field(default_factory=dict)
    """Permission that a release reads with, and why it is denied; ``None`` where it is not."""
