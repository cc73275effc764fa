"""What somebody changed beside CloudFormation, and what of that is ours to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DriftState = Literal["going on", "done", "failed"]

OURS = {
    "AWS::ECS::Service": ("/TaskDefinition", "/DesiredCount"),
}
"""Properties that change by design: a release moves the revision, autoscaling the count."""


@dataclass(frozen=True)
class Difference:
    """One property that is not as the template says. Values are text as CloudFormation gives them."""

    path: str
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True)
class Drifted:
    """A resource that is not as its template says."""

    logical_id: str
    type: str
    status: str
    """``MODIFIED`` or ``DELETED``."""
    physical_id: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def by_design(self) -> bool:
        """Everything that differs is what releases and autoscaling change."""
        ours = OURS.get(self.type, ())
        return (
            self.status == "MODIFIED" and bool(self.differences) and all(each.path in ours for each in self.differences)
        )


@dataclass(frozen=True)
class StackDrift:
    """One stack's drift; ``failed`` says why it could not be found out."""

    key: str
    name: str
    resources: tuple[Drifted, ...] = ()
    failed: str = ""

    @property
    def drifted(self) -> bool:
        """Something differs that nothing of ours changes."""
        return any(not each.by_design for each in self.resources)
