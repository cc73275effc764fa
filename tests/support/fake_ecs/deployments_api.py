"""DescribeServiceDeployments of the model as botocore's client answers it: readable, denied or empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal

from botocore.exceptions import ClientError

from deploytool.ecs.client import ServiceDeployments
from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.model import ServiceDeployment, ServiceState
from tests.support.fake_ecs.ecs import EcsModel
from tests.support.fake_ecs.service import ModelService

Readable = Literal["readable", "denied", "empty"]


@dataclass
class DeploymentsApi:
    """What ``aws.service_deployments`` calls."""

    members: Mapping[str, ModelService]
    how: Readable
    asked: int = 0
    meta: Any = field(default_factory=lambda: SimpleNamespace(service_model=SimpleNamespace(signing_name="ecs")))

    def describe_service_deployments(self, serviceDeploymentArns: Sequence[str]) -> dict[str, Any]:  # noqa: N803
        """Raises ClientError where IAM denies it."""
        self.asked += 1
        if self.how == "denied":
            message = "User: arn:aws:sts::123456789012:assumed-role/release/1 is not authorized to perform: "
            error = {"Code": "AccessDeniedException", "Message": message + "ecs:DescribeServiceDeployments"}
            raise ClientError({"Error": error}, "DescribeServiceDeployments")
        found = self._all() if self.how == "readable" else ()
        return {"serviceDeployments": [each for each in found if each["serviceDeploymentArn"] in serviceDeploymentArns]}

    def _all(self) -> Iterable[dict[str, Any]]:
        for name, service in self.members.items():
            for ident, status in service.told.items():
                revision = f"arn:aws:ecs:us-east-1:123456789012:service-revision/shop/{name}/{ident.rsplit('/', 1)[-1]}"
                yield {
                    "serviceDeploymentArn": service.deployment_arn(ident),
                    "status": status,
                    "targetServiceRevision": {"arn": revision},
                }


@dataclass
class EcsWithDeploymentsApi(EcsModel):
    """The model, its service deployments read by the adapter that reads them from AWS."""

    how: Readable = "readable"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.api = DeploymentsApi(self.members, self.how)
        self._adapter = ServiceDeployments(self.api)

    def services(self, names: Sequence[str]) -> Mapping[str, ServiceState]:
        """DescribeServices, which the adapter learns from."""
        found = super().services(names)
        self._adapter.learn(found.values())
        return found

    def service_deployments(self, rollouts: Sequence[Rollout]) -> Mapping[str, ServiceDeployment]:
        """As the adapter reads them."""
        return self._adapter.of(rollouts)
