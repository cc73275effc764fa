"""Cases of a release that no other test of this room reaches."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from deploytool.ecs.deployment_model import NOT_SEEN, DeploymentState, DeploymentStatus, Rollout, ServiceRollout
from deploytool.ecs.model import StandaloneTask
from deploytool.errors import CloudError, LeaseLost, SupersededBy
from deploytool.release.events import WarningIssued
from deploytool.release.failures import explain_failure
from deploytool.release.images import build, register_revisions
from deploytool.release.model import Build, DeployServices, GithubRecord
from deploytool.release.planner import ReleasePreconditionFailed, payload
from deploytool.release.ports import Cancelled
from deploytool.release.rollout import record_best_effort, require_ownership
from deploytool.release.tasks import run_once
from deploytool.release.verify import last_log_lines
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.faults import Fault, denied
from tests.unit.release import plan_cases as cases

ROLLOUT = Rollout("app", "ecs-svc/2", "app:2")


def test_a_sighting_stays_when_ecs_does_not_respond() -> None:
    assert ServiceRollout("app", ROLLOUT).seen_in(None, 5.0) == (NOT_SEEN, None)


def test_every_comment_of_a_release_is_known_when_it_wrote_to_several_pull_requests() -> None:
    assert GithubRecord(comment_id=7, other_comments=(8, 9)).comments == (7, 8, 9)
    assert GithubRecord(other_comments=(8,)).comments == (8,)


def test_a_revert_is_allowed_when_a_newer_release_asked_for_the_lock() -> None:
    cloud = Cloud()
    cloud.lease.ends_with = SupersededBy("r-1", "r-2")

    require_ownership(cloud.deps)


def test_a_revert_is_allowed_when_the_ledger_is_down_and_the_lease_still_runs() -> None:
    def down() -> None:
        raise CloudError("DynamoDB does not respond", "try again")

    cloud = Cloud()
    cloud.lease.check = down  # type: ignore[method-assign]

    require_ownership(cloud.deps)


def test_a_failed_check_has_no_log_when_the_tasks_cannot_be_listed() -> None:
    cloud = Cloud()
    cloud.ecs.faults.append(Fault("ListTasks", denied("ListTasks")))

    assert last_log_lines(ROLLOUT, cloud.deps) == ()
    assert [type(event) for event in cloud.events] == [WarningIssued]


def test_a_revert_goes_on_when_the_ledger_is_down() -> None:
    def note() -> None:
        raise CloudError("DynamoDB does not respond", "try again")

    cloud = Cloud()
    record_best_effort(cloud.deps, note)
    assert [type(event) for event in cloud.events] == [WarningIssued]


def test_a_revert_ends_when_its_note_says_that_the_lease_is_lost() -> None:
    def note() -> None:
        raise LeaseLost("r-1", "r-2")

    with pytest.raises(LeaseLost):
        record_best_effort(Cloud().deps, note)


def test_a_release_is_cancelled_when_the_signal_comes_while_failed_tasks_are_read() -> None:
    cloud = Cloud()
    cloud.ecs.faults.append(Fault("ListTasks", Cancelled("SIGTERM")))
    rollout = ServiceRollout("app", ROLLOUT, DeploymentStatus(DeploymentState.FAILED))
    with pytest.raises(Cancelled):
        explain_failure(rollout, cases.state("app"), None, cloud.deps)


def test_a_revision_is_used_again_when_the_release_changes_nothing_in_it() -> None:
    cloud = Cloud()
    for name in ("app", "worker"):
        cloud.ecs.add(name)
    plan = cloud.plan(cases.service("app"), cases.service("worker"))
    app, worker = plan.changes
    digests = dict.fromkeys(plan.images, cases.DIGEST)
    as_live = {**app.base, **payload(app.base, app.images, plan.images, digests, "app")}
    steps = (DeployServices((replace(app, base=as_live), worker), 60.0),)

    revisions = register_revisions(replace(plan, steps=steps), digests, cloud.deps)

    assert revisions["app"] == app.base["taskDefinitionArn"]
    assert len(cloud.ecs.made("RegisterTaskDefinition")) == 1


def test_only_the_tasks_that_run_an_image_are_checked_for_its_cpu() -> None:
    cloud = Cloud()
    for name in ("app", "other"):
        cloud.ecs.add(name)
    cloud.builder.platforms = ("linux/arm64",)
    images = {name: cases.image(name) for name in ("app", "second")}
    published = dict.fromkeys(images)
    plan = cloud.plan(cases.service("app"), cases.service("other", image="second"), images=images, published=published)
    with pytest.raises(ReleasePreconditionFailed) as refused:
        build(Build(("second",)), plan, cloud.deps)
    assert "other" in refused.value.cause
    assert "app" not in refused.value.cause


def test_a_command_is_waited_for_when_ecs_does_not_list_its_task_yet() -> None:
    cloud = Cloud()
    cloud.ecs.add("app")
    read, reads = cloud.ecs.task, count()
    cloud.ecs.task = lambda arn: None if next(reads) < 2 else read(arn)  # type: ignore[method-assign]
    task = StandaloneTask("app", ("true",), cases.state("app"))

    assert run_once(task, revision("app", 1), cloud.deps, token="run-1", tags={}, timeout=None) == 0
