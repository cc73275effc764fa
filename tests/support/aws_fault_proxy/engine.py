"""The few calls of the Docker Engine API that health checks need, over its Unix socket.

The `docker` command would cost a process per probe, on a machine whose timing is being measured.
"""

import http.client
import json
import os
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

_API = "/v1.41"
_TASK = "com.amazonaws.ecs.task-arn"
_NAME = "com.amazonaws.ecs.container-name"


class EngineRefusedError(Exception):
    """The engine answered with an error; a container that just ended is the usual cause."""


@dataclass(frozen=True)
class RunningContainer:
    """A container that MiniStack runs for a task."""

    id: str
    task_arn: str
    name: str


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """The local Docker engine; DOCKER_HOST may name another Unix socket."""

    def __init__(self) -> None:
        self._path = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")

    def task_containers(self) -> list[RunningContainer]:
        """The running containers of all ECS tasks on this machine."""
        filters = quote(json.dumps({"label": [_TASK], "status": ["running"]}))
        listed = self._call("GET", f"/containers/json?filters={filters}", 10)
        return [RunningContainer(c["Id"], c["Labels"][_TASK], c["Labels"].get(_NAME, "")) for c in listed]

    def run(self, container: str, command: tuple[str, ...], timeout: float) -> bool:
        """Whether the command exits 0 inside the container within `timeout` seconds.

        Raises EngineRefusedError, OSError.
        """
        body = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
        created = self._call("POST", f"/containers/{container}/exec", 10, body)
        try:
            self._call("POST", f"/exec/{created['Id']}/start", timeout, {"Detach": False, "Tty": False})
        except TimeoutError:
            return False
        return bool(self._call("GET", f"/exec/{created['Id']}/json", 10)["ExitCode"] == 0)

    def kill(self, container: str) -> None:
        """End the container with SIGKILL. Raises EngineRefusedError when it is not running any more, OSError."""
        self._call("POST", f"/containers/{container}/kill", 10)

    def _call(self, method: str, path: str, timeout: float, body: Any = None) -> Any:
        connection = _UnixConnection(self._path, timeout)
        try:
            content = json.dumps(body) if body is not None else None
            connection.request(method, _API + path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise EngineRefusedError(f"{method} {path}: {response.status} {answer[:200]!r}")
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return json.loads(answer) if is_json and answer else None
