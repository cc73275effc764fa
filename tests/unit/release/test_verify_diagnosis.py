"""Why the new version did not respond as configured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.release.model import HttpResponse, NoResponse, Verify
from deploytool.release.verify import diagnose_http_response, explained_by_log

STEP = Verify("app", "https://shop.example/health", 200, body="ok", version="new1234", timeout=60, interval=1)


@pytest.mark.parametrize(
    ("answer", "code", "tells"),
    [
        (HttpResponse(500, "boom"), "verify-status", "returned status 500 instead of 200"),
        (HttpResponse(501, ""), "verify-status", "the app itself failed"),
        (HttpResponse(503, ""), "verify-status", "no healthy target"),
        (HttpResponse(403, ""), "verify-status", "without a login"),
        (HttpResponse(404, ""), "verify-status", "correct the path"),
        (HttpResponse(301, ""), "verify-status", "expect.status"),
        (HttpResponse(200, '{"version": "old1234"}'), "verify-old-version", "version old1234 instead of new1234"),
        (HttpResponse(200, "ok"), "verify-no-version", "has no version"),
        (HttpResponse(200, '{"version": "new1234"}'), "verify-body", "lacks 'ok'"),
        (NoResponse("timeout"), "verify-timeout", "did not respond in time"),
        (NoResponse("connection", "refused"), "verify-connection", "could not be reached"),
        (NoResponse("tls", "expired"), "verify-tls", "certificate"),
        (NoResponse("redirects"), "verify-redirects", "redirects without end"),
        (NoResponse("url"), "verify-url", "not a valid address"),
        (NoResponse("aliens"), "verify-aliens", "did not respond"),
    ],
)
def test_a_wrong_answer_is_told_with_what_was_expected(
    answer: HttpResponse | NoResponse, code: str, tells: str
) -> None:
    found = diagnose_http_response(STEP, answer)
    assert (found.code, found.subject) == (code, "app")
    assert tells in f"{found.cause} {found.fix}"
    assert STEP.url in found.cause


def test_a_version_that_is_not_expected_is_not_missed() -> None:
    assert diagnose_http_response(replace(STEP, version=None), HttpResponse(200, "no")).code == "verify-body"


def test_a_long_body_is_quoted_on_one_line_and_cut() -> None:
    quote = diagnose_http_response(STEP, HttpResponse(500, "<html>\n" + "x" * 5000)).quote
    assert quote.startswith("<html> xxx")
    assert len(quote) == 201


LOG = ("connecting to postgres://shop:hunter2@db:5432", "Error: connect ECONNREFUSED 10.0.0.9:5432")


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_explained_when_the_log_says_why(status: int) -> None:
    diagnosis = explained_by_log(diagnose_http_response(STEP, HttpResponse(status, "")), LOG)
    assert diagnosis.code == "verify-status"
    assert f"returned status {status} instead of 200: the database refuses the connection" in diagnosis.cause
    assert "task definition" in diagnosis.fix
    assert "hunter2" not in f"{diagnosis}"


@pytest.mark.parametrize(("status", "log"), [(404, LOG), (500, ("Error: boom",))])
def test_the_log_is_only_shown_when_it_does_not_explain_the_response(status: int, log: tuple[str, ...]) -> None:
    diagnosis = diagnose_http_response(STEP, HttpResponse(status, ""))
    with_log = explained_by_log(diagnosis, log)
    assert (with_log.cause, with_log.fix, len(with_log.log)) == (diagnosis.cause, diagnosis.fix, len(log))
