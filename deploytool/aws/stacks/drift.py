"""Drift detection (port ``run.stacks.ports.Drift``)."""

from __future__ import annotations

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.aws.stacks import parse
from deploytool.aws.stacks.ask import pages
from deploytool.core.stacks.drift import Drifted, DriftState

_STATES: dict[str, DriftState] = {"DETECTION_COMPLETE": "done", "DETECTION_FAILED": "failed"}


class Drift:
    """Of one account and region."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("cloudformation")

    def begin(self, stack_name: str) -> str:
        """DetectStackDrift."""
        return str(call(self._client, "detect_stack_drift", StackName=stack_name)["StackDriftDetectionId"])

    def state(self, detection: str) -> DriftState:
        """DescribeStackDriftDetectionStatus."""
        answer = call(self._client, "describe_stack_drift_detection_status", StackDriftDetectionId=detection)
        return _STATES.get(answer["DetectionStatus"], "going on")

    def found(self, stack_name: str) -> tuple[Drifted, ...]:
        """DescribeStackResourceDrifts: MODIFIED and DELETED."""
        return tuple(
            parse.drifted(each)
            for each in pages(
                self._client,
                "describe_stack_resource_drifts",
                "StackResourceDrifts",
                StackName=stack_name,
                StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            )
        )
