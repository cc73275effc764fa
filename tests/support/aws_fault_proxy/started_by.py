"""A service's task is started by its deployment, `ecs-svc/…`, as AWS says; MiniStack says the service's name."""

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.deployment_log import DeploymentLog
from tests.support.aws_fault_proxy.upstream import Upstream
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, Json, Scope, json_answer


class StartedBy(Behaviour):
    """Rewrites the tasks of DescribeTasks and StopTask, and finds tasks by it in ListTasks."""

    def __init__(self, upstream: Upstream, deployments: DeploymentLog) -> None:
        self._upstream = upstream
        self._deployments = deployments

    def before(self, call: AwsCall) -> Answer | None:
        """ListTasks by a deployment's id, which the upstream would find nothing by."""
        started_by = str(call.params.get("startedBy", ""))
        if (call.service, call.action) != ("ecs", "ListTasks") or not started_by.startswith("ecs-svc/"):
            return None
        others = {name: value for name, value in call.params.items() if name != "startedBy"}
        arns = self._upstream.ecs("ListTasks", others, call.scope).get("taskArns") or []
        asked = {"cluster": call.params.get("cluster", "default"), "tasks": arns}
        tasks = self._upstream.ecs("DescribeTasks", asked, call.scope)["tasks"] if arns else []
        result = [task["taskArn"] for task in tasks if self._named(task, call.scope).get("startedBy") == started_by]
        return json_answer({"taskArns": result})

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
