"""Why the new version did not answer as it should."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.core.diagnosis import of_probe
from deploytool.core.plan_model import Verify
from deploytool.core.probe import Answer, NoAnswer

STEP = Verify("app", "https://shop.example/health", 200, body="ok", version="new1234", timeout=60, interval=1)


@pytest.mark.parametrize(
    ("answer", "code", "tells"),
    [
        (Answer(500, "boom"), "verify-status", "answered status 500 instead of 200"),
        (Answer(501, ""), "verify-status", "the app itself failed"),
        (Answer(503, ""), "verify-status", "no healthy target"),
        (Answer(403, ""), "verify-status", "without a login"),
        (Answer(404, ""), "verify-status", "correct the path"),
        (Answer(301, ""), "verify-status", "expect.status"),
        (Answer(200, '{"version": "old1234"}'), "verify-old-version", "by version old1234 instead of new1234"),
        (Answer(200, "ok"), "verify-no-version", "does not say which version"),
        (Answer(200, '{"version": "new1234"}'), "verify-body", "lacks 'ok'"),
        (NoAnswer("timeout"), "verify-timeout", "did not answer in time"),
        (NoAnswer("connection", "refused"), "verify-connection", "could not be connected to"),
        (NoAnswer("tls", "expired"), "verify-tls", "certificate"),
        (NoAnswer("redirects"), "verify-redirects", "redirects without end"),
        (NoAnswer("url"), "verify-url", "not a valid address"),
        (NoAnswer("aliens"), "verify-aliens", "did not answer"),
    ],
)
def test_a_wrong_answer_is_told_with_what_was_expected(answer: Answer | NoAnswer, code: str, tells: str) -> None:
    found = of_probe(STEP, answer)
    assert (found.code, found.subject) == (code, "app")
    assert tells in f"{found.cause} {found.fix}"
    assert STEP.url in found.cause


def test_a_version_that_is_not_expected_is_not_missed() -> None:
    assert of_probe(replace(STEP, version=None), Answer(200, "no")).code == "verify-body"


def test_a_long_body_is_quoted_on_one_line_and_cut() -> None:
    quote = of_probe(STEP, Answer(500, "<html>\n" + "x" * 5000)).quote
    assert quote.startswith("<html> xxx")
    assert len(quote) == 201
