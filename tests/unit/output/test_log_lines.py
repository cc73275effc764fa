"""What the log of a release reads like where no terminal watches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.output.log import WORDING, LogView, lines, subject, workflow_commands
from deploytool.output.markup import container_prefix, duration, progress_text
from deploytool.output.outcome import outcome_text
from deploytool.release.events import (
    Ended,
    Event,
    Explained,
    OutputLine,
    Planned,
    Recovered,
    RollbackTarget,
    StepBegan,
    WarningIssued,
)
from deploytool.release.model import Commit, StepName
from tests.support.sample_events import (
    CRASH,
    RELEASE,
    SHA,
    at,
    bad_events,
    change,
    good_events,
    migration_only,
    moved,
    plan,
    released,
)


def log(events: tuple[tuple[float, Event], ...], actions: bool = False) -> list[str]:
    written: list[str] = []
    clock = {"now": at(0)}
    progress = LogView(written.append, lambda: clock["now"], WORDING, actions)
    for seconds, event in events:
        clock["now"] = at(seconds)
        progress.on_event(event)
    return "".join(written).splitlines()


def test_a_good_release_reads_like_this() -> None:
    assert log(good_events()) == [
        f"12:03:07  releasing 4f2a9c1 to production (cluster shop, us-east-1): 2 services, release {RELEASE}",
        "12:03:07  build: app, migrate",
        "12:03:16  build | #7 naming to shop:4f2a9c1",
        "12:03:38  build done in 31 s",
        "12:03:38  migrate",
        "12:03:40  migrate | applied 0003_cart.sql",
        "12:03:44  migrate done in 6.4 s: exit code 0",
        "12:03:44  deploy: app, worker",
        "12:03:47  app: 1 of 2 running; 1 pending",
        "12:03:47  worker: 1 of 1 running; waits for the old task to stop",
        "12:04:26  app: live",
        "12:04:26  worker: live",
        "12:04:26  deploy done in 42 s",
        "12:04:27  verify: https://shop.example/api/health",
        "12:04:27  verify done in 0.4 s",
        "12:04:28  ended: released",
    ]


def test_a_migration_alone_says_that_no_service_is_touched() -> None:
    where = "production (cluster shop, us-east-1)"
    said = f"running the migration of 4f2a9c1 in {where}: no service is touched, release {RELEASE}"
    assert lines(Planned(migration_only())) == (said,)


def test_a_failure_says_cause_aws_words_and_fix_as_soon_as_they_are_known() -> None:
    told = [line[10:] for line in log(bad_events())]
    found = told.index("worker: container worker exited with code 1 right after its start")
    assert told[found + 1 : found + 3] == [
        "  AWS says: Essential container in task exited",
        "  fix: read its last lines below, correct the start command or what it needs",
    ]
    assert "deploy FAILED in 20 s" in told


def test_the_same_news_is_told_once_when_it_comes_again() -> None:
    events = tuple((second, moved("app", 1, 2)) for second in range(5))
    assert len(log(events)) == 1


def test_news_of_two_services_do_not_hide_each_other() -> None:
    same = (moved("app", 1, 2), moved("worker", 1, 2), moved("app", 1, 2), moved("app", 2, 2), moved("app", 1, 2))
    assert [line[10:] for line in log(tuple(enumerate(same)))] == [
        "app: 1 of 2 running",
        "worker: 1 of 2 running",
        "app: 2 of 2 running",
        "app: 1 of 2 running",
    ]


def test_nothing_to_do_is_left_to_the_outcome_to_say() -> None:
    assert lines(Planned(plan(nothing=True))) == ()


def test_what_a_release_came_to_is_not_said_twice() -> None:
    (_, ended) = good_events()[-1]
    assert isinstance(ended, Ended)
    assert lines(ended) == ("ended: released",)
    assert ended.outcome.summary in outcome_text(ended.outcome)


@pytest.mark.parametrize(
    ("subject", "cause", "said"),
    [
        ("container worker", "the image of container worker has no program jobs", ""),
        ("app", "app went away", ""),
        ("app", "https://app.example returned status 500 instead of 200", "app"),
    ],
)
def test_who_is_to_blame_is_not_said_twice(subject: str, cause: str, said: str) -> None:
    assert container_prefix(Diagnosis("x", cause, "mend it", subject=subject)) == said


def test_counts_of_the_version_that_goes_are_not_put_beside_those_of_the_one_that_comes_back() -> None:
    told = "the deployment failed; ECS is rolling back to shop-worker:5: 1 of 1 running"
    assert progress_text(DeploymentStatus(DeploymentState.ROLLING_BACK, told), 0, 2) == told


def test_folds_and_annotations_are_for_github_actions_only() -> None:
    plain = log(bad_events())
    actions = log(bad_events(), actions=True)
    assert not [line for line in plain if line.startswith("::")]
    assert [line for line in actions if line.startswith("::")] == [
        "::group::build: output",
        "::endgroup::",
        f"::error title=production%3A rolled back::{CRASH.cause}%0A{CRASH.fix}",
    ]


def test_the_end_of_a_step_is_outside_its_fold() -> None:
    actions = log(good_events(), actions=True)
    assert actions[actions.index("::endgroup::") + 1].endswith("build done in 31 s")


def test_an_annotation_stays_one_line_when_the_warning_has_several() -> None:
    told = log(((0, WarningIssued("first\nsecond: 100%, sure")),), actions=True)
    assert told[-1] == "::warning::first%0Asecond: 100%25, sure"


COMMANDS = st.sampled_from(["::", "##[", "::error::x", "::stop-commands::t", "##[add-mask]x", *"\r\n\u200b "])
HOSTILE = st.lists(st.one_of(COMMANDS, st.text(max_size=8)), max_size=8).map("".join)


@given(HOSTILE)
def test_somebody_elses_line_never_is_a_workflow_command(text: str) -> None:
    events: tuple[Event, ...] = (
        OutputLine(StepName.BUILD, text),
        OutputLine(StepName.MIGRATE, text),
        StepBegan(StepName.VERIFY, text),
        moved("app", 1, 2, DeploymentState.ROLLED_BACK, text),
        Explained(Diagnosis("exit-1", text, text, quote=text, subject="app")),
        WarningIssued(text),
    )
    for line in log(tuple((0, event) for event in events), actions=True):
        ours = line.startswith("::warning::")
        assert ours or line.startswith("12:03:07  ")
        assert ours or "##[" not in line


def test_durations_read_as_a_person_says_them() -> None:
    assert [duration(s) for s in (-1, 0.04, 9.94, 9.96, 59.6, 61, 3599.4, 7380)] == [
        "0.0 s",
        "0.0 s",
        "9.9 s",
        "10 s",
        "1 min",
        "1 min 01 s",
        "59 min 59 s",
        "2 h 03 min",
    ]


def test_task_counts_are_told_once() -> None:
    waiting = DeploymentStatus(
        DeploymentState.IN_PROGRESS, "waiting for 1 of 2 running, 1 pending; 2 old tasks still serving"
    )
    assert progress_text(waiting, 1, 2) == "1 of 2 running, 1 pending; 2 old tasks still serving"
    assert progress_text(DeploymentStatus(DeploymentState.IN_PROGRESS), 1, 2) == "1 of 2 running"
    assert (
        progress_text(DeploymentStatus(DeploymentState.PAUSED, "paused at hook approve"), 1, 2)
        == "1 of 2 running; paused at hook approve"
    )
    assert (
        progress_text(DeploymentStatus(DeploymentState.SUCCEEDED, "shop-app:42 is live"), 2, 2) == "shop-app:42 is live"
    )
    assert progress_text(DeploymentStatus(DeploymentState.SUCCEEDED), 2, 2, reverting=True) == "back: live"


def test_the_log_keeps_silent_about_what_only_the_comment_shows() -> None:
    target = RollbackTarget("r-0", Commit(SHA))
    assert log(((0.0, target), (1.0, Recovered(plan().request, True, "r-0 was killed; it is live")))) == [
        "12:03:08  recovered: r-0 was killed; it is live"
    ]
    assert workflow_commands(target) == ()


def test_a_release_that_moves_no_service_says_so() -> None:
    running = replace(plan(), steps=(), already_running=(change("app", 41),))
    assert "every service runs it already, none moves" in lines(Planned(replace(running, steps=plan().steps[:1])))[0]


def test_only_news_of_a_service_is_about_one() -> None:
    assert (subject(moved("app", 1, 2)), subject(Ended(released()))) == ("app", None)
