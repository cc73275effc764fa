"""Whether an HTTP answer shows the new version, healthy."""

from __future__ import annotations

import pytest

from deploytool.core.expectation import met, version_of
from deploytool.core.plan_model import Verify
from deploytool.core.probe import Answer, NoAnswer


def step(status: int = 200, body: str | None = None, version: str | None = None) -> Verify:
    return Verify("app", "https://shop.test/health", status, body, version, 60.0, 5.0)


@pytest.mark.parametrize(
    ("wanted", "answer", "good"),
    [
        (step(), Answer(200, ""), True),
        (step(), Answer(503, ""), False),
        (step(204), Answer(204, ""), True),
        (step(), NoAnswer("timeout"), False),
        (step(body="ok"), Answer(200, "all ok"), True),
        (step(body="ok"), Answer(200, "bad"), False),
        (step(version="4f2"), Answer(200, '{"version": "4f2"}'), True),
        (step(version="4f2"), Answer(200, '{"version": "1b1"}'), False),
        (step(version="4f2"), Answer(500, '{"version": "4f2"}'), False),
        (step(body="ok", version="4f2"), Answer(200, '{"version": "4f2"}'), False),
        (step(version="4f2"), Answer(200, "4f2"), False),
    ],
)
def test_an_answer_is_as_expected(wanted: Verify, answer: Answer | NoAnswer, good: bool) -> None:
    assert met(wanted, answer) is good


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
