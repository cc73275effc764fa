"""A service's task is started by its deployment, `ecs-svc/…`, as AWS says; MiniStack says the service's name."""

from tests.peers.front.deployment_log import DeploymentLog
from tests.peers.front.wire import Answer, AwsCall, Json, Scope


class StartedBy:
    """Rewrites the tasks of DescribeTasks and StopTask."""

    def __init__(self, deployments: DeploymentLog) -> None:
        self._deployments = deployments

    def before(self, call: AwsCall) -> Answer | None:
        """Nothing is known without the upstream."""

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Name the deployment in each service task's startedBy."""
        if call.action == "DescribeTasks":
            return {**payload, "tasks": [self._named(task, call.scope) for task in payload.get("tasks") or []]}
        if call.action == "StopTask" and "task" in payload:
            return {**payload, "task": self._named(payload["task"], call.scope)}
        return payload

    def _named(self, task: Json, scope: Scope) -> Json:
        deployment = self._deployments.of_task(task, scope)
        return {**task, "startedBy": deployment.id} if deployment else task
