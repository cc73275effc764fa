"""Who may do what, who watches, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploytool.core.doctor.finding import CannotTell


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
    """Compared for equality, letter by letter."""
    patterns: tuple[str, ...] = ()
    """Compared with wildcards (``StringLike``)."""


@dataclass(frozen=True)
class Role:
    """An IAM role with everything it is allowed."""

    name: str
    arn: str
    grants: tuple[Grant, ...] = ()
    managed: tuple[str, ...] = ()
    """Names of AWS-managed policies that are attached."""
    github: tuple[Trust, ...] = ()


@dataclass(frozen=True)
class Mfa:
    """Who signs in to the console with a password alone."""

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
    """An SNS topic that something reports to; ``confirmed`` subscriptions."""

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
    """What holds for the whole account; each fact may be unseen by itself."""

    roles: tuple[Role, ...] | CannotTell = ()
    mfa: Mfa | CannotTell = Mfa(root=True)
    trails: tuple[Trail, ...] | CannotTell = ()
    detectors: tuple[str, ...] | CannotTell = ()
    """Ids of GuardDuty detectors that are enabled in the region."""
    alarms: tuple[Alarm, ...] | CannotTell = ()
    topics: tuple[Topic, ...] | CannotTell = ()
    rules: tuple[EventRule, ...] | CannotTell = ()
