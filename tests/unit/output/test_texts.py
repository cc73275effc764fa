"""Plan and outcome as text and as JSON, and the live picture."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from rich.spinner import Spinner

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.ledger.record import Kind
from deploytool.output.history import ledger_text, status_document, status_services, status_text
from deploytool.output.json import outcome_document, plan_document, text
from deploytool.output.markup import image_version
from deploytool.output.outcome import outcome_text
from deploytool.output.plan import plan_text
from deploytool.output.progress import ASCII, UNICODE, LiveView, ReleaseView, apply, render
from deploytool.release.events import Explained, IncludedCommits, OutputLine, StepBegan, StepEnded, WarningIssued
from deploytool.release.model import Commit, DeployServices, Problem, Result, Steady, StepName, Verify
from tests.support.sample_events import (
    CRASH,
    SHA,
    arn,
    at,
    back,
    bad_events,
    change,
    good_events,
    plan,
    released,
    rolled_back,
    told,
)
from tests.unit.release import plan_cases as cases

VERIFY_LINES = [
    pytest.param({}, "app: https://shop/health answers 200 within 1 min", id="an address"),
    pytest.param({"url": "", "bake": 90.0}, "app: 1 min 30 s without a stopped task", id="a bake without alarms"),
    pytest.param(
        {"bake": 60.0, "alarms": ("errors",)},
        "app: https://shop/health answers 200 within 1 min; then 1 min without a stopped task and no alarm (errors)",
        id="an address and a bake with alarms",
    ),
    pytest.param({"url": "", "command": ("npm", "test")}, "app: npm test passes", id="a check of the user's own"),
    pytest.param(
        {"command": ("npm", "test")},
        "app: https://shop/health answers 200 within 1 min; then npm test passes",
        id="an address and a check of the user's own",
    ),
    pytest.param({"url": ""}, "app: nothing is checked", id="a bake that takes no time"),
]


@pytest.mark.parametrize(("verify", "line"), VERIFY_LINES)
def test_a_plan_says_of_a_check_only_what_it_checks(verify: dict[str, Any], line: str) -> None:
    step = Verify("app", "https://shop/health", 200, None, None, 60.0, 1.0)

    lines = plan_text(replace(plan(), steps=(replace(step, **verify),))).splitlines()

    assert f"  {line}" in lines


def test_a_plan_says_how_long_new_tasks_must_run() -> None:
    worker = replace(change("worker", 7), steady=15.0)
    steps = (DeployServices((worker,), 60.0), Steady((worker,), 60.0))

    planned = replace(plan(), steps=steps)

    assert "Verify\n  worker: each new task runs for 15 s\n" in plan_text(planned)
    assert [service["steady_seconds"] for service in plan_document(planned)["services"]] == [15.0]


def test_a_plan_reads_like_this() -> None:
    assert (
        plan_text(plan(warnings=("service worker has no circuit breaker",)))
        == f"""\
