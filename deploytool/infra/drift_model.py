"""What was changed outside CloudFormation, and what of that releases and autoscaling change by design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DriftState = Literal["in progress", "done", "failed"]

BY_DESIGN = {"AWS::ECS::Service": ("/TaskDefinition", "/DesiredCount")}
"""A release changes the revision, autoscaling the count."""


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
        paths = {difference.path for difference in self.differences}
        return self.status == "MODIFIED" and bool(paths) and paths <= set(BY_DESIGN.get(self.type, ()))


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
