"""Eventually consistent reads: answers as the world was some seconds ago."""

import threading
import time

from tests.support.aws_fault_proxy.upstream import Upstream, UpstreamRefusedError
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, Json

_LISTS = {"DescribeServices": ("services", "serviceArn"), "DescribeTasks": ("tasks", "taskArn")}
_CHANGES = {"UpdateService"}


def as_of(snapshots: list[tuple[float, Json]], moment: float) -> Json | None:
    """The newest snapshot not younger than `moment` allows, else the oldest there is; None without any."""
    old_enough = [snapshot for at, snapshot in snapshots if at <= moment]
    return old_enough[-1] if old_enough else (snapshots[0][1] if snapshots else None)


class History:
    """Snapshots of services and tasks, kept by ARN while a rule asks for stale reads."""

    def __init__(self, upstream: Upstream, recording: bool) -> None:
        self._upstream = upstream
        self._recording = recording
        self._snapshots: dict[str, list[tuple[float, Json]]] = {}
        self._lock = threading.Lock()

    def as_of(self, call: AwsCall, payload: Json, seconds: float) -> Json:
        """The answer with each thing in it as it was `seconds` ago."""
        if call.action not in _LISTS:
            return payload
        list_name, arn_name = _LISTS[call.action]
        moment = time.monotonic() - seconds
        with self._lock:
            aged = [as_of(self._snapshots.get(item[arn_name], []), moment) or item for item in payload[list_name]]
        return {**payload, list_name: aged}

    def before_change(self, call: AwsCall) -> None:
        """Look at a service just before it is changed: its next reader may still have to see it so."""
        if not self._recording or call.service != "ecs" or call.action not in _CHANGES:
            return
        request = {"cluster": call.params.get("cluster", "default"), "services": [call.params.get("service", "")]}
        try:
            self._keep("DescribeServices", self._upstream.ecs("DescribeServices", request, call.scope))
        except UpstreamRefusedError:
            return  # the change itself will be refused for the same reason, and its caller told

    def record(self, call: AwsCall, answer: Answer) -> None:
        """Keep what a fresh answer shows."""
        if self._recording and call.service == "ecs" and call.action in _LISTS:
            self._keep(call.action, answer.json())

    def _keep(self, action: str, payload: Json) -> None:
        list_name, arn_name = _LISTS[action]
        now = time.monotonic()
        with self._lock:
            for item in payload.get(list_name) or []:
                self._snapshots.setdefault(item[arn_name], []).append((now, item))
