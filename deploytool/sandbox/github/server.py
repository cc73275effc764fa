"""HTTP in front of the world: who asks, what goes wrong by script, which route answers, what is logged."""

from __future__ import annotations

import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from deploytool.sandbox.github.http import Answer, ApiError
from deploytool.sandbox.github.page import views
from deploytool.sandbox.github.repository import Exchange, GithubWorld
from deploytool.sandbox.github.routes import comments, control, deployments, repository
from deploytool.sandbox.github.routes.repository import actions_routes, contents_routes, settings_routes
from deploytool.sandbox.github.routing import Handler, Request, Routes
from deploytool.sandbox.github.store import Token, User

API = (deployments.routes, comments.routes, actions_routes, settings_routes, contents_routes, repository.routes)
ENTERPRISE = "/api/v3"
OURS = {"127.0.0.1", "localhost"}
"""Names we answer to. A page elsewhere that points its own name at 127.0.0.1 gets nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, world: GithubWorld) -> None:
        self.world = world
        super().__init__(("127.0.0.1", port), Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of ours; anything else is, and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 60
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """The log is at /_sandbox/log."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if (self.headers.get("host") or "").partition(":")[0] not in OURS:
            self._send(ApiError(421, "Misdirected Request").answer())
            return
        split = urlsplit(self.path)
        path = split.path.removeprefix(ENTERPRISE) if split.path.startswith(f"{ENTERPRISE}/") else split.path
        web = f"http://{self.headers['host']}"
        body: Any
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        request = Request(
            self.command, path, dict(parse_qsl(split.query, keep_blank_values=True)), body,
            {name.lower(): value for name, value in self.headers.items()},
            web + (ENTERPRISE if path != split.path else ""), web,
        )  # fmt: skip
        if path.startswith(("/repos/", "/user")):
            self._serve_api(request)
        else:
            found = control.routes if path.startswith("/_sandbox/") else views.routes
            self._send(_carry_out(self.server.world, (found,), request))

    def _serve_api(self, request: Request) -> None:
        world = self.server.world
        given = self.headers.get("authorization", "").partition(" ")[2].strip()
        token, user = _identify(world, given)
        headers = world.rate(given)
        fault = world.fault(request.method, request.path)
        if fault:
            time.sleep(fault.delay)
        wrong = fault.answer() if fault else None
        broken = fault is not None and (fault.reset or wrong is not None)
        answer: Answer | None = None
        if not broken or (fault and fault.done):
            known = Request(**(vars(request) | {"token": token, "user": user}))
            bad = given and user is None
            answer = ApiError(401, "Bad credentials").answer() if bad else _carry_out(world, API, known)
        if broken:
            answer = None if fault and fault.reset else wrong
        login = user.login if user else None
        status, said, type_ = (answer.status, answer.body, answer.content_type) if answer else (None, None, "")
        logged = Exchange(
            request.method, request.path, request.query, login, request.body, status, said, type_, time.time()
        )
        world.log.append(logged)
        if answer is None:
            self._reset()
        else:
            self._send(Answer(answer.status, answer.body, headers | answer.headers, answer.content_type))

    def _send(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        without = answer.status in {204, 304}
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not without:
            self.send_header("content-type", answer.content_type)
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if not without:
            self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection with RST, as a broken proxy does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.close_connection = True


def _identify(world: GithubWorld, given: str) -> tuple[Token | None, User | None]:
    token = world.store.records.tokens.get(given)
    return token, world.store.records.users.get(token.login) if token else None


def _carry_out(world: GithubWorld, tables: tuple[Routes, ...], request: Request) -> Answer:
    """One at a time: what a route reads stays true until it has written."""
    try:
        handler, path = _find(tables, request)
        with world.store.lock:
            answer = handler(world, request, path)
            if request.method != "GET":
                world.store.save()
            return answer
    except ApiError as refused:
        return refused.answer()


def _find(tables: tuple[Routes, ...], request: Request) -> tuple[Handler, dict[str, str]]:
    for table in tables[:-1]:
        try:
            return table.find(request.method, request.path)
        except ApiError:
            continue
    return tables[-1].find(request.method, request.path)
