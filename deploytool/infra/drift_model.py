"""What was changed outside CloudFormation, and what of that releases and autoscaling change by design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DriftState = Literal["in progress", "done", "failed"]

BY_DESIGN = {
    "AWS::ECS::Service": ("/TaskDefinition", "/DesiredCount"),
    "AWS::RDS::DBInstance": ("/AllocatedStorage", "/EngineVersion"),
    "AWS::ElastiCache::ReplicationGroup": ("/EngineVersion",),
}
"""A release changes the revision, autoscaling the count, RDS the size of the disk, an upgrade the minor version."""


@dataclass(frozen=True)
class Difference:
    """One property that differs from the template. Values are text as CloudFormation returns them."""

    path: str
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True)
class Drifted:
    """A resource that differs from its template."""

    logical_id: str
    type: str
    status: str
    """``MODIFIED`` or ``DELETED``."""
    physical_id: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def by_design(self) -> bool:
        """Everything that differs is what releases and autoscaling change."""
        expected = BY_DESIGN.get(self.type, ())
        is_expected = [item.path in expected and _by_design(item) for item in self.differences]
        return self.status == "MODIFIED" and bool(is_expected) and all(is_expected)


def _by_design(difference: Difference) -> bool:
    """A disk only grows by itself, and an engine only moves within the version that the template names."""
    match difference.path:
        case "/AllocatedStorage":
            before, after = difference.expected.strip('"'), difference.actual.strip('"')
            return before.isdecimal() and after.isdecimal() and int(after) > int(before)
        case "/EngineVersion":
            return _is_minor_upgrade(difference.expected.strip('"'), difference.actual.strip('"'))
        case _:
            return True


def _is_minor_upgrade(before: str, after: str) -> bool:
    """``16`` is any 16.x; of two full versions the last part grew. MySQL's 8.0 to 8.4.1 is another release."""
    if after.startswith(f"{before}."):
        return True
    (old, _, old_minor), (new, _, new_minor) = before.rpartition("."), after.rpartition(".")
    minors_known = old_minor.isdecimal() and new_minor.isdecimal()
    return bool(old) and old == new and minors_known and int(new_minor) >= int(old_minor)


@dataclass(frozen=True)
class StackDrift:
    """One stack's drift; ``failed`` says why it could not be detected."""

    key: str
    name: str
    resources: tuple[Drifted, ...] = ()
    failed: str = ""

    @property
    def drifted(self) -> bool:
        """A difference is not by design."""
        return any(not resource.by_design for resource in self.resources)
