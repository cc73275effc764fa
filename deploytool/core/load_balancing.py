"""What Elastic Load Balancing says of a target group, reduced to what an explanation needs. Names are those of its API.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TargetGroup:
    """How a target group finds out whether its targets are healthy."""

    arn: str
    protocol: str = "HTTP"
    """HTTP, HTTPS, TCP and so on: of the health check."""
    port: str = "traffic-port"
    """A number, or that of the target itself."""
    path: str = ""
    """Empty for TCP."""
    codes: str = ""
    """``200``, ``200-399``, ``0`` for gRPC; empty where none are expected."""
    interval: int = 30
    """Seconds."""
    timeout: int = 5
    """Seconds that an answer may take."""
    misses: int = 2
    """Failed checks in a row after which a target is unhealthy."""


@dataclass(frozen=True)
class Target:
    """One target's health."""

    id: str
    """Its address, or its instance's id."""
    port: int
    state: str
    """initial, healthy, unhealthy, draining, unused or unavailable."""
    reason: str = ""
    """Such as ``Target.ResponseCodeMismatch``."""
    description: str = ""
    """Such as ``Health checks failed with these codes: [500]``."""
