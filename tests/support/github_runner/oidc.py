"""The runner's token service: what a job with ``id-token: write`` may ask."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ISSUER = "token.actions.githubusercontent.com"


@dataclass
class TokenService:
    """Hands out tokens for ``subject`` to whoever shows the job's own token."""

    url: str = ""
    subject: str = "repo:archdeck/architecturedeck:environment:production"
    request_token: str = "the-jobs-own-token"
    asked: list[str] = field(default_factory=list)
    """Audience of each request."""

    @property
    def environ(self) -> dict[str, str]:
        """What the runner sets."""
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": self.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.request_token}

    def token(self, audience: str) -> str:
        """Signed by nobody: who checks the signature is AWS."""
        claims = {"iss": f"https://{ISSUER}", "aud": audience, "sub": self.subject}
        return ".".join(_encoded(part) for part in ({"alg": "none"}, claims, {}))


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@contextmanager
def token_service() -> Iterator[TokenService]:
    """On a port of its own, until the end."""
    service = TokenService()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            audience = parse_qs(urlsplit(self.path).query).get("audience", [""])[0]
            service.asked.append(audience)
            allowed = self.headers["Authorization"] == f"Bearer {service.request_token}"
            body = json.dumps({"value": service.token(audience)} if allowed else {}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name in http.server
            """Silent: the requests are kept."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/token?api-version=2.0"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
