"""What the environment says about GitHub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploytool.github.runner import github_context, read_event, repository_of
from deploytool.output.actions import LARGEST_SUMMARY, append_outputs, append_summary

RUNNER = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_TOKEN": "secret-token",
    "GITHUB_API_URL": "https://ghes.example/api/v3/",
    "GITHUB_SERVER_URL": "https://ghes.example/",
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_ACTOR": "mona",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_STEP_SUMMARY": "/tmp/summary",
    "GITHUB_OUTPUT": "/tmp/output",
}
PULL = {"pull_request": {"number": 12, "head": {"repo": {"full_name": "acme/shop"}}}}
FORK = {"pull_request": {"number": 12, "head": {"repo": {"full_name": "mallory/shop"}}}}


def test_everything_is_read_from_the_runner() -> None:
    context = github_context(RUNNER, {"repository": {"default_branch": "trunk"}})
    assert context.api_url == "https://ghes.example/api/v3"
    assert context.repository_url == "https://ghes.example/acme/shop"
    assert context.run_url == "https://ghes.example/acme/shop/actions/runs/7"
    assert (context.actions, context.actor, context.default_branch) == (True, "mona", "trunk")
    assert context.silent_because == ""


def test_the_addresses_are_githubs_own_where_nothing_else_is_said() -> None:
    context = github_context({"GITHUB_REPOSITORY": "a/b"}, {})
    assert (context.api_url, context.repository_url) == ("https://api.github.com", "https://github.com/a/b")
    assert context.run_url == ""
    assert not context.actions


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_TOKEN": "t"}, "GITHUB_REPOSITORY is not set to owner/name"),
        ({"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "shop"}, "GITHUB_REPOSITORY is not set to owner/name"),
        ({"GH_TOKEN": "t", "GITHUB_REPOSITORY": "a/b"}, ""),
    ],
)
def test_why_nothing_is_reported(environ: dict[str, str], reason: str) -> None:
    assert github_context(environ, {}).silent_because.endswith(reason)
    assert bool(github_context(environ, {}).silent_because) is bool(reason)


def test_the_token_is_not_shown_when_the_context_is_printed() -> None:
    assert "secret-token" not in repr(github_context(RUNNER, {}))


@pytest.mark.parametrize(
    ("event", "number", "fork"),
    [
        ({}, None, False),
        (PULL, 12, False),
        (FORK, 12, True),
        ({"pull_request": {"number": 12, "head": {"repo": None}}}, 12, True),
        ({"pull_request": "odd"}, None, False),
        ({"pull_request": {"number": "12"}}, None, False),
    ],
)
def test_the_pull_request_of_the_event(event: dict[str, object], number: int | None, fork: bool) -> None:
    context = github_context(RUNNER, event)
    assert (context.event_pull_request, context.is_fork) == (number, fork)
    assert context.silent_because.startswith("only the job summary was written") is fork


def test_the_event_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(PULL))
    assert read_event({"GITHUB_EVENT_PATH": str(file)}) == PULL


@pytest.mark.parametrize("content", ["{", "[]", "\udcff"])
def test_an_event_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(content, errors="surrogateescape")
    assert read_event({"GITHUB_EVENT_PATH": str(file)}) == {}
    assert read_event({"GITHUB_EVENT_PATH": str(tmp_path / "missing")}) == {}
    assert read_event({}) == {}


def test_a_summary_is_added_to_what_other_tools_wrote(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n")
    assert append_summary(str(file), "### é\n")
    assert file.read_text() == "before\n### é\n"


def test_a_summary_that_would_be_too_large_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("x" * (LARGEST_SUMMARY - 2))
    assert not append_summary(str(file), "éé")
    assert file.stat().st_size == LARGEST_SUMMARY - 2
    assert append_summary(str(file), "é")


def test_outputs_are_added(tmp_path: Path) -> None:
    file = tmp_path / "output"
    append_outputs(str(file), "a<<x\n1\nx\n")
    append_outputs(str(file), "b<<x\n2\nx\n")
    assert file.read_text() == "a<<x\n1\nx\nb<<x\n2\nx\n"


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("https://github.com/acme/shop", "acme/shop"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "acme/shop"),
        ("https://gitlab.example/group/sub/shop", ""),
        ("/srv/git/shop.git", ""),
        ("", ""),
    ],
)
def test_the_repository_is_found_in_the_address_of_a_remote(url: str, repository: str) -> None:
    assert repository_of(url) == repository
