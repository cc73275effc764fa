"""How GitHub's answers are read: errors, payloads, pull requests, what may be tried again."""

from __future__ import annotations

import json

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.errors import DeployError
from deploytool.github.client import (
    UNSAID,
    Forbidden,
    GithubClient,
    GithubError,
    Missing,
    RateLimited,
    Unauthorized,
    Unprocessable,
    Unreachable,
    translated,
)
from deploytool.github.comments import PAUSE, BestEffort, best, named_in
from deploytool.github.deployments import LONGEST_DESCRIPTION, Status, closing, payload, payload_of, progress_text
from deploytool.release.model import StepName
from tests.support.sample_events import plan, released, rolled_back

NOW = 1_000_000.0
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000030"}


@pytest.mark.parametrize(
    ("status", "headers", "message", "kind"),
    [
        (None, {}, "ConnectError", Unreachable),
        (500, {}, "Server Error", Unreachable),
        (503, {"retry-after": "3"}, "", Unreachable),
        (401, {}, "Bad credentials", Unauthorized),
        (403, {}, "Resource not accessible by integration", Forbidden),
        (403, {}, "You have exceeded a secondary rate limit", RateLimited),
        (403, {"retry-after": "3"}, "", RateLimited),
        (403, SPENT, "", RateLimited),
        (429, {}, "", RateLimited),
        (404, {}, "Not Found", Missing),
        (409, {}, "Conflict", Unprocessable),
        (422, {}, "Validation Failed", Unprocessable),
    ],
)
def test_every_refusal_is_an_error_of_ours(
    status: int | None, headers: dict[str, str], message: str, kind: type[GithubError]
) -> None:
    error = translated(status, headers, message, "comment", "pull-requests: write", NOW)
    assert type(error) is kind
    assert isinstance(error, DeployError)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({**SPENT, "retry-after": "7"}, 7.0),
        (SPENT, 30.0),
        ({**SPENT, "x-ratelimit-reset": "999999"}, 1.0),
        ({"x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1000030"}, UNSAID),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, UNSAID),
        ({}, UNSAID),
    ],
)
def test_how_long_a_rate_limit_lasts(headers: dict[str, str], seconds: float) -> None:
    error = translated(429, headers, "", "comment", "", NOW)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


def test_the_missing_permission_is_githubs_word_where_it_says_it() -> None:
    told = {"x-accepted-github-permissions": "pull_requests=write; contents=read"}
    error = translated(403, told, "no", "comment", "deployments: write", NOW)
    assert error.fix == "add `pull-requests: write` to the job's `permissions:`"
    assert "deployments: write" in translated(403, {}, "no", "x", "deployments: write", NOW).fix
    assert translated(403, {}, "no", "x", "", NOW).fix == "give the token the permission"


def test_a_whole_page_of_html_is_not_repeated() -> None:
    assert len(translated(502, {}, "<html>\n" * 1000, "x", "", NOW).cause) < 400


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_payload_is_read_however_often_it_was_encoded(times: int) -> None:
    told: object = payload(plan())
    for _ in range(times):
        told = json.dumps(told)
    assert payload_of({"payload": told}) == payload(plan())


@pytest.mark.parametrize("told", [None, "", "{", "[]", "7", 7, '"text"', ["x"]])
def test_a_payload_of_somebody_else_is_empty(told: object) -> None:
    assert payload_of({"payload": told}) == {}


@given(st.text(max_size=300))
def test_a_description_is_one_line_that_github_takes(text: str) -> None:
    shortened = Status("success", text).shortened
    assert len(shortened) <= LONGEST_DESCRIPTION
    assert "\n" not in shortened


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Add the cart (#12)", 12),
        ("Revert (#11) (#12)", 12),
        ("Add (#12) the cart", None),
        ("Add the cart #12", None),
        ("Add (#0)", None),
        ("Add (#99999999999)", None),
        ("", None),
    ],
)
def test_the_number_at_the_end_of_a_subject(subject: str, number: int | None) -> None:
    assert named_in(subject) == number


def test_the_pull_request_whose_merge_made_the_commit_is_the_one() -> None:
    made = {"number": 1, "merged_at": "x", "merge_commit_sha": "abc"}
    merged = {"number": 2, "merged_at": "x", "merge_commit_sha": "def"}
    head = {"number": 3, "merged_at": None, "head": {"sha": "abc"}}
    holding = {"number": 4, "merged_at": None, "head": {"sha": "def"}}
    assert best([holding, head, merged, made], "abc") == 1
    assert best([holding, head, merged], "abc") == 2
    assert best([holding, head], "abc") == 3
    assert best([holding], "abc") == 4
    assert best([], "abc") is None


def test_only_a_good_outcome_is_a_success() -> None:
    assert closing(released()) == Status("success", released().summary)
    assert closing(rolled_back()).state == "failure"
    assert closing(None).state == "error"
    assert progress_text(StepName.MIGRATE).description == "migrating"
    assert progress_text(StepName.RUN).description == "run"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(error: GithubError) -> None:
    raise error


def test_what_failed_is_forgotten_when_it_works_out_later() -> None:
    clock = Clock()
    attempts = BestEffort(clock)
    assert not attempts.make("the comment", lambda: failing(Unreachable("comment", "reset")))
    assert len(attempts.failures()) == 1
    assert not attempts.make("the comment", lambda: None), "too early"
    clock.now = PAUSE
    assert attempts.make("the comment", lambda: None)
    assert attempts.failures() == ()


def test_the_last_attempt_does_not_wait() -> None:
    attempts = BestEffort(Clock())
    attempts.make("the comment", lambda: failing(Unreachable("comment", "reset")))
    assert attempts.make("the comment", lambda: None, last=True)


@pytest.mark.parametrize("error", [Unauthorized(), Forbidden("x", "", ""), Missing("x")])
def test_the_hopeless_is_not_tried_again(error: GithubError) -> None:
    clock = Clock()
    attempts = BestEffort(clock)
    attempts.make("the comment", lambda: failing(error))
    clock.now = 1000.0
    assert not attempts.make("the comment", lambda: None, last=True)
    assert len(attempts.failures()) == 1


def test_a_request_says_who_asks_and_in_which_version() -> None:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=[])

    client = GithubClient("https://ghes.example/api/v3", "secret", "acme/shop")
    client.connect()
    client._api.transport.client = httpx2.Client(transport=httpx2.MockTransport(handle))
    assert list(client.pages("pulls.list", "list")) == []
    (request,) = seen
    assert str(request.url) == "https://ghes.example/api/v3/repos/acme/shop/pulls?per_page=100&page=1"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers["x-github-api-version"] == "2022-11-28"
    assert request.headers["user-agent"].startswith("archdeck-deploy/")
