"""Every deployment each service was ever seen with: what tasks are attributed by, long after the answer drops it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.services import SERVICE_ACTIONS, services_in
from tests.support.aws_fault_proxy.upstream import Upstream, UpstreamRefusedError
from tests.support.aws_fault_proxy.wire import AwsCall, Json, Scope


@dataclass(frozen=True)
class SeenDeployment:
    """One deployment of a service; `created_at` is seconds since the epoch."""

    id: str
    task_definition: str
    created_at: float


def deployment_of_task(task: Json, deployments: Iterable[SeenDeployment]) -> SeenDeployment | None:
    """The deployment that started a service's task: the latest one of its task definition when it was created."""
    created = float(task.get("createdAt") or 0)
    of_definition = [d for d in deployments if d.task_definition == task.get("taskDefinitionArn")]
    earlier = [d for d in of_definition if d.created_at <= created]
    # MiniStack tells whole seconds; of two in one second the later in the log is the newer.
    return max(enumerate(earlier), key=lambda pair: (pair[1].created_at, pair[0]))[1] if earlier else None


class DeploymentLog(Behaviour):
    """Fed by every answer that shows a service; asks the upstream itself when a task's deployment was never shown."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._seen: dict[str, dict[str, SeenDeployment]] = {}
        self._lock = threading.Lock()

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Remember the deployments shown; nothing is changed."""
        if call.action in SERVICE_ACTIONS:
            for service in services_in(payload):
                self._remember(service)
        return payload

    def of_task(self, task: Json, scope: Scope) -> SeenDeployment | None:
        """The deployment that started the task, None when it is not a service's or nobody knows."""
        group = str(task.get("group", ""))
        if not group.startswith("service:"):
            return None
        name, cluster = group.removeprefix("service:"), str(task.get("clusterArn", ""))
        arn = f"{cluster.replace(':cluster/', ':service/')}/{name}"
        result = deployment_of_task(task, self._known(arn))
        if result:
            return result
        try:
            live = self._upstream.ecs("DescribeServices", {"cluster": cluster, "services": [name]}, scope)
        except UpstreamRefusedError:
            return None  # the service's cluster is gone: AWS too shows such a task, only its history is lost here
        for service in services_in(live):
            self._remember(service)
        return deployment_of_task(task, self._known(arn))

    def _known(self, service_arn: str) -> list[SeenDeployment]:
        with self._lock:
            return list(self._seen.get(service_arn, {}).values())

    def _remember(self, service: Json) -> None:
        with self._lock:
            seen = self._seen.setdefault(service["serviceArn"], {})
            for shown in reversed(service.get("deployments") or []):
                created = float(shown.get("createdAt") or 0)
                seen.setdefault(shown["id"], SeenDeployment(shown["id"], shown["taskDefinition"], created))
