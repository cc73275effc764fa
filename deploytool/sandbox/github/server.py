"""The HTTP server: identifies the caller, injects faults, dispatches to a route, and logs API requests."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from deploytool.sandbox.github.http import ApiError, Response, not_found
from deploytool.sandbox.github.page import views
from deploytool.sandbox.github.repository import Repository
from deploytool.sandbox.github.routes import comments, control, deployments, repository
from deploytool.sandbox.github.routing import Request, Routes

API = (deployments.routes, comments.routes, repository.routes)
ENTERPRISE = "/api/v3"
HOSTS = {"127.0.0.1", "localhost"}
"""Host names served. A page elsewhere that points its own name at 127.0.0.1 gets nothing (DNS rebinding)."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, repository: Repository) -> None:
        self.repository = repository
        super().__init__(("127.0.0.1", port), Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what is a bug of ours; a client that disconnected is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 60
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if (self.headers.get("host") or "").partition(":")[0] not in HOSTS:
            self._send(ApiError(421, "Misdirected Request").response())
            return
        url = urlsplit(self.path)
        path = url.path.removeprefix(ENTERPRISE) if url.path.startswith(f"{ENTERPRISE}/") else url.path
        web = f"http://{self.headers['host']}"
        body: Any
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        request = Request(
            repository=self.server.repository,
            method=self.command,
            path=path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            body=body,
            headers={name.lower(): value for name, value in self.headers.items()},
            api=web + (ENTERPRISE if path != url.path else ""),
            web=web,
        )
        if path.startswith(("/repos/", "/user")):
            self._handle_api(request)
        else:
            self._send(_dispatch(request, control.routes if path.startswith("/_sandbox/") else views.routes))

    do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """The log is at /_sandbox/log."""

    def _handle_api(self, request: Request) -> None:
        secret = self.headers.get("authorization", "").partition(" ")[2].strip()
        request = replace(request, token=request.records.tokens.get(secret))
        user = request.user
        headers = request.repository.count_request(secret)
        fault = request.repository.take_fault(request.method, request.path)
        faulty = None
        if fault:
            time.sleep(fault.delay)
            faulty = fault.response()
        fails = fault is not None and (fault.reset or faulty is not None)
        response: Response | None = None
        if not fails or (fault and fault.done):
            rejected = secret and user is None
            response = ApiError(401, "Bad credentials").response() if rejected else _dispatch(request, *API)
        if fails:
            response = None if fault and fault.reset else faulty
        entry = {name: getattr(request, name) for name in ("method", "path", "query", "body")}
        result = {"status": response.status, "answer": response.body} if response else {"status": None, "answer": None}
        login = {"login": user.login if user else None, "at": time.time()}
        request.repository.log.append(entry | result | login)
        if response is None:
            self._reset()
        else:
            self._send(replace(response, headers=headers | response.headers))

    def _send(self, response: Response) -> None:
        body = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
        has_body = response.status not in {204, 304}
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if has_body:
            self.send_header("content-type", response.content_type)
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if has_body:
            self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection with RST, as a broken proxy does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.close_connection = True


def _dispatch(request: Request, *tables: Routes) -> Response:
    """One request at a time: what a route reads stays true until it has written."""
    try:
        handler = next((handler for table in tables if (handler := table.find(request))), None)
        if handler is None:
            raise not_found()
        with request.repository.store.lock:
            response = handler()
            if request.method != "GET":
                request.repository.store.save()
            return response
    except ApiError as error:
        return error.response()
