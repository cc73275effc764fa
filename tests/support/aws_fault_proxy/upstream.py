"""MiniStack as the front sees it: kept-alive connections, answers or streams, and ECS calls of the front itself."""

import http.client
import json
import re
import threading
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.support.aws_fault_proxy.returned import Returned
from tests.support.aws_fault_proxy.wire import Answer, Json, Scope

# Hypercorn closes a connection idle for 75 s; sending on it just then would lose the call.
_IDLE_SECONDS = 30.0
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

Headers = tuple[tuple[str, str], ...]


class UpstreamRefusedError(Exception):
    """The upstream answered one of the front's own calls with an error; `answer` is that answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"upstream answered {answer.status}: {answer.body[:300]!r}")
        self.answer = answer


class Upstream:
    """One upstream; each thread has its own connection, as each client connection has its own thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"upstream must be http://host:port, not {url}")
        self.host, self.port = parts.hostname, parts.port or 80
        self._local = threading.local()
        self.returned = Returned()

    def open(
        self, method: str, target: str, headers: Headers, body: bytes | Iterable[bytes], chunked: bool = False
    ) -> http.client.HTTPResponse:
        """Send a request; the response's body is still unread and must be read to its end before the next.

        Raises OSError or http.client.HTTPException when the upstream cannot be talked to.
        """
        connection = self._connection()
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None, encode_chunked=chunked)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.drop()
            raise
        self._local.used_at = time.monotonic()
        return response

    def call(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Send a request and read the whole answer."""
        response = self.open(method, target, headers, body)
        try:
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.drop()
            raise
        return Answer(response.status, end_to_end(response.getheaders()), content)

    def ecs(self, action: str, params: Json, scope: Scope) -> Json:
        """An ECS call of the front's own, in the caller's account and region. Raises UpstreamRefusedError."""
        answer = self._own("ecs", f"AmazonEC2ContainerServiceV20141113.{action}", params, scope)
        return self.returned.shown(action, answer)

    def roll_back(self, service: Json, earlier: Json, scope: Scope) -> None:
        """Make `earlier`, with `id`, `taskDefinition` and `createdAt`, the service's PRIMARY again under its id.

        Raises UpstreamRefusedError.
        """
        change = {
            "cluster": service["clusterArn"],
            "service": service["serviceName"],
            "taskDefinition": earlier["taskDefinition"],
            "forceNewDeployment": True,
        }
        target = "AmazonEC2ContainerServiceV20141113.UpdateService"
        self.returned.to(earlier, lambda: self._own("ecs", target, change, scope))

    def ecr(self, action: str, params: Json, scope: Scope) -> Json:
        """The same for ECR."""
        return self._own("ecr", f"AmazonEC2ContainerRegistry_V20150921.{action}", params, scope)

    def _own(self, service: str, target: str, params: Json, scope: Scope) -> Json:
        body = json.dumps(params).encode()
        credential = f"Credential={scope.access_key}/20200101/{scope.region}/{service}/aws4_request"
        headers = (
            ("Host", f"{self.host}:{self.port}"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", target),
            ("Authorization", f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=front"),
            ("Content-Length", str(len(body))),
        )
        answer = self.call("POST", "/", headers, body)
        if answer.status != 200:
            raise UpstreamRefusedError(answer)
        return answer.json()

    def drop(self) -> None:
        """Close this thread's connection: its stream is not at the start of an answer any more."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection:
            connection.close()
            self._local.connection = None

    def _connection(self) -> http.client.HTTPConnection:
        if time.monotonic() - getattr(self._local, "used_at", 0.0) > _IDLE_SECONDS:
            self.drop()
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=300)
            self._local.connection = connection
            self._local.used_at = time.monotonic()
        return connection


def end_to_end(headers: Iterable[tuple[str, str]]) -> Headers:
    """The headers that go on to the other side; the rest belong to one connection."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)


def led_here(location: str, upstream_port: int, authority: str) -> str:
    """A Location of the upstream's, led through the front that the client knows as `authority`."""
    return re.sub(rf"^http://[^/]*:{upstream_port}(?=/|$)", f"http://{authority}", location)
