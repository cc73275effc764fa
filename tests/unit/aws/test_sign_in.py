"""What a job reads when GitHub or STS does not sign it in, and which of these are tried again."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from deploytool.aws import session
from deploytool.aws.session import RoleDenied, TokenUnavailable, may_pass, refused
from deploytool.errors import CloudUnreachable, CredentialsMissing

ROLE = "arn:aws:iam::123456789012:role/deploy"
TOKEN = "e30.eyJzdWIiOiAicmVwbzphY21lL3Nob3A6ZW52aXJvbm1lbnQ6cHJvZHVjdGlvbiJ9.x"
KEY_UNREAD = "Couldn't retrieve verification key from your identity provider, please reference documentation"


def answered(code: str, message: str = "", status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "AssumeRoleWithWebIdentity")


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        # https://github.com/aws-actions/configure-aws-credentials/issues/348
        pytest.param(answered("InvalidIdentityToken", KEY_UNREAD), True, id="GitHub's keys could not be read"),
        pytest.param(answered("IDPCommunicationError", "could not be reached"), True, id="GitHub was not reached"),
        pytest.param(answered("Throttling", "Rate exceeded"), True, id="throttled"),
        pytest.param(answered("InternalFailure", status=500), True, id="STS is down"),
        pytest.param(EndpointConnectionError(endpoint_url="https://sts"), True, id="no connection"),
        pytest.param(TokenUnavailable("no token", ""), True, id="GitHub gave no token now"),
        pytest.param(answered("InvalidIdentityToken", "No OpenIDConnect provider found"), False, id="no provider"),
        pytest.param(answered("AccessDenied", status=403), False, id="the trust policy says no"),
        pytest.param(CredentialsMissing("no permission", ""), False, id="the job may not ask"),
    ],
)
def test_signing_in_is_tried_again_when_it_may_pass(error: Exception, passes: bool) -> None:
    assert may_pass(error) is passes


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "repo:acme/shop:environment:prod"),
        ("InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://t", "infra apply"),
        ("InvalidIdentityToken", "Incorrect token audience", "client ids"),
        ("ExpiredTokenException", "Token expired: current date/time 1 must be before 0", "clock"),
        ("RegionDisabledException", "STS is not activated in this region", "region"),
        ("ValidationError", "Request ARN is invalid", "correct input role"),
    ],
)
def test_a_refusal_of_sts_names_its_own_fix(code: str, message: str, fix: str) -> None:
    error = refused(ROLE, TOKEN, answered(code, message))
    assert message in error.cause
    assert fix in error.fix
    assert isinstance(error, RoleDenied) is (code == "AccessDenied")
    assert TOKEN not in error.cause + error.fix


@contextmanager
def token_service(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """Answers with these one after the other, the last one for ever; what it was shown as authorization."""
    left, shown = list(statuses), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["Authorization"])
            status = left.pop(0) if len(left) > 1 else left[0]
            body = b'{"value": "a.b.c"}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name in http.server
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token?api=1", shown
    finally:
        server.shutdown()
        server.server_close()


def environ(url: str) -> dict[str, str]:
    return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-jobs-own"}


def test_the_jobs_own_token_is_shown_when_netrc_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login mona password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with token_service(200) as (url, shown):
        assert session.web_identity(environ(url)) == "a.b.c"
    assert shown == ["Bearer the-jobs-own"]


@pytest.mark.parametrize(("status", "passes"), [(429, True), (500, True), (503, True), (401, False), (404, False)])
def test_a_token_service_in_trouble_is_not_one_that_refuses(status: int, passes: bool) -> None:
    with token_service(status) as (url, _), pytest.raises(CredentialsMissing) as missing:
        session.web_identity(environ(url))
    assert may_pass(missing.value) is passes


def test_each_try_has_a_fresh_token_and_outages_are_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens: list[str] = []

    def made(_: object) -> str:
        tokens.append(f"token-{len(tokens)}")
        return tokens[-1]

    monkeypatch.setattr(session, "web_identity", made)
    thrice = Retrying(retry=retry_if_exception(may_pass), stop=stop_after_attempt(3), reraise=True)
    monkeypatch.setattr(session, "retrying", lambda *_: thrice)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv(session.LOOPBACK_SWITCH, "true")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with pytest.raises(CloudUnreachable) as unreachable:
        session.session(ROLE, "us-east-1").get_credentials().get_frozen_credentials()
    assert tokens == ["token-0", "token-1", "token-2"]
    assert "trust policy" not in unreachable.value.fix
