"""The HTTP side of the front: HTTP/1.1 with keep-alive, one thread per client connection; large bodies stream."""

import http.client
import socket
import struct
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from tests.support.aws_fault_proxy.call_log import Call
from tests.support.aws_fault_proxy.deleted_images import deleted
from tests.support.aws_fault_proxy.exchange import Reset, exchange
from tests.support.aws_fault_proxy.rules import Effect
from tests.support.aws_fault_proxy.upstream import UpstreamRefusedError, end_to_end, led_here
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, identify, is_registry_path, without_secrets

if TYPE_CHECKING:
    from tests.support.aws_fault_proxy.front import FrontState

_CHUNK = 64 * 1024
_NO_BODY = {204, 304}


class FrontHandler(BaseHTTPRequestHandler):
    """One client connection."""

    protocol_version = "HTTP/1.1"
    # Without these two an answer's headers and body leave as two packets and each call waits 40 ms for an ACK.
    disable_nagle_algorithm = True
    wbufsize = -1
    front: "FrontState"

    def handle_one_request(self) -> None:
        """Read one request and answer it, whatever its method."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
                return
            if not self.parse_request():
                self.wfile.flush()
                return
            self._serve()
            self.wfile.flush()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for leave to send its body to go on, at once."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Nothing on stderr: the call log is the record."""

    def _serve(self) -> None:
        if self.path.startswith("/_front/"):
            self._send(self.front.control(self.command, urlsplit(self.path).path, self._whole_body()))
            return
        lower = {name.lower(): value for name, value in self.headers.items()}
        if is_registry_path(self.path):
            if gone := deleted(self.front.upstream, self.command, self.path):
                self._send(gone)
                return
            call = identify(self.command, self.path, lower, b"")
            self._served(call, None)
            return
        signed = "authorization" in lower or "x-amz-target" in lower
        form = lower.get("content-type", "").startswith("application/x-www-form-urlencoded")
        if not signed and not form:
            self._served(None, None)
            return
        body = self._whole_body()
        self._served(identify(self.command, self.path, lower, body), body)

    def _served(self, call: AwsCall | None, body: bytes | None) -> None:
        """Answer a request; `body` is None while it is still to be streamed from the client."""
        if call is None:
            self._pass_on(body)
            return
        at, started = time.time(), time.monotonic()
        effects = self.front.rules.effects(call)
        fault = ",".join(effect.kind for effect in effects)

        def log(status: int) -> None:
            seconds, params = time.monotonic() - started, without_secrets(call.params)
            self.front.calls.add(Call(call.service, call.action, at, seconds, status, params, fault))

        if body is None and not effects:
            log(self._pass_on(None))
            return
        whole = self._whole_body() if body is None else body
        outcome = self._exchanged(call, effects, whole)
        # Before the answer leaves: who has it in hand finds the call in the log.
        if isinstance(outcome, Reset):
            log(0)
            self._reset()
        else:
            log(outcome.status)
            self._send(outcome)

    def _exchanged(self, call: AwsCall, effects: list[Effect], body: bytes) -> Answer | Reset:
        front = self.front
        try:
            return exchange(call, effects, front.behaviours, lambda: self._call_upstream(body), front.history)
        except (OSError, http.client.HTTPException, UpstreamRefusedError) as error:
            return _unreachable(error)

    def _call_upstream(self, body: bytes) -> Answer:
        headers = [h for h in end_to_end(self.headers.items()) if h[0].lower() not in ("content-length", "expect")]
        headers.append(("Content-Length", str(len(body))))
        return self.front.upstream.call(self.command, self.path, tuple(headers), body)

    def _pass_on(self, body: bytes | None) -> int:
        """Stream the request to the upstream and its response back; the status that was sent."""
        headers = [h for h in end_to_end(self.headers.items()) if h[0].lower() != "expect"]
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if body is not None:
            headers = [h for h in headers if h[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
            chunked = False
        elif chunked:
            headers.append(("Transfer-Encoding", "chunked"))
        content = self._body_parts() if body is None else body
        try:
            response = self.front.upstream.open(self.command, self.path, tuple(headers), content, chunked)
        except (OSError, http.client.HTTPException) as error:
            # The request's body may be half read: this connection can carry no other request.
            self.close_connection = True
            self._send(_unreachable(error))
            return 502
        self._relay(response)
        return response.status

    def _relay(self, response: http.client.HTTPResponse) -> None:
        length = response.getheader("Content-Length")
        bodiless = self.command == "HEAD" or response.status in _NO_BODY
        self.send_response_only(response.status, response.reason)
        for name, value in end_to_end(response.getheaders()):
            self.send_header(name, self._here(value) if name.lower() == "location" else value)
        if length is None and not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while part := response.read1(_CHUNK):
                self.wfile.write(part if length is not None else b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.flush()
        except (OSError, http.client.HTTPException):
            self.front.upstream.drop()
            self.close_connection = True
            return
        if length is None and not bodiless:
            self.wfile.write(b"0\r\n\r\n")

    def _here(self, location: str) -> str:
        authority = self.headers.get("Host") or "{}:{}".format(*self.connection.getsockname())
        return led_here(location, self.front.upstream.port, authority)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, self._here(value) if name.lower() == "location" else value)
        if self.command != "HEAD" and answer.status not in _NO_BODY:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _reset(self) -> None:
        """Close with RST, as a broken network does: zero linger discards what is unsent."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionResetError("reset by script")

    def _whole_body(self) -> bytes:
        return b"".join(self._body_parts())

    def _body_parts(self) -> Iterator[bytes]:
        source: BinaryIO = self.rfile  # type: ignore[assignment]  # typeshed: BufferedIOBase, which has the same read
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(source.readline().split(b";")[0], 16):
                yield source.read(size)
                source.readline()
            while source.readline().strip():
                """A trailer: nobody here sends one that matters."""
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            part = source.read(min(left, _CHUNK))
            if not part:
                raise ConnectionResetError("the client went away in the middle of its request")
            left -= len(part)
            yield part


def _unreachable(error: Exception) -> Answer:
    return Answer(502, (("Content-Type", "text/plain"),), f"front: upstream: {error}".encode())
