"""Whether an HTTP answer shows the new version, healthy."""

from __future__ import annotations

import pytest

from deploytool.release.model import HttpResponse, NoResponse, Verify
from deploytool.release.verify import response_matches, version_of


def step(status: int = 200, body: str | None = None, version: str | None = None) -> Verify:
    return Verify("app", "https://shop.test/health", status, body, version, 60.0, 5.0)


@pytest.mark.parametrize(
    ("wanted", "answer", "succeeded"),
    [
        (step(), HttpResponse(200, ""), True),
        (step(), HttpResponse(503, ""), False),
        (step(204), HttpResponse(204, ""), True),
        (step(), NoResponse("timeout"), False),
        (step(body="ok"), HttpResponse(200, "all ok"), True),
        (step(body="ok"), HttpResponse(200, "bad"), False),
        (step(version="4f2"), HttpResponse(200, '{"version": "4f2"}'), True),
        (step(version="4f2"), HttpResponse(200, '{"version": "1b1"}'), False),
        (step(version="4f2"), HttpResponse(500, '{"version": "4f2"}'), False),
        (step(body="ok", version="4f2"), HttpResponse(200, '{"version": "4f2"}'), False),
        (step(version="4f2"), HttpResponse(200, "4f2"), False),
    ],
)
def test_an_answer_is_as_expected(wanted: Verify, answer: HttpResponse | NoResponse, succeeded: bool) -> None:
    assert response_matches(wanted, answer) is succeeded


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ('{"version": "4f2", "ok": true}', "4f2"),
        ('{"version": 1234567}', "1234567"),
        ('{"version": 12e4567}', "12e4567"),
        ('{"version": NaN}', None),
        ('{"version": true}', None),
        ('{"version": {"commit": "4f2"}}', None),
        ('{"ok": true}', None),
        ('["4f2"]', None),
        ("<html>", None),
        ("", None),
    ],
)
def test_reads_the_version_of_a_json_object_only(body: str, version: str | None) -> None:
    assert version_of(body) == version
