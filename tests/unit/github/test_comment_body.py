"""The pull request's comment and the job summary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.github.comment_body import COMMENT_LIMIT, CommentBody, Links, comment, length, refusal, summary
from deploytool.github.rollback_model import RollbackCheckbox, box_of
from deploytool.output.progress import ReleaseView, apply
from deploytool.release.events import Ended, Event, Planned, Recovered, RollbackTarget
from deploytool.release.model import Commit, DeployServices, Outcome, Result
from tests.support.sample_events import (
    CRASH,
    RELEASE,
    SHA,
    arn,
    at,
    bad_events,
    change,
    good_events,
    migration_only,
    moved,
    plan,
    released,
    rolled_back,
    told,
)

LINKS = Links(repository="https://github.com/a/b", run="https://github.com/a/b/actions/runs/7")


def ended(outcome: Outcome) -> ReleaseView:
    return apply(apply(ReleaseView(), Planned(outcome.plan), at(0)), Ended(outcome), at(66))


def test_a_good_release_says_what_serves_now() -> None:
    assert (
        comment(told(good_events()), LINKS)
        == f"""\
<!-- deploytool:shop:production -->
### ✅ Live in production

[`4f2a9c1`](https://github.com/a/b/commit/{SHA}) Add the cart \\(\\#\u200b12\\) · \
[run](https://github.com/a/b/actions/runs/7) · [open](https://shop.example)

4f2a9c1 is live in production.

| service | status | version before → now | tasks |
|---|---|---|---|
| `app` | ✅ live | `shop-app:41` → `shop-app:42` (`4f2a9c1 9c9c9c9c9c9c`) | 2/2 |
| `worker` | ✅ live | `shop-worker:17` → `shop-worker:18` (`4f2a9c1 9c9c9c9c9c9c`) | 1/1 |

build ✓ 31 s · migrate ✓ 6.4 s · deploy ✓ 42 s · verify ✓ 0.4 s
"""
    )


def test_a_failure_says_why_and_what_to_do_and_shows_the_log_folded() -> None:
    text = comment(told(bad_events()), LINKS)
    assert "### ↩️ Failed in production and was rolled back" in text
    assert "| `worker` | ↩️ rolled back | `shop-worker:17` → `shop-worker:17` (`1b1b1b1b1b1b`) | – |" in text
    assert "**Fix**: read its last lines below" in text
    assert "> AWS says: Essential container in task exited" in text
    assert "<details><summary>Last 2 lines of its log</summary>\n\n```text\nbooting worker\n" in text


def test_a_failure_does_not_link_to_the_site_as_if_it_were_the_new_version() -> None:
    assert "[open]" not in comment(told(bad_events()), LINKS)


def test_a_release_on_its_way_shows_the_step_and_each_service() -> None:
    text = comment(told(good_events()[:9]), LINKS)
    assert "### 🚀 Releasing to production" in text
    assert "Now: deploy." in text
    assert "| `app` | 1 of 2 running; 1 pending | `shop-app:41` → … | 1/2 |" in text
    assert "| `worker` | not begun | `shop-worker:17` → … | –/1 |" in text
    assert "**deploy …**" in text


@pytest.mark.parametrize("result", sorted(set(Result) - {Result.RELEASED, Result.MIGRATED, Result.NOTHING_TO_DO}))
def test_no_outcome_but_a_good_one_looks_good(result: Result) -> None:
    text = comment(ended(replace(rolled_back(), result=result)), LINKS)
    assert "✅" not in text
    assert "Live in" not in text


def test_a_migration_alone_does_not_claim_that_a_version_is_live() -> None:
    links = replace(LINKS, rollback_page="https://github.com/a/b/actions/workflows/rollback.yml")
    plan = migration_only()
    assert "### 🚀 Migrating in production" in comment(told(((0.0, Planned(plan)),)), links)
    text = comment(ended(replace(released(), plan=plan, result=Result.MIGRATED, services=())), links)
    assert "### ✅ Migrated in production" in text
    assert "Live in" not in text
    assert "[open]" not in text
    assert "Roll back" not in text


def test_services_never_reached_are_listed_as_not_changed() -> None:
    outcome = replace(released(), result=Result.MIGRATION_FAILED, services=())
    assert "| `app` | ➖ not changed | `shop-app:41` → `shop-app:41` (`1b1b1b1b1b1b`) | – |" in comment(
        ended(outcome), LINKS
    )


def test_a_service_that_is_not_back_is_called_so() -> None:
    stuck = replace(
        rolled_back().services[1],
        running=arn("shop-worker", 18),
        status=DeploymentStatus(DeploymentState.FAILED),
        revert=DeploymentStatus(DeploymentState.TIMED_OUT),
    )
    outcome = replace(rolled_back(), result=Result.ROLLBACK_INCOMPLETE, services=(stuck,))
    text = comment(ended(outcome), LINKS)
    assert "### 🚨 Failed in production: ROLLBACK INCOMPLETE" in text
    assert "| `worker` | ❌ NOT back: timed out | `shop-worker:17` → `shop-worker:18`" in text


def test_the_way_back_is_shown_only_where_it_exists() -> None:
    succeeded = apply(told(good_events()), RollbackTarget("r1", Commit("1" * 40)), at(99))
    assert "Roll back" not in comment(succeeded, LINKS)
    page = "https://github.com/a/b/actions/workflows/rollback.yml"
    links = replace(LINKS, rollback_page=page, rollback_workflow="rollback.yml", deployments=(41, 42))
    assert "**Roll back**: [start the rollback workflow](" in comment(succeeded, links)
    assert "\ngh workflow run rollback.yml -f environment=production -f deployment-id=41\n" in comment(succeeded, links)
    assert "deploytool rollback" not in comment(succeeded, links)
    assert "Roll back" not in comment(told(bad_events()), links)


def test_no_way_back_is_offered_that_would_be_refused() -> None:
    """The first release has nothing before it; one that did nothing is not what made the version live."""
    links = replace(LINKS, rollback_command="deploytool rollback", deployments=(41, 42))
    assert "Roll back" not in comment(told(good_events()), links)
    nothing = apply(
        ended(replace(released(), result=Result.NOTHING_TO_DO)), RollbackTarget("r1", Commit("1" * 40)), at(99)
    )
    assert "Roll back" not in summary(nothing, links)


def test_the_summary_is_the_comment_without_its_marker() -> None:
    story = told(bad_events())
    assert comment(story, LINKS).split("\n", 1)[1] == summary(story, LINKS)
    assert summary(ReleaseView(), LINKS) == ""


def test_a_comment_without_a_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="without a plan"):
        comment(ReleaseView(), LINKS)


HOSTILE = (
    "</details><!-- @octocat ``` `x` **b** [a](http://e) ![i](http://e) | a | <img src=x onerror=alert(1)> &lt; #1",
    "-->",
    "````",
    "::error::x",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_changes_nothing_but_the_text(text: str) -> None:
    of = plan(subject=text, environment=text, warnings=(text,))
    diagnosis = replace(CRASH, cause=text, fix=text, quote=f"said: {text}", subject=text, log=(text,) * 3)
    outcome = replace(rolled_back(diagnosis, of), summary=text)
    hostile, tame = (
        [t.type for t in MarkdownIt("commonmark").enable("table").parse(comment(ended(each), LINKS))]
        for each in (outcome, replace(rolled_back(of=plan(warnings=("x",))), summary="x"))
    )
    assert hostile == tame


@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀", "`", "&"])
def test_a_comment_is_below_githubs_limit_when_the_logs_are_long(letter: str) -> None:
    diagnosis = replace(CRASH, log=tuple(letter * 1990 for _ in range(60)))
    text = comment(ended(replace(rolled_back(), diagnoses=(diagnosis, replace(diagnosis, cause="other")))), LINKS)
    assert length(text) < COMMENT_LIMIT
    assert "_Shortened to fit GitHub's limit" in text
    assert "exited with code 1" in text
    assert "other" in text
    assert "Last 5 lines of its log" in text or "Last 10 lines of its log" in text


def test_only_the_last_fifty_lines_are_shown() -> None:
    text = comment(ended(rolled_back(replace(CRASH, log=tuple(f"n{i}" for i in range(80))))), LINKS)
    assert "Last 50 lines of its log" in text
    assert "\nn29\n" not in text
    assert "\nn30\n" in text


def test_a_comment_is_below_githubs_limit_when_there_are_a_thousand_services() -> None:
    story = ended(rolled_back())
    keys = [f"service-{number}" for number in range(1000)]
    many = replace(plan(), steps=(DeployServices(tuple(change(key, 1) for key in keys), 60.0),))
    outcome = replace(story.outcome or rolled_back(), plan=many, services=())
    text = comment(apply(story, Ended(outcome), at(70)), LINKS)
    assert length(text) < COMMENT_LIMIT
    assert text.endswith("is in [the log of the run](https://github.com/a/b/actions/runs/7)._\n")


def test_length_counts_what_lies_beyond_the_basic_plane_twice() -> None:
    assert [length(text) for text in ("ab", "é漢", "😀")] == [2, 2, 2]


def test_news_of_a_service_on_its_way_back_says_so() -> None:
    story = apply(told(bad_events()[:6]), replace(moved("worker", 1, 1), reverting=True), at(60))
    assert "| going back: 1 of 1 running |" in comment(story, LINKS)


def body_of(*events: Event) -> CommentBody:
    body = CommentBody("shop", "production", LINKS, lambda: at(99))
    for event in events:
        body.add(event)
    return body


def test_the_body_follows_the_events_of_its_release() -> None:
    body = body_of(*(event for _, event in good_events()))
    assert body.text() == comment(told(good_events()), LINKS)
    assert body.summary() == summary(told(good_events()), LINKS)
    assert body.text().startswith(body.marker())
    body.add(RollbackTarget("r1", Commit("1" * 40)))
    assert "rollback-box" not in body.text()


def test_the_body_offers_the_rollback_between_the_deployments_it_was_given() -> None:
    body = CommentBody("shop", "production", replace(LINKS, checkbox=True), lambda: at(99))
    for event in (*(event for _, event in good_events()), RollbackTarget("r1", Commit("1" * 40))):
        body.add(event)
    body.offer(41, 42)
    assert box_of(body.text()) == RollbackCheckbox(41, 42)


def test_earlier_comments_name_the_release_that_changed_them() -> None:
    live = comment(told(good_events()), LINKS)
    body = body_of(Planned(plan()))
    release = f"release `{RELEASE}`, "
    commit = f"[`4f2a9c1`](https://github.com/a/b/commit/{SHA}) · [run](https://github.com/a/b/actions/runs/7)"
    assert f"### ↩️ Rolled back in production\n\nBy {release}to {commit}" in body.taken_back(live)
    until = "### ⏹️ Was live in production until 2026-11-23 12:04 UTC"
    assert f"{until}\n\nReplaced by {release}{commit}" in body.replaced(live)
    assert body.replaced(comment(told(bad_events()), LINKS)) == comment(told(bad_events()), LINKS)
    unlinked = CommentBody("shop", "production", Links(), lambda: at(99))
    unlinked.add(Planned(plan()))
    assert "\n\nReplaced by release `" in unlinked.replaced(live)


def test_earlier_comments_stay_as_they_are_before_the_plan_is_known() -> None:
    live = comment(told(good_events()), LINKS)
    assert body_of().taken_back(live) == body_of().replaced(live) == live
    assert body_of().summary() == ""


@pytest.mark.parametrize(("succeeded", "heading"), [(True, "### ✅ Live in"), (False, "### 🛑 Killed in")])
def test_the_comment_of_a_killed_release_says_how_it_ended(succeeded: bool, heading: str) -> None:
    going_on = comment(told(good_events()[:10]), LINKS)
    recovered = Recovered(plan().request, succeeded, "It was killed; every service was rolled back.")
    body = body_of(Planned(plan())).settled(recovered, going_on)
    assert f"\n{heading} production\n" in body
    assert "every service was rolled back" in body
    assert "| service |" not in body
    assert body_of().settled(recovered, body) == body


def test_a_release_that_starts_shows_where_each_service_comes_from() -> None:
    shown = comment(apply(ReleaseView(), Planned(plan()), at(0)), LINKS)
    assert "Starting." in shown
    assert "| `app` | not begun | `shop-app:41` → … | –/2 |" in shown


def test_a_reason_without_a_fix_or_a_log_is_its_cause() -> None:
    bare = replace(CRASH, fix="", quote="", log=())
    shown = comment(told(bad_events(diagnosis=bare)), LINKS)
    why = shown.partition("#### Why\n\n")[2]
    assert why == "`worker`: container worker exited with code 1 right after its start\n"


def test_one_line_of_a_log_is_called_its_last() -> None:
    shown = comment(told(bad_events(diagnosis=replace(CRASH, log=("boom",)))), LINKS)
    assert "<summary>Last line of its log</summary>" in shown


def test_a_commit_is_not_linked_when_the_repository_is_unknown() -> None:
    assert "\n`4f2a9c1` Add the cart" in comment(told(good_events()), Links())


def test_a_refused_release_says_why_and_what_to_do_in_the_summary() -> None:
    assert refusal("shop", "production", "the lock is held", "wait") == (
        "### ⛔ Not released to production\n\nshop: the lock is held\n\n**Fix:** wait\n"
    )
    assert refusal("shop", "production", "the lock is held", "").endswith("shop: the lock is held\n")
