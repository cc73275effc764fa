"""The box of a live release: ticked on the page, attacked with forged events, ticked twice. In this order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploytool.github.rollback_model import box_of
from tests.e2e.checkbox.conftest import FIRST, SECOND, Site
from tests.support.browser import Browser, started

pytestmark = pytest.mark.timeout(900)


def event(site: Site, before: str, after: str, sender: str = "octo-dev") -> dict[str, Any]:
    """What GitHub would send when ``sender`` edits the comment so."""
    comment = site.comment(SECOND)
    return {
        "action": "edited",
        "comment": comment | {"body": after},
        "issue": {"number": SECOND, "pull_request": {"html_url": site.page(SECOND)}},
        "sender": {"login": sender, "type": "User"},
        "repository": {"full_name": site.state.repository, "default_branch": "main"},
        "changes": {"body": {"from": before}},
    }


def handle_comment(site: Site, sent: dict[str, Any], directory: Path, **variables: str) -> tuple[int, str]:
    """Exit code, and everything that was printed."""
    path = directory / "event.json"
    path.write_text(json.dumps(sent))
    runner = {"GITHUB_EVENT_NAME": "issue_comment", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": site.second}
    done = site.run("handle-comment", "--event-path", str(path), **(runner | variables))
    return done.returncode, done.stdout + done.stderr


def write(site: Site, body: str) -> None:
    """Somebody who may write edits the comment by the API, as a bot would so that nothing is started by it."""
    import requests

    url = f"{site.state.github_api_url}/repos/{site.state.repository}/issues/comments/{site.comment(SECOND)['id']}"
    answer = requests.patch(url, json={"body": body}, headers={"Authorization": "Bearer sandbox-token"}, timeout=10)
    answer.raise_for_status()


def test_the_comment_of_the_second_release_has_a_box_and_that_of_the_first_has_none(site: Site) -> None:
    assert site.serves() == site.second
    box = box_of(site.comment(SECOND)["body"])
    assert box is not None
    commits = [site.get(f"deployments/{number}")["sha"] for number in (box.goal, box.current)]
    assert commits == [site.first, site.second]
    assert f"Roll back to `{site.first[:7]}`" in site.comment(SECOND)["body"]
    assert box_of(site.comment(FIRST)["body"]) is None


def test_a_stranger_is_refused_and_the_comment_says_so(site: Site, tmp_path: Path) -> None:
    site.control.add_token("stranger-token", "mallory", permission="read")
    offered = site.comment(SECOND)["body"]
    ticked = offered.replace("- [ ]", "- [x]")
    write(site, ticked)
    code, output = handle_comment(site, event(site, offered, ticked, "mallory"), tmp_path)
    assert (code, "mallory may not write to this repository" in output) == (3, True), output
    answered = site.comment(SECOND)["body"]
    assert "⛔ **Rollback refused**, requested by `mallory`" in answered
    assert box_of(answered) == box_of(offered)
    assert site.serves() == site.second
    write(site, offered)


@pytest.mark.parametrize("forged", [9_999_999, "failed"], ids=["unknown", "of a release that failed"])
def test_a_forged_id_is_refused(site: Site, tmp_path: Path, forged: int | str) -> None:
    offered = site.comment(SECOND)["body"]
    box = box_of(offered)
    assert box is not None
    number = forged if isinstance(forged, int) else _failed_deployment(site)
    false = offered.replace(f":{box.goal}:", f":{number}:")
    ticked = false.replace("- [ ]", "- [x]")
    write(site, ticked)
    code, output = handle_comment(site, event(site, false, ticked), tmp_path)
    assert code == 3, output
    assert f"deployment {number} " in output
    assert site.serves() == site.second
    write(site, offered)


def _failed_deployment(site: Site) -> int:
    """As ours in everything, but that it failed."""
    import requests

    old = next(item for item in site.get("deployments") if item["sha"] == site.first)
    base = f"{site.state.github_api_url}/repos/{site.state.repository}/deployments"
    headers = {"Authorization": "Bearer sandbox-token"}
    body = {
        "ref": site.first, "auto_merge": False, "required_contexts": [], "environment": "production",
        "payload": old["payload"],
    }  # fmt: skip
    made = requests.post(base, json=body, headers=headers, timeout=10)
    made.raise_for_status()
    number = int(made.json()["id"])
    requests.post(
        f"{base}/{number}/statuses", json={"state": "failure"}, headers=headers, timeout=10
    ).raise_for_status()
    return number


def test_an_event_of_the_pull_requests_code_is_refused(site: Site, tmp_path: Path) -> None:
    offered = site.comment(SECOND)["body"]
    sent = event(site, offered, offered.replace("- [ ]", "- [x]"))
    code, output = handle_comment(site, sent, tmp_path, GITHUB_SHA=site.first)
    assert (code, "check nothing else out" in output) == (3, True), output
    assert site.comment(SECOND)["body"] == offered


def test_a_box_in_a_comment_that_the_release_did_not_write_is_ignored(site: Site, tmp_path: Path) -> None:
    """Another workflow of the repository, with the same token, was made to repeat our marks."""
    import requests

    offered = site.comment(SECOND)["body"]
    url = f"{site.state.github_api_url}/repos/{site.state.repository}/issues/{SECOND}/comments"
    ticked = offered.replace("- [ ]", "- [x]")
    headers = {"Authorization": "Bearer sandbox-token"}
    sent = event(site, offered, ticked)
    made = requests.post(url, json={"body": ticked}, headers=headers, timeout=10)
    made.raise_for_status()
    planted = made.json()
    try:
        code, output = handle_comment(site, sent | {"comment": planted | {"body": ticked}}, tmp_path)
        assert (code, "did not write this comment" in output) == (0, True), output
    finally:
        requests.delete(
            f"{url.removesuffix(f'{SECOND}/comments')}comments/{planted['id']}", headers=headers, timeout=10
        ).raise_for_status()
    assert site.serves() == site.second


def test_an_edit_that_ticks_nothing_is_ignored_in_one_line(site: Site, tmp_path: Path) -> None:
    offered = site.comment(SECOND)["body"]
    code, output = handle_comment(site, event(site, offered, offered + "\nthanks"), tmp_path)
    assert code == 0
    assert [line for line in output.splitlines() if "using the sandbox" not in line] == ["ignored: no box was ticked"]


def test_a_tick_on_the_page_brings_the_old_version_back_and_is_answered(site: Site, tmp_path: Path) -> None:
    offered = site.comment(SECOND)["body"]
    with started() as browser:
        _tick(browser, site)
        browser.wait_for_text("Rollback requested by octo-dev", seconds=30)
        browser.wait_for_text("Rolled back, requested by octo-dev", seconds=180)
        browser.wait_for_text("Rolled back in production")
        assert "Live in production" not in browser.text("#timeline")
        assert not browser.script("return document.querySelector('input.task')")
        browser.open(site.page(FIRST))
        browser.wait_for_text("Live in production")
    assert site.serves() == site.first
    (run,) = site.control.runs()
    assert (run["workflow"], run["actor"], run["conclusion"]) == ("rollback.yml", "octo-dev", "success")
    assert f"/actions/runs/{run['id']})" in site.comment(SECOND)["body"]
    # The same event once more, as a second click would have sent it.
    code, text = handle_comment(site, event(site, offered, offered.replace("- [ ]", "- [x]")), tmp_path)
    assert (code, "already handled" in text) == (0, True), text
    # And with the box put back by hand: what it was shown for is no longer live.
    write(site, offered.replace("- [ ]", "- [x]"))
    code, text = handle_comment(site, event(site, offered, offered.replace("- [ ]", "- [x]")), tmp_path)
    assert (code, "is not what is live any more" in text) == (3, True), text
    assert site.serves() == site.first


def _tick(browser: Browser, site: Site) -> None:
    browser.open(site.page(SECOND))
    browser.wait_for_text("Live in production")
    browser.click("input.task")
