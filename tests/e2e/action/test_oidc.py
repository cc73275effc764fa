"""Credentials of the role: asked for when needed, again before they end, refused with what would help."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploytool.aws import session
from deploytool.aws.session import LOOPBACK_SWITCH
from deploytool.errors import CredentialsMissing
from tests.support.github_runner.oidc import TokenService, token_service

ROLE = "arn:aws:iam::123456789012:role/deploy"
GIVEN = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
DENIED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error>
</ErrorResponse>"""


@contextmanager
def sts(*lifetimes: timedelta) -> Iterator[str]:
    """STS that gives credentials which end so much later, one after the other; after the last it denies."""
    left = list(enumerate(lifetimes))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            number, lifetime = left.pop(0) if left else (None, timedelta())
            end = (datetime.now(UTC) + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
            body = (DENIED if number is None else GIVEN.format(key=f"KEY{number}", end=end)).encode()
            self.send_response(403 if number is None else 200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name in http.server
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenService]:
    with token_service() as started:
        for name, value in started.environ.items():
            monkeypatch.setenv(name, value)
        yield started


def keys(monkeypatch: pytest.MonkeyPatch, url: str, times: int = 1) -> list[str]:
    """The access keys that calls would be signed with."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv(LOOPBACK_SWITCH, "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-callers-own")
    credentials = session.session(ROLE, "us-east-1").get_credentials()
    return [credentials.get_frozen_credentials().access_key for _ in range(times)]


def test_the_role_is_taken_and_not_what_the_job_has(service: TokenService, monkeypatch: pytest.MonkeyPatch) -> None:
    with sts(timedelta(hours=1)) as url:
        assert keys(monkeypatch, url, 3) == ["KEY0"] * 3
    assert service.asked == ["sts.amazonaws.com"], "one token for credentials that go on"


def test_credentials_are_renewed_with_a_fresh_token_before_they_end(
    service: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sts(timedelta(minutes=2), timedelta(hours=1)) as url:
        assert keys(monkeypatch, url, 3)[1:] == ["KEY1", "KEY1"]
    assert len(service.asked) == 2, "GitHub's token is good for minutes only"


def test_a_role_that_does_not_trust_the_job_is_told_with_the_jobs_subject(
    service: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.subject = "repo:org@1/shop@2:environment:production"
    with sts() as url, pytest.raises(session.RoleDenied) as refused:
        keys(monkeypatch, url)
    assert ROLE in refused.value.cause
    assert "repo:org@1/shop@2:environment:production" in refused.value.fix
    assert service.token("x") not in str(refused.value), "the token itself is nobody's business"


def test_a_job_without_the_permission_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    with pytest.raises(CredentialsMissing, match="may not ask") as missing:
        session.web_identity({})
    assert "id-token: write" in missing.value.fix


def test_a_token_service_that_refuses_is_told_without_the_jobs_token(
    service: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CredentialsMissing) as missing:
        session.web_identity({**service.environ, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a-secret-that-is-wrong"})
    assert "a-secret" not in missing.value.cause + missing.value.fix


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.!!.c", "a.W10.c", "a.e30.c"])
def test_a_token_that_cannot_be_read_names_no_subject(token: str) -> None:
    assert session.subject(token) == "(the token names none)"


@pytest.mark.parametrize(("run", "name"), [("17", "deploytool-17"), ("", "deploytool"), ("1 2", "deploytool")])
def test_the_trail_names_the_run(run: str, name: str) -> None:
    assert session.session_name({"GITHUB_RUN_ID": run}) == name
