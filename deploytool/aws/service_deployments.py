"""Service deployments: what refines DescribeServices, read as seldom as it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploytool.aws import parse
from deploytool.aws.call import call
from deploytool.core.observed import ServiceDeployment, ServiceState
from deploytool.core.verdict_model import Rollout
from deploytool.errors import CloudError, CredentialsMissing

PER_CALL = 20
SELDOM, OFTEN = 10, 5
"""Polls between two readings: while ECS starts tasks, and once DescribeServices calls a rollout ended (bake time and
the stages of a canary come after that)."""
OVER = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})


class ServiceDeployments:
    """DescribeServiceDeployments and StopServiceDeployment, where ECS has them and IAM allows them.

    Found through ``currentServiceDeployment`` of DescribeServices and believed only where its revision is ours.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._named: dict[str, str] = {}
        """Service name to the ARN that DescribeServices named last."""
        self._ended: dict[str, str | None] = {}
        """Service name to its PRIMARY's rollout state at the last reading."""
        self._known: dict[str, ServiceDeployment] = {}
        self._missing: set[str] = set()
        """ARNs that the last answer about them left out."""
        self._polls_since = 0
        self._seen: dict[str, str | None] = {}
        self._closed_to_us = False

    def learn(self, states: Iterable[ServiceState]) -> None:
        """Take note of what a DescribeServices answered."""
        for state in states:
            self._named[state.name] = state.current_service_deployment
            self._seen[state.name] = state.primary.rollout_state if state.primary else None

    def of(self, rollouts: Sequence[Rollout]) -> Mapping[str, ServiceDeployment]:
        """By service name, as last read; a denied reading is not tried again, and is no failure.

        One not read yet counts as PENDING: what DescribeServices calls completed is believed once this agrees. One that
        an answer left out is not there: DescribeServices alone decides.
        """
        wanted = {self._named[each.service]: each.service for each in rollouts if self._named.get(each.service)}
        self._polls_since += 1
        if wanted and not self._closed_to_us and self._due(wanted):
            self._read(tuple(wanted))
            self._polls_since = 0
            self._ended = {service: self._seen[service] for service in wanted.values()}
        if self._closed_to_us:
            return {service: self._known[arn] for arn, service in wanted.items() if arn in self._known}
        ours = {each.service: each.deployment_id for each in rollouts}
        return {
            service: self._known.get(arn) or ServiceDeployment(arn, "PENDING", target_revision=ours[service])
            for arn, service in wanted.items()
            if arn in self._known or arn not in self._missing
        }

    def stop(self, rollout: Rollout) -> bool:
        """StopServiceDeployment with ROLLBACK for our own; False where that cannot be."""
        arn = self._named.get(rollout.service, "")
        if arn and arn not in self._known and not self._closed_to_us:
            self._read((arn,))
        known = self._known.get(arn)
        if known is None or not known.target_revision.endswith(rollout.deployment_id.rpartition("/")[2]):
            return False
        try:
            call(self._client, "stop_service_deployment", serviceDeploymentArn=known.arn, stopType="ROLLBACK")
        except CloudError:
            # Denied, or just over: UpdateService, which the caller then sends, leads to the same revision.
            return False
        return True

    def _due(self, wanted: Mapping[str, str]) -> bool:
        """Once DescribeServices calls all of them ended; before that now and then."""
        open_ones = {arn for arn in wanted if arn not in self._known or self._known[arn].status not in OVER}
        ended = {arn for arn in open_ones if self._seen[wanted[arn]] != "IN_PROGRESS"}
        changed = any(self._seen[wanted[arn]] != self._ended.get(wanted[arn]) for arn in ended)
        if changed and ended == open_ones:
            return True
        return bool(open_ones) and self._polls_since >= (OFTEN if ended else SELDOM)

    def _read(self, arns: Sequence[str]) -> None:
        for start in range(0, len(arns), PER_CALL):
            batch = list(arns[start : start + PER_CALL])
            try:
                answer = call(self._client, "describe_service_deployments", serviceDeploymentArns=batch)
            except CredentialsMissing:
                raise
            except CloudError:
                self._closed_to_us = True
                return
            found = answer.get("serviceDeployments", ())
            self._missing = self._missing.union(batch) - {raw["serviceDeploymentArn"] for raw in found}
            for raw in found:
                self._known[raw["serviceDeploymentArn"]] = parse.service_deployment(raw)
