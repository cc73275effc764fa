"""Facts of the whole account (permissions, monitoring, alerts) and of the repository on GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploytool.doctor.result import Unknown


@dataclass(frozen=True)
class Grant:
    """One Allow statement of an identity policy."""

    policy: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool = False


@dataclass(frozen=True)
class Trust:
    """One Allow statement of a trust policy for GitHub's token service."""

    audiences: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    """Compared with ``StringEquals``."""
    patterns: tuple[str, ...] = ()
    """Compared with ``StringLike``."""
    refs: tuple[str, ...] = ()
    """What it requires of the branch or tag, or of the workflow's own ref."""


@dataclass(frozen=True)
class Role:
    """An IAM role with all its permissions."""

    name: str
    arn: str
    grants: tuple[Grant, ...] = ()
    managed: tuple[str, ...] = ()
    """Names of AWS-managed policies that are attached."""
    github: tuple[Trust, ...] = ()


@dataclass(frozen=True)
class Mfa:
    """``root``: the root user has MFA; ``without``: users with a password and no MFA."""

    root: bool
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trail:
    """A CloudTrail trail."""

    name: str
    logging: bool = True
    every_region: bool = True
    validated: bool = True


@dataclass(frozen=True)
class Alarm:
    """A CloudWatch alarm."""

    name: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    actions: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True)
class Topic:
    """An SNS topic with the number of its confirmed subscriptions."""

    arn: str
    confirmed: int = 1


@dataclass(frozen=True)
class EventRule:
    """An EventBridge rule."""

    name: str
    sources: tuple[str, ...] = ()
    enabled: bool = True
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """What holds for the whole account."""

    roles: tuple[Role, ...] | Unknown = ()
    mfa: Mfa | Unknown = Mfa(root=True)
    trails: tuple[Trail, ...] | Unknown = ()
    detectors: tuple[str, ...] | Unknown = ()
    """Ids of GuardDuty detectors that are enabled in the region."""
    alarms: tuple[Alarm, ...] | Unknown = ()
    topics: tuple[Topic, ...] | Unknown = ()
    rules: tuple[EventRule, ...] | Unknown = ()


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
    """The owner of the token may push; ``None`` where GitHub does not say, as for a workflow's token."""
    secret_scanning: bool | None = None
    push_protection: bool | None = None
    """``None``: GitHub shows it to administrators only."""


@dataclass(frozen=True)
class SubjectForm:
    """How the subject of a job's OIDC token is made (``actions.get_custom_oidc_sub_claim_for_repo``)."""

    default: bool = True
    claims: tuple[str, ...] = ()
    immutable: bool | None = None
    """Ids of owner and repository are in it; ``None`` where GitHub does not say."""
    prefix: str = ""
    """Its beginning, such as ``repo:acme/shop``; empty where GitHub does not say."""


@dataclass(frozen=True)
class Job:
    """A job that uses deploytool."""

    workflow: str
    name: str
    permissions: Mapping[str, str] | None
    """``None`` where neither job nor workflow says: the repository's default applies."""
    commands: tuple[str, ...] = ("release",)
    """Commands of deploytool, sorted; an expression where the command is chosen at run time."""


@dataclass(frozen=True)
class Workflow:
    """A workflow file on the default branch."""

    name: str
    events: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    responds: bool = False
    """One of its jobs runs ``handle-comment``."""


@dataclass(frozen=True)
class EnvironmentFact:
    """An environment on GitHub, which makes one without rules at its first use."""

    branch_rule: bool
    """Only some branches or tags may deploy to it."""


@dataclass(frozen=True)
class Github:
    """Everything is ``Unknown`` without a token."""

    repository: RepositoryFact | Unknown
    environment: EnvironmentFact | Unknown | None = EnvironmentFact(branch_rule=True)
    """``None``: there is none of that name."""
    subject: SubjectForm | Unknown = SubjectForm()
    workflows: tuple[Workflow, ...] | Unknown = ()
    reads: Mapping[str, Unknown | None] = field(default_factory=dict)
    """Permission that a release needs for reading, and why it is denied; ``None``: granted."""
