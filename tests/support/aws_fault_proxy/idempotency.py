"""RunTask's clientToken: the same request again gets the tasks it already has, another one a ConflictException."""

import json
import threading

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.upstream import Upstream
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, Json, Scope, json_answer

_CONFLICT = (
    "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a "
    "different RunTask request. The resourceIds are the existing task ARNs which are already associated with the "
    "clientToken."
)


def fingerprint(params: Json) -> str:
    """What must be equal for two requests to be the same one."""
    return json.dumps(params, sort_keys=True)


def conflict(task_arns: list[str]) -> Answer:
    """AWS's answer to a token used with other parameters."""
    payload = {"__type": "ConflictException", "message": _CONFLICT, "resourceIds": task_arns}
    answer = json_answer(payload, 400)
    return Answer(400, (*answer.headers, ("x-amzn-ErrorType", "ConflictException")), answer.body)


class RunTaskIdempotency(Behaviour):
    """Remembers each token's request and tasks, per account, region and cluster, as long as the front runs."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._started: dict[tuple[Scope, str, str], tuple[str, list[str]]] = {}
        self._running: set[tuple[Scope, str, str]] = set()
        self._changed = threading.Condition()
        # Which token the calling thread let through: only that one is its to finish.
        self._owner = threading.local()

    def before(self, call: AwsCall) -> Answer | None:
        """The tasks a token already started, or the conflict; waits for a call with this token that is under way."""
        key = self._key(call)
        if key is None:
            return None
        with self._changed:
            # A caller that gave up waiting and tries again must not start a second task beside the first.
            self._changed.wait_for(lambda: key not in self._running)
            if key not in self._started:
                self._running.add(key)
                self._owner.key = key
                return None
            request, task_arns = self._started[key]
        if request != fingerprint(call.params):
            return conflict(task_arns)
        query = {"cluster": call.params.get("cluster", "default"), "tasks": task_arns}
        return json_answer(self._upstream.ecs("DescribeTasks", query, call.scope))

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Remember what a token started; a request that started nothing may be tried again."""
        key = self._key(call)
        if key and payload.get("tasks"):
            with self._changed:
                self._started[key] = (fingerprint(call.params), [task["taskArn"] for task in payload["tasks"]])
        return payload

    def finished(self, call: AwsCall) -> None:
        """Let the next call with this token go on."""
        key, self._owner.key = getattr(self._owner, "key", None), None
        if key:
            with self._changed:
                self._running.discard(key)
                self._changed.notify_all()

    def _key(self, call: AwsCall) -> tuple[Scope, str, str] | None:
        token = call.params.get("clientToken")
        if (call.service, call.action) != ("ecs", "RunTask") or not token:
            return None
        return call.scope, str(call.params.get("cluster", "default")), str(token)