shop 4f2a9c1 to production: Add the cart (#12)
  cluster shop, us-east-1

Images
  app      build  123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:4f2a9c1d8e7b
  migrate  build  123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:4f2a9c1d8e7b-migrate

Migrate
  yes: task shop-migrate, container app, image migrate, runs npm run migrate, at most 15 min; \
no service moves unless it ends with exit code 0

Services
  app: shop-app, 2 tasks
    container app: image shop@sha256:1b1b1b1b1b1b becomes shop:4f2a9c1
  worker: shop-worker, 1 task
    container worker: image shop@sha256:1b1b1b1b1b1b becomes shop:4f2a9c1

Verify
  app: https://shop.example/api/health answers 200 and version {SHA} within 1 min

If anything fails
  app goes back to shop-app:41
  worker goes back to shop-worker:17

warning: service worker has no circuit breaker
"""
    )


def test_a_plan_says_reuse_when_the_image_is_pushed_already() -> None:
    assert "  app      reuse  " in plan_text(plan(built=True))
    assert "9c9c9c9c9c9c, already pushed" in plan_text(plan(built=True))


def test_a_plan_says_so_when_there_is_nothing_to_do() -> None:
    assert "Nothing to do: 4f2a9c1 already runs in every service." in plan_text(plan(nothing=True))


def test_a_plan_says_so_when_every_service_runs_the_commit_and_it_was_not_released() -> None:
    running = replace(plan(nothing=True), already_running=(change("app", 41),))
    assert "app: shop-app runs 4f2a9c1 already\n" in plan_text(running)
    assert "none moves; the ledger does not name 4f2a9c1 as live in production yet" in plan_text(running)
    assert "If anything fails" not in plan_text(running)
    assert [(each["name"], each["action"]) for each in plan_document(running)["services"]] == [("app", "unchanged")]
    assert not plan_document(running)["nothing_to_do"]


@pytest.mark.parametrize(("result", "status"), [(Result.RELEASED, "live"), (Result.ROLLED_BACK, "not changed")])
def test_an_outcome_shows_the_services_that_ran_the_commit_already(result: Result, status: str) -> None:
    running = replace(plan(nothing=True), already_running=(change("app", 41),))
    told = outcome_text(replace(released(), plan=running, services=(), result=result))
    row = next(line for line in told.splitlines() if line.startswith("  app"))
    assert row.split()[:-1] == ["app", *status.split(), "shop-app:41", "4f2a9c1"]


def test_an_outcome_reads_like_this() -> None:
    assert (
        outcome_text(rolled_back())
        == """\
✗ The release failed: worker crashed; every service is back on the version before.

  service  status       serves now      version
  app      rolled back  shop-app:41     1b1b1b1b1b1b
  worker   rolled back  shop-worker:17  1b1b1b1b1b1b

Why: worker: container worker exited with code 1 right after its start
Fix: read its last lines below, correct the start command or what it needs
AWS says: Essential container in task exited
Last lines of its log:
  | booting worker
  | Error: Cannot find module '/app/worker.js'

Took 1 min 06 s: build 31 s, deploy 20 s, roll back 12 s
"""
    )


def test_an_outcome_shows_the_last_fifty_lines_of_a_log() -> None:
    told_text = outcome_text(rolled_back(replace(CRASH, log=tuple(f"n{i}" for i in range(80)))))
    assert "| n29\n" not in told_text
    assert "| n30\n" in told_text


def test_the_version_before_is_not_guessed_when_something_else_serves() -> None:
    lost = replace(released().services[0], running="arn:aws:ecs:us-east-1:1:task-definition/shop-app:99")
    row = next(line for line in outcome_text(replace(released(), services=(lost,))).splitlines() if "app:99" in line)
    assert row.split() == ["app", "succeeded", "shop-app:41", "shop-app:99"]


def test_documents_survive_being_written_and_read() -> None:
    for document in (plan_document(plan()), outcome_document(rolled_back())):
        assert json.loads(text(document)) == document


def test_documents_name_their_schema_and_kind() -> None:
    document = plan_document(plan(nothing=True))
    assert (document["schema"], document["kind"], document["nothing_to_do"]) == (1, "plan", True)
    outcome = outcome_document(rolled_back())
    assert (outcome["kind"], outcome["result"], outcome["exit_code"]) == ("outcome", "rolled_back", 6)


def test_documents_hold_no_task_definition() -> None:
    assert "containerDefinitions" not in text(plan_document(plan()))


def test_a_commit_without_a_date_is_written_as_null() -> None:
    undated = replace(plan(), request=replace(plan().request, commit=Commit(SHA)))
    assert plan_document(undated)["commit"]["committed_at"] is None


def drawn(story: ReleaseView, seconds: float = 45.0, width: int = 80, ascii_only: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    signs = ASCII if ascii_only else UNICODE
    with console.capture() as capture:
        console.print(render(story, at(seconds), signs, Spinner(signs.spinner)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def test_the_live_picture_shows_the_current_step_and_its_last_lines() -> None:
    story = told(good_events()[:2])
    for number in range(9):
        story = apply(story, OutputLine(StepName.BUILD, f"step {number} [bold]not markup[/bold]"), at(2))
    shown = drawn(story, 5.1)
    assert "build           5.0 s app, migrate" in shown
    assert "step 2 " not in shown
    assert "    step 8 [bold]not markup[/bold]" in shown


def test_the_live_picture_shows_each_service() -> None:
    shown = drawn(told(good_events()[:10])).splitlines()
    assert shown[-3:] == [
        "  service  tasks  news",
        "  app        1/2  1 of 2 running; 1 pending",
        "  worker     1/1  1 of 1 running; waits for the old task to stop",
    ]


def test_the_live_picture_never_is_wider_than_the_terminal() -> None:
    story = told(bad_events()[:6])
    story = apply(story, OutputLine(StepName.DEPLOY, "x" * 300), at(46))
    story = apply(story, Explained(replace(CRASH, cause="y " * 90)), at(46))
    assert max(map(len, drawn(story, width=40).splitlines())) <= 40


def test_the_live_picture_cuts_the_news_and_never_the_names_when_the_line_is_long() -> None:
    story = told(good_events()[:10])
    long = DeploymentStatus(
        DeploymentState.IN_PROGRESS, "ECS deployment circuit breaker was triggered after 3 consecutive failures " * 2
    )
    rows = tuple(replace(row, status=long) for row in story.services)
    shown = drawn(replace(story, services=rows)).splitlines()
    assert shown[-3] == "  service  tasks  news"
    assert shown[-1].startswith("  worker     1/1  ")
    assert shown[-1].endswith("…")


@pytest.mark.parametrize("fate", [DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK])
def test_no_count_is_shown_of_a_version_that_ecs_rolls_back(fate: DeploymentState) -> None:
    rolled = told(good_events()[:10])
    rows = tuple(
        replace(row, status=DeploymentStatus(fate, "shop-worker:17 is running again")) for row in rolled.services
    )
    shown = drawn(replace(rolled, services=rows)).splitlines()
    assert shown[-1].startswith("  worker     -/1  ")


def test_a_reason_names_its_subject_once() -> None:
    crash = replace(CRASH, subject="container worker", cause="container worker exited with code 1")
    shown = drawn(apply(told(bad_events()[:6]), Explained(crash), at(46)))
    assert "✗ container worker exited with code 1" in shown


def test_the_picture_that_stays_has_neither_output_nor_spinner() -> None:
    story = apply(told(good_events()), WarningIssued("slow"), at(82))
    shown = drawn(story, 90)
    assert "0003_cart" not in shown
    assert "✓ verify          0.4 s" in shown
    assert "warning: slow" in shown


def test_a_terminal_without_unicode_gets_plain_signs() -> None:
    assert drawn(told(bad_events()), ascii_only=True).isascii()


def test_a_live_story_draws_what_it_was_told() -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True, color_system=None)
    with LiveView(console, lambda: at(3), ReleaseView(), apply, render) as progress:
        for _, event in bad_events():
            progress.on_event(event)
    assert "✗ deploy           20 s" in file.getvalue()
    assert file.getvalue().endswith("\x1b[?25h")


def test_every_result_has_its_sign() -> None:
    assert outcome_text(released()).startswith("✓ ")
    assert outcome_text(replace(released(), result=Result.CANCELLED)).startswith("✗ ")


def test_a_long_warning_is_whole_in_the_picture_that_stays() -> None:
    long = (
        "the migrate task 47a21345-8e39-43f2-b568-e8e2e6ceb761 was left to finish; wait for it before the next release"
    )
    goes_on = apply(told(good_events()[:10]), WarningIssued(long), at(46))
    assert drawn(goes_on).splitlines()[-1].endswith("…")
    over = drawn(apply(told(good_events()), WarningIssued(long), at(82)), 90)
    assert f"warning: {long}" in " ".join(over.split())


def test_what_served_before_is_shown_only_where_something_else_serves_now() -> None:
    assert "before  " not in outcome_text(rolled_back()).replace("version before", "")
    assert "before  " in outcome_text(released())


@pytest.mark.parametrize(
    ("restarts", "tasks"), [(None, "1/1"), (0, "1/1"), (1, "1/1, 1 restart"), (9, "1/1, 9 restarts")]
)
def test_status_says_how_often_the_live_tasks_were_restarted(restarts: int | None, tasks: str) -> None:
    services = status_services({"worker": cases.found("worker")}, {}, {"worker": restarts})

    assert f"  {tasks}  " in status_text("production", services)
    assert services[0]["restarts"] == restarts


def test_a_story_ignores_what_is_about_other_releases() -> None:
    story = told(good_events())
    assert apply(story, IncludedCommits(()), at(99)) == story


def test_the_step_that_goes_on_is_the_one_that_ends() -> None:
    both = apply(told(good_events()), StepBegan(StepName.REVERT), at(82))
    over = apply(apply(both, StepBegan(StepName.RUN), at(83)), StepEnded(StepName.REVERT, True, 2.0), at(84))
    assert [(phase.step, phase.seconds) for phase in over.phases[-2:]] == [(StepName.REVERT, 2.0), (StepName.RUN, 0.0)]


def test_a_step_that_ends_without_having_begun_is_shown_with_its_time() -> None:
    story = apply(ReleaseView(), StepEnded(StepName.VERIFY, True, 1.0), at(1))
    assert [(phase.step, phase.succeeded) for phase in story.phases] == [(StepName.VERIFY, True)]


def test_a_plan_without_a_version_names_the_text_it_waits_for_and_the_alarms() -> None:
    check = Verify("app", "https://shop.example/", 200, "it's up", None, 60.0, 1.0, 300.0, ("errors", "p99"))
    shown = plan_text(replace(plan(), steps=(*plan().steps[:-1], check)))
    assert '  app: https://shop.example/ answers 200 and text "it\'s up" within 1 min; ' in shown
    assert " then 5 min without a stopped task and no alarm (errors, p99)" in shown


def test_a_service_that_returned_further_than_the_version_before_is_rolled_back() -> None:
    older = replace(
        back("app", 41, DeploymentState.ROLLED_BACK),
        running=arn("shop-app", 39),
        revert=None,
        status=DeploymentStatus(DeploymentState.ROLLED_BACK, "shop-app:39 is running again"),
    )
    going = replace(back("worker", 17, DeploymentState.STOPPED), revert=DeploymentStatus(DeploymentState.IN_PROGRESS))
    shown = outcome_text(replace(rolled_back(), services=(older, going)))
    assert "app      rolled back   shop-app:41     shop-app:39" in shown
    assert "worker   rolling back  shop-worker:17" in shown


def test_an_outcome_without_fix_quote_log_and_times_is_its_sentence_and_cause() -> None:
    bare = replace(CRASH, fix="", quote="", log=())
    shown = outcome_text(replace(rolled_back(bare, plan(nothing=True)), services=(), timings=()))
    assert shown.splitlines()[2:] == ["Why: worker: container worker exited with code 1 right after its start"]


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        (f"1.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:{'9c' * 32}", "9c9c9c9c9c9c"),
        ("localhost:5000/shop:v1", "v1"),
        ("localhost:5000/shop", "latest"),
    ],
)
def test_an_image_is_told_by_its_digest_else_by_its_tag(reference: str, version: str) -> None:
    assert image_version(reference) == version


def test_status_says_that_nothing_runs_when_the_environment_is_gone() -> None:
    gone = Problem("there is no active cluster shop in us-east-1", "correct it")

    assert status_text("staging", []) == "nothing runs in staging"
    assert ledger_text((), (), (gone,)) == "\n! there is no active cluster shop in us-east-1; correct it"
    document = status_document("staging", [], (), (), (gone,))
    assert (document["exit_code"], document["problems"][0]["cause"]) == (3, gone.cause)


def test_status_says_when_a_service_was_deleted_and_when_services_run_different_versions() -> None:
    app = replace(cases.found("app"), tags={"deploytool:commit": SHA})
    worker = replace(cases.found("worker", status="INACTIVE"), tags={"deploytool:commit": "b" * 40})
    services = status_services({"app": app, "worker": worker}, {}, {})

    shown = status_text("production", services).splitlines()

    assert "service deleted" in shown[3]
    assert shown[4] == f"! services run different versions: app {SHA[:7]}, worker bbbbbbb"
    assert status_document("production", services, (), ())["versions_differ"] is True


@pytest.mark.parametrize(
    ("operation", "restores", "head"),
    [
        (Kind.ROLLBACK, "r-1", "rollback of shop in production to 4f2a9c1 (release r-1)"),
        (Kind.ROLLBACK, "", "rollback of shop in production to 4f2a9c1"),
        (Kind.PROMOTE, "", "promotion of shop 4f2a9c1 to production"),
    ],
)
def test_a_plan_says_what_it_plans(operation: Kind, restores: str, head: str) -> None:
    assert plan_text(plan(), operation, restores).startswith(head)
    document = plan_document(plan(), operation, restores)
    assert (document["operation"], document["restores_release_id"]) == (operation, restores or None)
