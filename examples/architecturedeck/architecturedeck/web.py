"""The web service: a page, a health check that looks at PostgreSQL and Redis, and a way to order a job."""

import html
import json
import os
import signal
import sys
import threading
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
import redis

from architecturedeck.greeting import GREETING
from architecturedeck.stores import QUEUE, database, queue

PORT = 8080
VERSION = os.environ.get("VERSION", "unknown")


def state_of(look, failures):
    """`ok`, or the name of the failure: what is inside the message may hold an address or a password."""
    try:
        look()
    except failures as error:
        return f"failed: {type(error).__name__}"
    return "ok"


def ask_database():
    connection = database()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def health():
    """Status and body of /api/health: 503 unless both stores answer."""
    stores = {
        "database": state_of(ask_database, psycopg2.Error),
        "redis": state_of(lambda: queue().ping(), redis.RedisError),
    }
    healthy = all(state == "ok" for state in stores.values())
    status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
    return status, {"status": "ok" if healthy else "failed", "version": VERSION, **stores}


def page():
    said, version = html.escape(GREETING), html.escape(VERSION)
    return f"<!doctype html><title>ArchitectureDeck</title><h1>{said}</h1><p>Version {version}</p>"


class Handler(BaseHTTPRequestHandler):
    """Three addresses, no more."""

    def do_GET(self):
        if self.path == "/api/health":
            status, body = health()
            self.answer(status, json.dumps(body), "application/json")
        elif self.path == "/":
            self.answer(HTTPStatus.OK, page(), "text/html; charset=utf-8")
        else:
            self.answer(HTTPStatus.NOT_FOUND, '{"message": "not found"}', "application/json")

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        given = self.rfile.read(length).decode(errors="replace")
        if self.path != "/api/jobs":
            self.answer(HTTPStatus.NOT_FOUND, '{"message": "not found"}', "application/json")
            return
        job = {"id": str(uuid.uuid4()), "text": given}
        try:
            queue().rpush(QUEUE, json.dumps(job))
        except redis.RedisError:
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE, '{"message": "the queue does not answer"}', "application/json")
            return
        self.answer(HTTPStatus.ACCEPTED, json.dumps({"id": job["id"]}), "application/json")

    def answer(self, status, body, kind):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code="-", size="-"):
        if self.path != "/api/health":
            super().log_request(code, size)


class Server(ThreadingHTTPServer):
    """A client that hangs up is no failure of ours."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def main():
    server = Server(("0.0.0.0", PORT), Handler)
    # shutdown() waits for the loop that the signal interrupts, so it needs a thread of its own.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"web: version {VERSION} listens on {PORT}")
    server.serve_forever(poll_interval=0.1)
    print("web: stopped")


if __name__ == "__main__":
    main()
