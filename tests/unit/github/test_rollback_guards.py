"""Whoever may edit a comment can write anything into it: each test tries to get past a guard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.github.rollback_checkbox import checkbox_event, decide, was_written_by
from deploytool.github.rollback_model import Approve, CheckboxEvent, Deny, Facts, Ignore, RollbackCheckbox, box_of
from deploytool.release.model import GithubRecord
from tests.unit.github.checkbox_events import CURRENT, FACTS, GOAL, TICK, body, current, goal, ran, read, ticked
from tests.unit.ledger.records import record

STAGING = "<!-- deploytool:shop:staging -->"


def test_a_tick_of_somebody_who_may_write_is_followed() -> None:
    assert decide(FACTS) == Approve("production", GOAL, CURRENT)


@pytest.mark.parametrize("permission", ["write", "maintain", "admin"])
def test_each_permission_to_write_will_do(permission: str) -> None:
    assert isinstance(decide(read(permission=permission)), Approve)


def test_a_tick_is_followed_when_githubs_editor_changed_the_line_ends() -> None:
    after = body(ticked=True).replace("\n", "\r\n")
    assert isinstance(decide(ticked(after=after)), Approve)
    assert isinstance(decide(read(body=after)), Approve)


def test_a_tick_is_followed_when_the_token_says_whose_it_is() -> None:
    assert isinstance(decide(read(own_login="release-robot", author="release-robot", author_is_bot=False)), Approve)


def test_a_tick_is_followed_when_a_merged_pull_request_came_from_a_fork_that_is_gone() -> None:
    assert isinstance(decide(read(pull_repository="", merged=True)), Approve)


def test_a_tick_is_followed_when_the_job_is_for_this_environment() -> None:
    assert isinstance(decide(ran(environment="production")), Approve)


def test_a_tick_is_followed_when_github_calls_the_environment_by_another_name() -> None:
    there = {"goal": replace(GOAL, environment="live"), "current": replace(CURRENT, environment="live")}
    called = replace(read(**there), names={"production": "live"})
    assert decide(called) == Approve("production", there["goal"], there["current"])
    assert isinstance(decide(read(**there)), Deny)
    assert isinstance(decide(replace(FACTS, names={"production": "live"})), Deny)


IGNORED = {
    "another_event": (ticked(event="issues"), "no comment of a pull request was edited"),
    "a_new_comment": (ticked(action="created"), "no comment of a pull request was edited"),
    "a_comment_of_an_issue": (ticked(pull_request=None), "no comment of a pull request was edited"),
    "bot_actor": (ticked(sender="renovate[bot]", sender_is_bot=True), "renovate[bot] is a bot"),
    "no_marker": (ticked(after=body(ticked=True, marker="Look")), "not a release's"),
    "marker_of_an_environment_that_is_not_configured": (
        ticked(after=body(ticked=True, marker="<!-- deploytool:shop:moon -->")),
        "not a release's",
    ),
    "marker_further_down": (ticked(after="\n" + body(ticked=True)), "not a release's"),
    "the_job_is_for_another_environment": (ran(environment="staging"), "this job is for staging"),
    "no_box": (ticked(before="", after="<!-- deploytool:shop:production -->"), "no box was ticked"),
    "unticked": (ticked(before=body(ticked=True), after=body()), "no box was ticked"),
    "ticked_before_already": (ticked(before=body(ticked=True)), "no box was ticked"),
    "two_boxes": (ticked(after=body(ticked=True) + "\n" + body(9, 9, ticked=True)), "no box was ticked"),
    "text_not_edited": (ticked(before=""), "no box was ticked"),
    "the_ids_were_changed_with_the_tick": (ticked(after=body(40, 42, ticked=True)), "more than the tick"),
    "the_label_was_changed_with_the_tick": (
        ticked(after=body(ticked=True).replace("`r1`", "`r0`")),
        "more than the tick",
    ),
    "comment_by_another_author": (read(author="mallory", author_is_bot=False), "the comment is mallory's"),
    "comment_by_another_author_than_the_tokens": (read(own_login="release-robot"), "not ours"),
    "double_click": (read(body=body().replace("- [ ]", "requested by `mona`")), "already handled"),
    "unticked_meanwhile": (read(body=body()), "already handled"),
    "forged_after_the_event": (read(body=body(40, 42, ticked=True)), "already handled"),
    "marker_changed_after_the_event": (read(body=body(ticked=True, marker=STAGING)), "not that release's any more"),
}
REFUSED = {
    "edited_by_a_stranger": (read(permission="read"), "mona may not write to this repository (read permission)"),
    "edited_by_somebody_github_does_not_know": (read(permission=""), "(no permission)"),
    "triage_may_not": (read(permission="triage"), "may not write"),
    "a_fork_runs_the_workflow": (ran(repository="mallory/shop"), "the workflow runs in mallory/shop"),
    "pull_request_of_a_fork": (read(pull_repository="mallory/shop", merged=False), "from a fork and not merged"),
    "pull_request_of_a_fork_that_is_gone": (read(pull_repository="", merged=False), "from a fork and not merged"),
    "workflow_of_another_branch": (ran(ref="refs/pull/12/merge"), "not from the default branch main"),
    "code_of_the_pull_request_checked_out": (ran(checked_out="b" * 40), "check nothing else out"),
    "forged_deployment_id": (read(goal=None), "deployment 41 is not in this repository"),
    "forged_id_of_what_is_live": (read(current=None), "deployment 42 is not in this repository"),
    "id_of_another_repository": (goal(repository="mallory/shop"), "deployment 41 is of mallory/shop"),
    "id_of_another_environment": (goal(environment="staging"), "deployment 41 is of environment staging"),
    "id_of_another_environment_as_live": (current(environment="staging"), "deployment 42 is of environment staging"),
    "id_of_a_failed_release": (goal(states=("failure", "in_progress")), "deployment 41 never was live"),
    "id_of_a_release_that_goes_on": (goal(states=("in_progress",)), "deployment 41 never was live"),
    "id_of_somebody_elses_deployment": (goal(type="branch-deploy"), "not a release of shop by deploytool"),
    "id_of_another_app": (goal(app="blog"), "not a release of shop by deploytool"),
    "no_release_in_the_payload": (goal(release=""), "not a release of shop by deploytool"),
    "a_branch_instead_of_a_commit": (goal(ref="main"), "deployment 41 is of main, not of a commit"),
    "a_payload_of_another_commit": (goal(commit="3" * 40), "not of a commit"),
    "back_to_itself": (goal(release="r2"), "cannot go back to itself"),
    "comment_by_another_bot": (read(author="dependabot[bot]"), "the comment is dependabot[bot]'s"),
    "stale_current": (read(live=43), "release r2 is not what is live any more"),
    "nothing_live": (read(live=None), "release r2 is not what is live any more"),
}


@pytest.mark.parametrize(("facts", "reason"), IGNORED.values(), ids=IGNORED)
def test_nothing_happens_when_nobody_asked(facts: Facts, reason: str) -> None:
    decision = decide(facts)
    assert isinstance(decision, Ignore), decision
    assert reason in decision.reason


@pytest.mark.parametrize(("facts", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_rollback_is_refused_when_a_guard_says_no(facts: Facts, reason: str) -> None:
    decision = decide(facts)
    assert isinstance(decision, Deny), decision
    assert reason in decision.reason


def test_the_box_is_offered_again_only_when_somebody_else_may_tick_it() -> None:
    offered = {name for name, (facts, _) in REFUSED.items() if isinstance(said := decide(facts), Deny) and said.again}
    assert offered == {"edited_by_a_stranger", "edited_by_somebody_github_does_not_know", "triage_may_not"}


@pytest.mark.parametrize(
    "line",
    [
        "- [ ] Roll back <!-- deploytool:rollback:main:42 -->",
        "- [ ] Roll back <!-- deploytool:rollback:41 -->",
        "- [ ] Roll back <!-- deploytool:rollback:41:42:43 -->",
        "- [ ] Roll back <!-- deploytool:rollback:-1:42 -->",
        f"- [ ] Roll back <!-- deploytool:rollback:{'9' * 19}:42 -->",
        "> - [ ] Roll back <!-- deploytool:rollback:41:42 -->",
        "- [ ] Roll back <!-- deploytool:rollback:41:42 --> tail",
    ],
)
def test_a_line_is_no_box_when_it_is_not_one_of_ours(line: str) -> None:
    assert box_of(f"text\n{line}\n") is None


def test_a_box_is_read_back_as_it_was_written() -> None:
    assert box_of(f"text\n{RollbackCheckbox(41, 42).line('Back')}\nmore") == RollbackCheckbox(41, 42)


EVENT = {
    "action": "edited",
    "repository": {"full_name": "acme/shop"},
    "issue": {"number": 12, "pull_request": {"url": "https://api.github.com/repos/acme/shop/pulls/12"}},
    "sender": {"login": "mona", "type": "User"},
    "comment": {"id": 7, "body": body(ticked=True)},
    "changes": {"body": {"from": body()}},
}


def test_the_event_of_a_tick_is_read_as_github_sends_it() -> None:
    assert checkbox_event("issue_comment", EVENT) == TICK


@pytest.mark.parametrize(
    "event",
    [{}, {"comment": None, "issue": [], "sender": "mona", "changes": {"body": 7}}],
    ids=["empty", "other types"],
)
def test_an_event_that_says_nothing_has_no_facts(event: dict[str, object]) -> None:
    assert checkbox_event("issue_comment", event) == CheckboxEvent(
        "issue_comment", "", "", None, "", sender_is_bot=True, comment=0, before="", after=""
    )


def test_a_box_counts_only_in_a_comment_that_its_release_wrote() -> None:
    written = record("r2", github=GithubRecord(7, 12, 3, other_comments=(4,)))
    assert [was_written_by(written, comment) for comment in (3, 4, 5)] == [True, True, False]
    assert not was_written_by(record("r1"), 3)
