"""ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions and StopServiceDeployment."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.deployment_shapes import brief, deployment_arn, full, revision_arn, service_revision
from tests.support.aws_fault_proxy.rollout import ServiceDeployment, advance, stop_requested
from tests.support.aws_fault_proxy.services import SERVICE_ACTIONS, map_services, services_in
from tests.support.aws_fault_proxy.upstream import Upstream, UpstreamRefusedError
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, Json, Scope, error_answer, json_answer


class Rewriting(Protocol):
    """What DescribeServices goes through before it is believed: a rollout held back by health is not complete."""

    def seen(self, service: Json) -> Json:
        """The service as callers of the front see it."""


class ServiceDeployments(Behaviour):
    """Tracks the deployments of every service it is shown, and answers the four calls from that."""

    def __init__(self, upstream: Upstream, rewriting: Rewriting) -> None:
        self._upstream = upstream
        self._rewriting = rewriting
        self._services: dict[str, Json] = {}
        self._tracked: dict[str, tuple[ServiceDeployment, ...]] = {}
        self._lock = threading.RLock()

    def before(self, call: AwsCall) -> Answer | None:
        """The answer to one of the four calls; None for any other."""
        answering: dict[str, Callable[[AwsCall], Answer]] = {
            "ListServiceDeployments": self._list,
            "DescribeServiceDeployments": self._describe,
            "DescribeServiceRevisions": self._revisions,
            "StopServiceDeployment": self._stop,
        }
        answer = answering.get(call.action) if call.service == "ecs" else None
        if answer is None:
            return None
        try:
            return answer(call)
        except UpstreamRefusedError as refused:
            return refused.answer

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Learn from every answer that shows a service, and name its current service deployment as AWS does."""
        if call.action not in SERVICE_ACTIONS:
            return payload
        for service in services_in(payload):
            self._learn(service, requested=call.action != "DescribeServices")
        return map_services(payload, self._with_current)

    def _learn(self, service: Json, requested: bool) -> None:
        with self._lock:
            arn = service["serviceArn"]
            self._services[arn] = service
            self._tracked[arn] = advance(self._tracked.get(arn, ()), service, time.time(), requested)

    def _look(self, cluster: str, service: str, scope: Scope) -> Answer | Json:
        """The service as it is now, learnt from; the ServiceNotFoundException when there is none."""
        live = self._upstream.ecs("DescribeServices", {"cluster": cluster, "services": [service]}, scope)
        result = services_in(live)
        if not result:
            return error_answer("json", "ServiceNotFoundException", "Service not found.", 400)
        self._learn(self._rewriting.seen(result[0]), requested=False)
        return result[0]

    def _refresh(self, arns: list[str], scope: Scope) -> None:
        """Look again at every service the ARNs of deployments or revisions belong to."""
        for cluster, service in sorted({(arn.split("/")[1], arn.split("/")[2]) for arn in arns if arn.count("/") > 2}):
            self._look(cluster, service, scope)

    def _all(self) -> Iterator[tuple[Json, ServiceDeployment, ServiceDeployment | None]]:
        with self._lock:
            tracked, services = dict(self._tracked), dict(self._services)
        for arn, deployments in tracked.items():
            by_revision = {t.revision: t for t in deployments}
            for t in deployments:
                yield services[arn], t, by_revision.get(t.source)

    def _list(self, call: AwsCall) -> Answer:
        cluster = call.params.get("cluster", "default")
        service = self._look(cluster, call.params.get("service", ""), call.scope)
        if isinstance(service, Answer):
            return service
        statuses, created = call.params.get("status") or [], call.params.get("createdAt") or {}
        chosen = [
            brief(of, t)
            for of, t, _ in self._all()
            if of["serviceArn"] == service["serviceArn"]
            and (not statuses or t.status in statuses)
            and float(created.get("after", 0)) <= t.created_at <= float(created.get("before", "inf"))
        ]
        chosen.reverse()
        start, size = int(call.params.get("nextToken") or 0), int(call.params.get("maxResults") or 20)
        more = {"nextToken": str(start + size)} if start + size < len(chosen) else {}
        return json_answer({"serviceDeployments": chosen[start : start + size], **more})

    def _describe(self, call: AwsCall) -> Answer:
        arns = list(call.params.get("serviceDeploymentArns") or [])
        if not 1 <= len(arns) <= 20:
            return error_answer("json", "InvalidParameterException", "Specify between 1 and 20 ARNs.", 400)
        self._refresh(arns, call.scope)
        result = {deployment_arn(of["serviceArn"], t.revision): full(of, t, source) for of, t, source in self._all()}
        return json_answer({"serviceDeployments": [result[a] for a in arns if a in result], **_missing(arns, result)})

    def _revisions(self, call: AwsCall) -> Answer:
        arns = list(call.params.get("serviceRevisionArns") or [])
        self._refresh(arns, call.scope)
        result = {}
        for of, t, _ in self._all():
            arn = revision_arn(of["serviceArn"], t.revision)
            if arn in arns:
                request = {"taskDefinition": t.task_definition}
                definition = self._upstream.ecs("DescribeTaskDefinition", request, call.scope)["taskDefinition"]
                result[arn] = service_revision(of, t, definition["containerDefinitions"])
        return json_answer({"serviceRevisions": [result[a] for a in arns if a in result], **_missing(arns, result)})

    def _stop(self, call: AwsCall) -> Answer:
        arn = str(call.params.get("serviceDeploymentArn", ""))
        if call.params.get("stopType", "ROLLBACK") != "ROLLBACK":
            return error_answer("json", "InvalidParameterException", "Only the stop type ROLLBACK is supported.", 400)
        self._refresh([arn], call.scope)
        for of, t, source in self._all():
            if deployment_arn(of["serviceArn"], t.revision) != arn:
                continue
            if t.status not in ("PENDING", "IN_PROGRESS") or source is None:
                message = f"The service deployment is in the {t.status} state and cannot be stopped."
                return error_answer("json", "ConflictException", message, 400)
            self._roll_back(of, t, source, call.scope)
            return json_answer({"serviceDeploymentArn": arn})
        return error_answer("json", "ServiceDeploymentNotFoundException", "Service deployment not found.", 400)

    def _roll_back(self, service: Json, t: ServiceDeployment, source: ServiceDeployment, scope: Scope) -> None:
        arn, earlier = service["serviceArn"], f"ecs-svc/{source.revision}"
        entry = {"id": earlier, "taskDefinition": source.task_definition, "createdAt": source.created_at}
        with self._lock:
            self._upstream.roll_back(service, entry, scope)
            stopped = stop_requested(t, earlier, time.time())
            self._tracked[arn] = tuple(stopped if k.revision == t.revision else k for k in self._tracked[arn])

    def _with_current(self, service: Json) -> Json:
        """A rollback belongs to the service deployment that failed: that stays the current one."""
        with self._lock:
            tracked = self._tracked.get(service["serviceArn"], ())
        if not tracked:
            return service
        return {**service, "currentServiceDeployment": deployment_arn(service["serviceArn"], tracked[-1].revision)}


def _missing(arns: list[str], found: Json) -> Json:
    return {"failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in found]}
