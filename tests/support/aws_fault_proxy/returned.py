"""A rollback keeps the id of the deployment it returns to; MiniStack can be asked for a new deployment only."""

import threading
from collections.abc import Callable, Mapping

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.services import SERVICE_ACTIONS, map_services
from tests.support.aws_fault_proxy.wire import AwsCall, Json


def as_returned(service: Json, returns: Mapping[str, Json]) -> Json:
    """The service as ECS shows it: a deployment that was begun to return to an earlier one *is* the earlier one.

    `returns` is by the id of the new deployment: the earlier one, with its `id` and `createdAt`.
    """
    listed = service.get("deployments") or []
    if not any(entry["id"] in returns for entry in listed):
        return service
    shown: dict[str, Json] = {}
    for deployment in sorted(listed, key=lambda each: each["id"] not in returns):
        item = _shown(deployment, returns.get(deployment["id"]))
        shown.setdefault(item["id"], item)
    return {**service, "deployments": sorted(shown.values(), key=lambda each: each["status"] != "PRIMARY")}


def _shown(deployment: Json, earlier: Json | None) -> Json:
    if earlier is None:
        return deployment
    ident = earlier["id"]
    reasons = {
        "IN_PROGRESS": f"ECS deployment circuit breaker: rolling back to deploymentId {ident}.",
        "COMPLETED": f"ECS deployment {ident} completed.",
    }
    reason = reasons.get(str(deployment.get("rolloutState")), deployment.get("rolloutStateReason", ""))
    created = earlier.get("createdAt", deployment.get("createdAt"))
    return {**deployment, "id": ident, "createdAt": created, "rolloutStateReason": reason}


class Returned(Behaviour):
    """Remembers each rollback that the front itself asked MiniStack for, and rewrites every answer by it."""

    def __init__(self) -> None:
        self._returns: dict[str, Json] = {}
        self._lock = threading.RLock()

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Show the earlier deployment's id."""
        return self.shown(call.action, payload)

    def shown(self, action: str, payload: Json) -> Json:
        """An answer of MiniStack as ECS gives it."""
        if action not in SERVICE_ACTIONS:
            return payload
        with self._lock:
            return map_services(payload, lambda service: as_returned(service, self._returns))

    def to(self, earlier: Json, update: Callable[[], Json]) -> None:
        """Return to `earlier` by an UpdateService; nobody is shown the new deployment's id meanwhile."""
        with self._lock:
            for deployment in update()["service"]["deployments"]:
                if deployment["status"] == "PRIMARY":
                    self._returns[deployment["id"]] = earlier
