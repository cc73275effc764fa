"""What the observer saw, and when the rollout was truly over: decided here, apart from how it was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Service:
    """One service in one answer of DescribeServices."""

    name: str
    primary: str
    """Id of the PRIMARY deployment."""
    rollout_state: str
    """Of the PRIMARY deployment."""
    running: int
    desired: int
    deployments: int
    """Those that have not FAILED: one that did is listed until its rollback is done."""
    failed: frozenset[str]
    """Ids of the deployments that have FAILED."""

    @property
    def settled(self) -> bool:
        """Its rollout is over: all tasks run, and none of an earlier deployment is left."""
        return self.rollout_state == "COMPLETED" and self.running == self.desired and self.deployments == 1


@dataclass(frozen=True)
class Look:
    """One DescribeServices. ``at`` is when it was sent, in seconds of the monotonic clock."""

    at: float
    services: tuple[Service, ...]

    @property
    def settled(self) -> bool:
        """Every service is."""
        return all(service.settled for service in self.services)


def service(raw: Mapping[str, Any]) -> Service:
    """From an element of ``services`` in the answer of DescribeServices."""
    deployments = raw["deployments"]
    primary: Mapping[str, Any] = next((each for each in deployments if each["status"] == "PRIMARY"), {})
    failed = frozenset(each["id"] for each in deployments if each.get("rolloutState") == "FAILED")
    return Service(
        name=raw["serviceName"],
        primary=primary.get("id", ""),
        rollout_state=primary.get("rolloutState", ""),
        running=raw["runningCount"],
        desired=raw["desiredCount"],
        deployments=len(deployments) - len(failed),
        failed=failed,
    )


def completed_at(looks: Sequence[Look]) -> float | None:
    """When the last service completed a deployment that is not the one of the first look; None where one did not.

    It is the sending of the last look that did not see it yet: early by a look at most, so that no tool's exit
    is shown nearer to it than it was.
    """
    return _before_first(looks, lambda look: _all_new(looks[0], look) and look.settled)


def failed_at(looks: Sequence[Look]) -> float | None:
    """When a deployment failed that had not at the first look, as early as it may have been; None where none did."""
    known = {failed for each in looks[0].services for failed in each.failed} if looks else set()
    return _before_first(looks, lambda look: any(each.failed - known for each in look.services))


def _all_new(first: Look, look: Look) -> bool:
    before = {each.name: each.primary for each in first.services}
    return all(each.primary != before[each.name] for each in look.services)


def _before_first(looks: Sequence[Look], seen: Callable[[Look], bool]) -> float | None:
    for earlier, look in pairwise(looks):
        if seen(look):
            return earlier.at
    return None
