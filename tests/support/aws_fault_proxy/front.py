"""The front put together: what the handler needs, the control answers, and the server."""

import json
from http.server import ThreadingHTTPServer

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.call_log import CallLog
from tests.support.aws_fault_proxy.deployment_log import DeploymentLog
from tests.support.aws_fault_proxy.drop_failed import DropFailed
from tests.support.aws_fault_proxy.handler import FrontHandler
from tests.support.aws_fault_proxy.health import HealthChecks
from tests.support.aws_fault_proxy.idempotency import RunTaskIdempotency
from tests.support.aws_fault_proxy.rules import Rules
from tests.support.aws_fault_proxy.script import Script, script_from_json
from tests.support.aws_fault_proxy.service_deployments import ServiceDeployments
from tests.support.aws_fault_proxy.stale import History
from tests.support.aws_fault_proxy.started_by import StartedBy
from tests.support.aws_fault_proxy.upstream import Upstream
from tests.support.aws_fault_proxy.wire import Answer, json_answer


class FrontState:
    """One running front: its script and everything it remembers."""

    def __init__(self, upstream: Upstream, script: Script) -> None:
        self.upstream = upstream
        self.calls = CallLog()
        self.deployments = DeploymentLog(upstream)
        self._health = HealthChecks(upstream)
        self._idempotency = RunTaskIdempotency(upstream)
        self._service_deployments = ServiceDeployments(upstream, self._health)
        self.apply(script)

    def apply(self, script: Script) -> None:
        """Put a script in force; counts of rules start anew, what was learnt of deployments stays."""
        self.script = script
        self.rules = Rules(script.rules, script.seed)
        self.history = History(self.upstream, recording=self.rules.may("stale"))
        on = script.behaviours
        # The order is the order of rewriting: health may hold a rollout back, and what follows must see it so.
        chosen: list[tuple[bool, Behaviour]] = [
            (True, self.upstream.returned),
            (on.run_task_idempotency, self._idempotency),
            (on.health_checks, self._health),
            (on.started_by or on.service_deployments or on.health_checks, self.deployments),
            # Where the front holds rollouts back, the upstream's service deployments would contradict it.
            (on.service_deployments or on.health_checks, self._service_deployments),
            (on.started_by, StartedBy(self.upstream, self.deployments)),
            (on.drop_failed, DropFailed()),
        ]
        self.behaviours: list[Behaviour] = [behaviour for is_chosen, behaviour in chosen if is_chosen]
        self._health.switch(on.health_checks)

    def control(self, method: str, path: str, body: bytes) -> Answer:
        """Answer a request under /_front/."""
        match method, path:
            case "GET", "/_front/health":
                return json_answer({"ok": True, "upstream": f"http://{self.upstream.host}:{self.upstream.port}"})
            case "GET", "/_front/script":
                return json_answer(self.script.to_json())
            case "PUT", "/_front/script":
                try:
                    self.apply(script_from_json(json.loads(body)))
                except (TypeError, ValueError) as error:
                    return json_answer({"error": f"not a script: {error}"}, 400)
                return json_answer(self.script.to_json())
            case "GET", "/_front/calls":
                return json_answer(self.calls.to_json())
            case "POST", "/_front/reset":
                self.calls.clear()
                self.apply(Script())
                return json_answer({"ok": True})
            case _:
                return json_answer({"error": f"no such control: {method} {path}"}, 404)


def serve(port: int, state: FrontState) -> ThreadingHTTPServer:
    """A server bound to 127.0.0.1:`port`, not yet serving."""
    handler = type("BoundFrontHandler", (FrontHandler,), {"front": state})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server
