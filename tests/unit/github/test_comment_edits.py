"""Which release a comment offers to go back to, and what it says once somebody did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.github.comment_body import Links, comment
from deploytool.github.comment_edits import answered, checkbox_block_of, done, refused, requested
from deploytool.github.comment_edits import mark_rolled_back as rewritten
from deploytool.github.rollback_model import RollbackCheckbox, box_of
from deploytool.ledger.record import Record
from deploytool.ledger.rollback_target import replaced_release, rollback_target, rolled_back_release
from deploytool.output.progress import apply
from deploytool.release.events import ReplacedRelease, RollbackTarget, RolledBackRelease
from deploytool.release.model import Commit, GithubRecord
from tests.support.sample_events import at, bad_events, good_events, told
from tests.unit.ledger.rollback_cases import BACK_TO_2, FAILED, R1, THREE, newest_first

GOAL = RollbackTarget("r1", Commit("1" * 40))
LINKS = Links(rollback_command="deploytool rollback", checkbox=True, deployments=(41, 42))
LIVE = comment(apply(told(good_events()), GOAL, at(99)), LINKS)
RUN = "https://github.com/a/b/actions/runs/9"


def offered(*newest: Record, restores: str = "") -> str:
    found = rollback_target(newest, restores)
    return found.release_id if found else ""


def test_a_release_offers_what_was_live_before_it() -> None:
    assert offered(*THREE) == "r3"
    assert offered(FAILED, *THREE) == "r3"
    assert offered(BACK_TO_2, *THREE) == "r2"


def test_a_rollback_offers_what_was_live_before_the_release_it_brings_back() -> None:
    assert offered(*THREE, restores="r2") == "r1"
    assert offered(*THREE, restores="r1") == ""


def test_nothing_is_offered_when_the_ledger_knows_nothing() -> None:
    assert offered() == ""
    assert offered(*THREE, restores="r9") == ""


def test_a_rollback_takes_back_the_release_whose_version_is_live() -> None:
    assert [found.request.release_id for found in map(rolled_back_release, (THREE, newest_first(R1))) if found] == [
        "r3",
        "r1",
    ]
    again = rolled_back_release((BACK_TO_2, *THREE))
    assert isinstance(again, RolledBackRelease)
    assert (again.request.release_id, again.request.commit.sha) == ("r2", "2" * 40)


def test_nothing_is_taken_back_when_the_ledger_no_longer_holds_it() -> None:
    assert rolled_back_release(()) is None
    assert rolled_back_release((BACK_TO_2,)) is None


def test_a_release_takes_over_from_what_made_the_live_version_live() -> None:
    brought_back = replace(BACK_TO_2, github=GithubRecord(9, 3, 31, "https://github.test/c/31", (32,)))
    assert replaced_release((FAILED, brought_back, *THREE)) == ReplacedRelease("r4", (31, 32))


@pytest.mark.parametrize("records", [(), THREE, (FAILED,)], ids=["no release", "no comment", "none was live"])
def test_nothing_is_taken_over_when_no_comment_says_that_it_is_live(records: tuple[Record, ...]) -> None:
    assert replaced_release(records) is None


def test_a_live_release_has_a_box_that_carries_ids_and_nothing_else() -> None:
    (line,) = [line for line in LIVE.splitlines() if line.startswith("- [")]
    assert line == "- [ ] Roll back to `1111111` (release `r1`) <!-- deploytool:rollback:41:42 -->"
    assert box_of(LIVE) == RollbackCheckbox(41, 42)


def test_there_is_no_box_when_it_is_not_wanted_or_leads_nowhere() -> None:
    story = apply(told(good_events()), GOAL, at(99))
    assert box_of(comment(story, Links(checkbox=False, deployments=(41, 42)))) is None
    assert box_of(comment(story, Links(checkbox=True))) is None
    assert box_of(comment(told(good_events()), LINKS)) is None
    assert box_of(comment(apply(told(bad_events()), GOAL, at(99)), LINKS)) is None


def test_the_answer_takes_the_place_of_the_box() -> None:
    text = answered(LIVE.replace("- [ ]", "- [x]").replace("\n", "\r\n"), requested("mona", RUN))
    assert box_of(text) is None
    assert f"⏳ **Rollback requested** by `mona` – [run]({RUN})" in text
    assert "deploytool rollback" not in text
    assert "### ✅ Live in production" in text


def test_the_last_answer_replaces_the_first_and_offers_again_when_it_failed() -> None:
    ticked = LIVE.replace("- [ ]", "- [x]")
    first = answered(ticked, requested("mona", RUN))
    last = answered(first, done("mona", "put back", RUN, succeeded=False), checkbox_block_of(ticked))
    assert "requested**" not in last
    assert "❌ **The rollback failed**, requested by `mona`" in last
    assert box_of(last) == RollbackCheckbox(41, 42)
    assert checkbox_block_of(last) == checkbox_block_of(LIVE)


def test_a_comment_without_a_way_back_is_answered_at_its_end() -> None:
    text = answered("<!-- m -->\n### ✅ Live", refused("mona", "no", ""))
    assert text.startswith("<!-- m -->\n### ✅ Live\n\n<!-- deploytool:way-back -->\n⛔ **Rollback refused**")
    assert checkbox_block_of("### ✅ Live") == checkbox_block_of(text) == ""


def test_a_release_that_was_taken_back_no_longer_claims_to_be_live() -> None:
    text = rewritten(LIVE, "production", "release `r2`, to `1111111`")
    assert "Live in" not in text
    assert (
        "### ↩️ Rolled back in production\n\nBy release `r2`, to `1111111`\n\nWhat follows is how it ended then:\n"
        in text
    )
    assert box_of(text) is None
    assert "deploytool rollback" not in text


def test_an_answer_stays_when_the_release_is_taken_back() -> None:
    text = rewritten(answered(LIVE, requested("mona", RUN)), "production", "release `r2`")
    assert "Live in" not in text
    assert "**Rollback requested** by `mona`" in text


def test_an_answer_cannot_be_made_to_format_or_to_hold_a_box() -> None:
    reason = "**x** <!-- deploytool:rollback:1:2 -->\n- [x] y <!-- deploytool:rollback:1:2 -->"
    text = answered(LIVE, refused("`a`", reason, ""))
    assert box_of(text) is None
    assert "<!-- deploytool:rollback" not in text
