"""A story is the same picture for everybody who watches."""

from __future__ import annotations

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.output.progress import OUTPUT_KEPT, ReleaseView, apply
from deploytool.release.events import Ended, Explained, OutputLine, Planned, StepBegan, StepEnded, WarningIssued
from deploytool.release.model import StepName
from tests.support.sample_events import CRASH, at, bad_events, good_events, moved, plan, released, told


def test_every_service_of_the_plan_is_listed_when_the_plan_is_known() -> None:
    story = apply(ReleaseView(), Planned(plan()), at(0))
    assert [(row.key, row.desired, row.moved) for row in story.services] == [("app", 2, False), ("worker", 1, False)]


def test_a_step_goes_on_until_it_ended() -> None:
    story = told(good_events()[:2])
    assert story.current is not None
    assert (story.current.step, story.current.elapsed(at(5.1))) == ("build", 5.0)
    story = apply(story, StepEnded(StepName.BUILD, True, 31.2), at(31.3))
    assert story.current is None
    assert [(phase.step, phase.succeeded, phase.elapsed(at(99))) for phase in story.phases] == [("build", True, 31.2)]


def test_each_ending_closes_its_own_step_when_a_step_happens_twice() -> None:
    story = ReleaseView()
    for event in (
        StepBegan(StepName.DEPLOY, "app"),
        StepEnded(StepName.DEPLOY, True, 10.0),
        StepBegan(StepName.DEPLOY, "worker"),
        StepEnded(StepName.DEPLOY, False, 20.0, "crashed"),
    ):
        story = apply(story, event, at(0))
    assert [(p.detail, p.succeeded, p.seconds) for p in story.phases] == [("app", True, 10.0), ("crashed", False, 20.0)]


def test_a_step_that_was_never_seen_to_begin_is_shown_when_it_ends() -> None:
    story = apply(ReleaseView(), StepEnded(StepName.VERIFY, False, 3.0, "answered 500"), at(3))
    assert [(p.step, p.succeeded, p.detail) for p in story.phases] == [("verify", False, "answered 500")]


def test_only_the_last_lines_are_kept_when_a_step_says_much() -> None:
    story = apply(ReleaseView(), StepBegan(StepName.BUILD), at(0))
    for number in range(OUTPUT_KEPT + 7):
        story = apply(story, OutputLine(StepName.BUILD, f"line {number}"), at(1))
    assert len(story.output) == OUTPUT_KEPT
    assert story.output[-1] == f"line {OUTPUT_KEPT + 6}"


def test_output_is_that_of_the_current_step_when_the_next_step_begins() -> None:
    story = told(good_events()[:5])
    assert story.output == ()


def test_output_cannot_move_the_cursor_when_it_holds_escape_sequences() -> None:
    story = apply(ReleaseView(), OutputLine(StepName.BUILD, "\x1b[2J\x1b[31mred\x1b[0m\r\nnext\x07 \u202eabc"), at(0))
    assert story.output == ("red", "next abc")


def test_a_service_shows_its_last_news() -> None:
    story = told(good_events()[:9])
    story = apply(story, moved("app", 2, 2, DeploymentState.SUCCEEDED), at(50))
    assert [(r.key, r.running, r.status.state, r.moved) for r in story.services] == [
        ("app", 2, DeploymentState.SUCCEEDED, True),
        ("worker", 0, DeploymentState.IN_PROGRESS, False),
    ]


def test_a_service_nobody_planned_is_added_when_it_moves() -> None:
    story = apply(ReleaseView(), moved("cron", 0, 1), at(0))
    assert [row.key for row in story.services] == ["cron"]


def test_a_reason_is_told_once_when_it_is_found_twice() -> None:
    story = apply(apply(ReleaseView(), Explained(CRASH), at(1)), Explained(CRASH), at(2))
    assert story.diagnoses == (CRASH,)


def test_a_warning_is_told_once_when_the_plan_and_the_run_give_it() -> None:
    story = apply(ReleaseView(), Planned(plan(warnings=("no circuit breaker on worker",))), at(0))
    story = apply(apply(story, WarningIssued("no circuit breaker on worker"), at(1)), WarningIssued("slow"), at(2))
    assert story.warnings == ("no circuit breaker on worker", "slow")


def test_reasons_heard_on_the_way_stay_when_the_outcome_brings_none() -> None:
    story = apply(apply(ReleaseView(), Explained(CRASH), at(1)), Ended(released()), at(2))
    assert story.diagnoses == (CRASH,)
    assert story.outcome is not None


def test_the_plan_is_known_from_the_outcome_when_nobody_told_it() -> None:
    story = apply(ReleaseView(), Ended(released()), at(0))
    assert story.plan == plan()


def test_the_whole_story_of_a_failed_release() -> None:
    story = told(bad_events())
    assert [(p.step, p.succeeded) for p in story.phases] == [("build", True), ("deploy", False), ("roll back", True)]
    assert story.diagnoses == (CRASH,)
    assert story.began == at(0)
