"""Applying, following, deleting and comparing stacks, driven through a CloudFormation in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from deploytool.errors import CloudError, CloudUnreachable, DeployError, Exit
from deploytool.infra.apply import apply
from deploytool.infra.change_set import ChangeSetRefused, ListedChangeSet
from deploytool.infra.destroy import destroy, plan_deletion
from deploytool.infra.drift import drift
from deploytool.infra.events import InfraOutcome, ResourceMoved, Result, StackOutcome
from deploytool.infra.failures import ValidationError
from deploytool.infra.plan import InfraPlan, InfraRefused, StackAction, StackResource
from deploytool.infra.planner import await_running, draft_plan
from deploytool.infra.scheduler import StacksOutOfTime
from deploytool.infra.stacks import Action, Allowed, PropertyChange, ResourceChange, stack_policy
from deploytool.infra.templates import Resource
from deploytool.release.events import Explained
from deploytool.release.ports import Cancelled
from tests.unit.infra.fake_cloudformation import BASE, START, FakeCloudFormation, existing, healthy, target

ADDED = (ResourceChange("Topic", "AWS::SNS::Topic", Action.ADD),)
REPLACED = (ResourceChange("Store", "AWS::S3::Bucket", Action.REPLACE, "store", (PropertyChange("Name", True),)),)
UNREACHABLE = CloudUnreachable("no answer", "check the network")


def applied(cloud: FakeCloudFormation, **more: object) -> InfraOutcome:
    return apply(target(**more), cloud.dependencies())  # type: ignore[arg-type]


def planned(cloud: FakeCloudFormation, **more: object) -> InfraPlan:
    with draft_plan(target(**more), cloud.dependencies()) as drafted:  # type: ignore[arg-type]
        return drafted.plan


def outcomes(outcome: InfraOutcome) -> dict[str, StackOutcome]:
    return {end.key: end.outcome for end in outcome.stacks}


def test_missing_stacks_are_created_in_order_and_protected() -> None:
    cloud = FakeCloudFormation(images_built={"AppImage": "built"})
    outcome = applied(cloud)
    assert (outcome.result, outcomes(outcome)) == (
        Result.APPLIED,
        {"base": StackOutcome.CREATED, "top": StackOutcome.CREATED},
    )
    steps = [call for call in cloud.calls if call.startswith(("execute", "policy", "protection"))]
    assert steps == [
        "execute deploytool-run-base",
        "policy base",
        "protection of base on",
        "execute deploytool-run-top",
        "policy top",
        "protection of top on",
    ]
    assert cloud.requests["deploytool-run-top"].given.values["AppImage"] == "built"


def test_nothing_is_done_when_every_stack_is_up_to_date() -> None:
    cloud = healthy("base", "top", AppImage="new")
    assert applied(cloud).result is Result.NOTHING_TO_DO
    assert not [call for call in cloud.calls if call.startswith("execute")]


def test_nothing_is_done_when_only_a_release_changed_the_images() -> None:
    cloud = healthy("base", "top", AppImage="old")
    cloud.changes = {"top": ADDED}
    outcome = applied(cloud)
    assert outcomes(outcome)["top"] is StackOutcome.UNCHANGED
    assert "delete change set deploytool-run-top-still" in cloud.calls


def test_running_images_are_synced_first_when_more_than_they_changed() -> None:
    cloud = healthy("base", "top", AppImage="old", Size="minimal")
    cloud.changes = {"top": ADDED}
    outcome = applied(cloud, known={"Size": "scaled"})
    assert outcomes(outcome)["top"] is StackOutcome.UPDATED
    executed = [call for call in cloud.calls if call.startswith("execute")]
    assert executed == ["execute deploytool-run-top-images", "execute deploytool-run-top"]


@pytest.mark.parametrize("ending", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_nothing_else_is_updated_when_the_images_cannot_be_synced(ending: str) -> None:
    cloud = healthy("base", "top", AppImage="old", Size="minimal")
    cloud.changes, cloud.endings = {"top": ADDED}, {"top": ending}
    outcome = applied(cloud, known={"Size": "scaled"})
    assert not outcome.succeeded
    assert [call for call in cloud.calls if call.startswith("execute")] == ["execute deploytool-run-top-images"]


def test_only_the_images_are_synced_when_nothing_else_is_left_to_update() -> None:
    cloud = healthy("base", "top", AppImage="old", Size="minimal")
    cloud.changes = {"top": ADDED}
    deps = cloud.dependencies()
    deps = replace(deps, guard=_emptying(cloud))
    assert apply(target(known={"Size": "scaled"}), deps).result is Result.APPLIED


def _emptying(cloud: FakeCloudFormation):  # type: ignore[no-untyped-def]
    @contextmanager
    def guard() -> Iterator[None]:
        execute = cloud.execute

        def once(change_set, token):  # type: ignore[no-untyped-def]
            execute(change_set, token)
            cloud.changes = {}

        cloud.execute = once  # type: ignore[method-assign]
        yield

    return guard


def test_a_missing_protection_is_set_when_nothing_else_changes() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.policies = {}
    outcome = applied(cloud)
    assert outcomes(outcome) == {"base": StackOutcome.PROTECTED, "top": StackOutcome.PROTECTED}
    assert cloud.policies == {"base": stack_policy(), "top": stack_policy()}


def test_a_stack_still_succeeds_when_it_cannot_be_protected() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.policies = {"top": stack_policy()}
    cloud.errors = {"set_policy": CloudError("denied", "allow it")}
    assert applied(cloud).succeeded
    assert "cannot protect stack base: denied. allow it" in cloud.warnings()


@pytest.mark.parametrize(
    ("ending", "outcome", "detail"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", StackOutcome.ROLLED_BACK, "the previous state was restored"),
        ("UPDATE_ROLLBACK_FAILED", StackOutcome.FAILED, "continue-update-rollback"),
    ],
)
def test_stacks_that_wait_are_not_started_when_one_fails(ending: str, outcome: StackOutcome, detail: str) -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes, cloud.endings = {"base": ADDED}, {"base": ending}
    cloud.policies = {}
    result = applied(cloud)
    assert outcomes(result) == {"base": outcome, "top": StackOutcome.NOT_STARTED}
    assert detail in result.stacks[0].detail
    assert result.diagnoses[0].quote == "it broke"


def test_nothing_is_left_when_a_creation_is_rolled_back() -> None:
    cloud = FakeCloudFormation(images_running={"AppImage": "new"}, endings={"base": "ROLLBACK_COMPLETE"})
    outcome = applied(cloud)
    assert outcome.stacks[0].detail.startswith("nothing of it is left")


def test_data_is_replaced_only_when_it_is_allowed_by_name() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"base": REPLACED}
    with pytest.raises(InfraRefused, match=r"base\.Store .* holds data"):
        applied(cloud)
    assert "delete change set deploytool-run-base" in cloud.calls

    outcome = applied(cloud, allowed=Allowed(replace=frozenset({"base.Store"})))
    assert outcomes(outcome)["base"] is StackOutcome.UPDATED
    assert cloud.policies["base"] == stack_policy(), "the exception was only for the update"


def test_the_stack_policy_is_restored_when_an_allowed_update_fails() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes, cloud.endings = {"base": REPLACED}, {"base": "UPDATE_ROLLBACK_COMPLETE"}
    applied(cloud, allowed=Allowed(replace=frozenset({"base.Store"})))
    assert cloud.policies["base"] == stack_policy()


def test_a_failed_creation_is_deleted_and_created_again() -> None:
    cloud = healthy("top", AppImage="new")
    cloud.states["base"] = existing("base", "ROLLBACK_COMPLETE", protected=True)
    outcome = applied(cloud)
    assert outcomes(outcome)["base"] is StackOutcome.CREATED
    assert cloud.calls.index("protection of base off") < cloud.calls.index("delete base")


def test_a_failed_creation_that_cannot_be_deleted_is_a_failure() -> None:
    cloud = healthy("top", AppImage="new")
    cloud.states["base"] = existing("base", "CREATE_FAILED")
    cloud.endings = {"base": "DELETE_FAILED"}
    assert outcomes(applied(cloud)) == {"base": StackOutcome.FAILED, "top": StackOutcome.UNCHANGED}


def test_a_failed_creation_is_refused_when_it_holds_data() -> None:
    cloud = healthy("top", AppImage="new")
    cloud.states["base"] = existing("base", "ROLLBACK_COMPLETE")
    cloud.resources = {"base": (StackResource("Store", "AWS::S3::Bucket", "CREATE_COMPLETE"),)}
    with pytest.raises(InfraRefused, match="still holds Store"):
        applied(cloud)


@pytest.mark.parametrize(
    ("parameters", "known", "problem"),
    [
        ({"Needed": {"Type": "String"}}, {}, "parameter Needed of stack base has no value"),
        ({"Size": {"Type": "String", "AllowedValues": ["a"]}}, {"Size": "b"}, "does not allow 'b'"),
        (
            {"Key": {"Type": "String", "NoEcho": True, "AllowedValues": ["a"]}},
            {"Key": "secret"},
            "Key of stack base does not allow its value",
        ),
    ],
)
def test_a_parameter_is_refused_when_its_value_is_missing_or_invalid(
    parameters: dict[str, object], known: dict[str, str], problem: str
) -> None:
    documents = {"base": {**BASE, "Parameters": parameters}}
    (found,) = planned(healthy("base", "top", AppImage="new"), documents=documents, known=known).problems
    assert problem in found.cause


def test_a_change_set_that_fails_is_refused_with_its_reason() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes, cloud.reasons = {"base": ADDED}, {"base": "Rate exceeded"}
    (problem,) = planned(cloud).problems
    assert "AWS throttled CloudFormation" in problem.cause


EARLY = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot …"


def test_everything_that_early_validation_refused_is_told_before_the_change_set_is_deleted() -> None:
    cloud = FakeCloudFormation(images_running={"AppImage": "new"}, reasons={"base": EARLY})
    cloud.invalid = (
        ValidationError("GitHub", "/Resources/GitHub", "Provider with url x already exists."),
        ValidationError("Store", "/Resources/Store/Properties/Acl", "no such value"),
    )
    with pytest.raises(InfraRefused) as refused:
        applied(cloud)
    fixes = [problem.fix for problem in refused.value.problems]
    assert 'set UseExistingProvider: "true" under infra.parameters' in fixes
    assert any("base.Store.Properties.Acl: no such value" in problem.cause for problem in refused.value.problems)
    assert "delete change set deploytool-run-base" in cloud.calls


def test_the_reason_of_the_change_set_is_told_when_nothing_more_can_be_read() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes, cloud.reasons = {"base": ADDED}, {"base": "Rate exceeded"}
    cloud.errors = {"validation_errors": CloudError("no permission for cloudformation:DescribeEvents", "allow it")}
    (problem,) = planned(cloud).problems
    assert "AWS throttled CloudFormation" in problem.cause
    assert "no permission for cloudformation:DescribeEvents" in cloud.warnings()[0]


def test_the_update_is_refused_when_the_running_images_cannot_be_synced() -> None:
    cloud = healthy("base", "top", AppImage="old", Size="minimal")
    cloud.changes = {"top": ADDED}
    read = cloud.read

    def fail_images(arn):  # type: ignore[no-untyped-def]
        change_set = read(arn)
        return replace(change_set, status="FAILED", reason="Rate exceeded") if arn.endswith("-images") else change_set

    cloud.read = fail_images  # type: ignore[method-assign]
    outcome = applied(cloud, known={"Size": "scaled"})
    assert outcomes(outcome)["top"] is StackOutcome.REFUSED
    assert "delete change set deploytool-run-top-images" in cloud.calls
    assert not [call for call in cloud.calls if call.startswith("execute")]


def test_a_stack_of_another_app_is_neither_changed_nor_deleted() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.states["base"] = replace(cloud.states["base"], tags={"app": "shop-eu", "environment": "production"})
    with pytest.raises(InfraRefused, match="stack base belongs to app shop-eu, environment production, not to app"):
        applied(cloud)
    plan = plan_deletion(target(), cloud.dependencies(), include_data=True, include_account=True)
    assert "stack base belongs to app shop-eu" in plan.problems[0].cause


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("UPDATE_COMPLETE", StackOutcome.UPDATED),
        ("UPDATE_ROLLBACK_COMPLETE", StackOutcome.ROLLED_BACK),
        ("DELETE_COMPLETE", StackOutcome.FAILED),
    ],
)
def test_the_stack_itself_says_that_it_has_ended_when_no_event_comes(status: str, outcome: StackOutcome) -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"base": ADDED}
    begin = cloud.execute

    def silent(change_set, token):  # type: ignore[no-untyped-def]
        begin(change_set, token)
        cloud.pending = {}
        cloud.states["base"] = existing("base", status)

    cloud.execute = silent  # type: ignore[method-assign]
    result = applied(cloud, timeout=3600)
    assert outcomes(result)["base"] is outcome
    assert result.seconds < 300


def test_a_deletion_ends_when_the_stack_is_gone_and_no_event_comes() -> None:
    cloud = healthy("base", "top")
    begin = cloud.delete

    def silent(stack_id, token):  # type: ignore[no-untyped-def]
        begin(stack_id, token)
        cloud.pending = {}
        del cloud.states[stack_id.removeprefix("arn:")]

    cloud.delete = silent  # type: ignore[method-assign]
    assert removed(cloud).result is Result.DESTROYED


def test_a_stack_in_progress_is_waited_for_when_no_event_comes() -> None:
    cloud = healthy("base")
    cloud.start("base", "UPDATE")
    cloud.pending = {stack: events[:1] for stack, events in cloud.pending.items()}
    with pytest.raises(StacksOutOfTime):
        await_running(target(timeout=300), cloud.dependencies())


def test_a_template_that_cloudformation_rejects_is_refused() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.errors = {"create": ChangeSetRefused("no such type", "correct it")}
    (problem,) = planned(cloud).problems
    assert problem.cause == "no such type"


def test_an_update_is_read_from_the_template_when_its_imports_do_not_exist_yet() -> None:
    cloud = healthy("top", AppImage="new")
    cloud.export_names = frozenset()
    cloud.resources = {"top": (StackResource("Old", "AWS::SNS::Topic", "CREATE_COMPLETE"),)}
    top = planned(cloud).stacks[1]
    assert top.from_template == "it imports shop-Name, which no stack exports yet"
    assert [(change.logical_id, change.action) for change in top.changes] == [
        ("Topic", Action.ADD),
        ("Old", Action.REMOVE),
    ]


def test_an_empty_stack_that_came_with_a_change_set_is_deleted_after_planning() -> None:
    cloud = healthy("top", AppImage="new")
    assert planned(cloud).stacks[0].how is StackAction.CREATE
    assert cloud.calls[-2:] == ["delete change set deploytool-run-base", "delete base"]


@pytest.mark.parametrize(
    ("method", "warning"),
    [
        ("delete_change_set", "cannot delete change set deploytool-run-base: denied"),
        ("delete", "cannot delete the empty stack base: denied"),
    ],
)
def test_planning_warns_when_it_cannot_clean_up(method: str, warning: str) -> None:
    cloud = healthy("top", AppImage="new")
    cloud.changes = {"top": ADDED}
    cloud.errors = {method: CloudError("denied")}
    planned(cloud)
    assert cloud.warnings() == [warning]


def test_templates_are_not_checked_when_something_was_left_out_of_them() -> None:
    cloud = healthy("base", "top", AppImage="new")
    bell = {"Resources": {"Bell": {"Type": "AWS::CloudWatch::Alarm"}}, "Outputs": BASE["Outputs"]}
    assert planned(cloud, documents={"base": bell}).warnings
    applied(cloud, documents={"base": bell})
    assert any("the alarm notifies no one" in warning for warning in cloud.warnings())


def test_change_sets_of_an_interrupted_run_are_deleted() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.stale = (
        ListedChangeSet("old", "deploytool-old", START - timedelta(hours=1)),
        ListedChangeSet("other", "someone-else", START - timedelta(hours=1)),
    )
    applied(cloud)
    assert "delete change set old" in cloud.calls
    assert cloud.warnings() == ["deleted change set deploytool-old of stack top, left by an interrupted run"]


@pytest.mark.parametrize("ending", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"])
def test_an_operation_in_progress_is_followed_to_its_end(ending: str) -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.endings = {"base": ending}
    cloud.start("base", "UPDATE")
    await_running(target(), cloud.dependencies())
    assert cloud.states["base"].status == ending
    assert any(isinstance(event, Explained) for event in cloud.emitted) is (ending != "UPDATE_COMPLETE")


def test_an_operation_that_has_just_ended_is_reported_once() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.start("base", "UPDATE")
    stack_id = "arn:base"
    cloud.history[stack_id] = cloud.pending.pop(stack_id)
    await_running(target(), cloud.dependencies())
    assert sum(isinstance(event, ResourceMoved) for event in cloud.emitted) == 2


def test_following_says_that_cloudformation_continues_when_it_is_cancelled() -> None:
    cloud = healthy("base", "top")
    cloud.start("base", "UPDATE")
    cloud.pending = {stack: events[:1] for stack, events in cloud.pending.items()}
    cloud.cancel_after = 1
    with pytest.raises(Cancelled):
        await_running(target(), cloud.dependencies())
    assert cloud.warnings() == ["CloudFormation continues with base; see `deploytool infra status`"]


def test_events_are_read_again_when_aws_does_not_answer() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"base": ADDED}
    cloud.errors = {"events": UNREACHABLE}
    assert applied(cloud).succeeded
    assert cloud.warnings() == ["cannot read the events of stack base, retrying: no answer"]


@pytest.mark.parametrize(
    ("more", "result"),
    [({"cancel_after": 3}, Result.CANCELLED), ({}, Result.TIMED_OUT)],
)
def test_stacks_stay_in_progress_when_the_run_ends_early(more: dict[str, int], result: Result) -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"base": ADDED, "top": ADDED}
    begin = cloud.execute

    def hang(change_set, token):  # type: ignore[no-untyped-def]
        begin(change_set, token)
        cloud.cancel_after = more.get("cancel_after", -1)
        cloud.pending = {stack: events[:1] for stack, events in cloud.pending.items()}

    cloud.execute = hang  # type: ignore[method-assign]
    outcome = applied(cloud, timeout=30)
    assert outcome.result is result
    assert outcomes(outcome) == {"base": StackOutcome.IN_PROGRESS, "top": StackOutcome.NOT_STARTED}


def test_a_stack_may_be_in_progress_when_its_execution_got_no_answer() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes, cloud.errors = {"base": ADDED}, {"execute": UNREACHABLE}
    outcome = applied(cloud)
    assert (outcome.result, outcomes(outcome)["base"]) == (Result.ROLLBACK_INCOMPLETE, StackOutcome.IN_PROGRESS)


def test_the_exit_code_is_of_the_refusal_when_another_release_has_the_lock() -> None:
    class Locked(DeployError):
        exit_code = Exit.LOCKED

    def guard():  # type: ignore[no-untyped-def]
        raise Locked("locked by x", "wait")

    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"top": ADDED}
    outcome = apply(target(), replace(cloud.dependencies(), guard=guard))
    assert (outcomes(outcome)["top"], outcome.exit_code) == (StackOutcome.REFUSED, Exit.LOCKED)


def test_a_stack_is_refused_when_its_plan_is_refused_in_its_turn() -> None:
    cloud = FakeCloudFormation(images_running={"AppImage": "new"})
    create = cloud.create

    def refuse(request):  # type: ignore[no-untyped-def]
        if request.stack_name == "top":
            raise ChangeSetRefused("no such type", "correct it")
        return create(request)

    cloud.create = refuse  # type: ignore[method-assign]
    outcome = applied(cloud)
    assert outcomes(outcome) == {"base": StackOutcome.CREATED, "top": StackOutcome.REFUSED}
    assert outcome.result is Result.ROLLED_BACK


def test_validation_errors_are_the_cause_when_the_events_name_none() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes, cloud.endings = {"base": ADDED}, {"base": "UPDATE_ROLLBACK_COMPLETE"}
    cloud.invalid = (ValidationError("Store", "/Resources/Store/Properties/Name", "too long"),)
    begin = cloud.execute

    def silent(change_set, token):  # type: ignore[no-untyped-def]
        begin(change_set, token)
        cloud.pending = {key: [event for event in events if event.of_stack] for key, events in cloud.pending.items()}

    cloud.execute = silent  # type: ignore[method-assign]
    assert applied(cloud).diagnoses[0].subject == "base.Store"
    cloud.changes, cloud.endings = {"base": ADDED}, {"base": "UPDATE_ROLLBACK_COMPLETE"}
    cloud.errors = {"validation_errors": CloudError("denied")}
    assert applied(cloud).diagnoses == ()
    assert cloud.warnings()[-1] == "cannot read the validation errors of stack base: denied"


def removed(cloud: FakeCloudFormation, **more: bool) -> InfraOutcome:
    plan = plan_deletion(target(), cloud.dependencies(), include_data=True, include_account=True)
    return destroy(plan, target(), cloud.dependencies())


def test_stacks_are_deleted_last_first_and_what_is_retained_is_listed() -> None:
    cloud = healthy("base", "top")
    cloud.resources = {
        "base": (
            StackResource("Database", "AWS::RDS::DBInstance", "CREATE_COMPLETE"),
            StackResource("Store", "AWS::S3::Bucket", "DELETE_SKIPPED"),
        )
    }
    outcome = removed(cloud)
    assert outcome.result is Result.DESTROYED
    assert [call for call in cloud.calls if call.startswith("delete")] == ["delete top", "delete base"]
    assert [item.logical_id for end in outcome.stacks for item in end.retained] == ["Store"]


def test_a_deletion_that_fails_says_how_to_repair_the_stack() -> None:
    cloud = healthy("base", "top")
    cloud.endings = {"top": "DELETE_FAILED"}
    outcome = removed(cloud)
    assert outcomes(outcome) == {"top": StackOutcome.FAILED, "base": StackOutcome.NOT_STARTED}
    assert "--retain-resources" in outcome.stacks[0].detail


def test_a_stack_is_protected_again_when_its_deletion_is_refused() -> None:
    cloud = healthy("base", "top")
    cloud.errors = {"delete": CloudError("denied", "allow it")}
    assert outcomes(removed(cloud))["top"] is StackOutcome.REFUSED
    assert cloud.calls == ["protection of top off", "protection of top on"]
    cloud.states["top"] = replace(cloud.states["top"], protected=False)
    cloud.calls.clear()
    cloud.errors = {"delete": CloudError("denied", "allow it")}
    removed(cloud)
    assert cloud.calls == []


def test_a_deletion_may_be_in_progress_when_it_got_no_answer() -> None:
    cloud = healthy("base", "top")
    cloud.errors = {"delete": UNREACHABLE}
    assert outcomes(removed(cloud))["top"] is StackOutcome.IN_PROGRESS


def test_drift_is_detected_in_every_stack_that_exists() -> None:
    cloud = healthy("base")
    (stack,) = drift(target(), cloud.dependencies())
    assert (stack.key, stack.drifted, stack.failed) == ("base", True, "")


def test_drift_says_why_it_could_not_be_detected() -> None:
    cloud = healthy("base")
    cloud.drift_states = ["failed"]
    (stack,) = drift(target(), cloud.dependencies())
    assert stack.failed == "some resources could not be compared"
    cloud.errors = {"begin": CloudError("denied")}
    (stack,) = drift(target(), cloud.dependencies())
    assert (stack.failed, stack.resources) == ("denied", ())


def test_detection_ends_when_its_time_is_up() -> None:
    cloud = healthy("base")
    cloud.drift_states = ["in progress"] * 100
    with pytest.raises(StacksOutOfTime):
        drift(target(timeout=5), cloud.dependencies())


def test_an_update_is_refused_when_its_change_set_is_rejected_after_the_images_were_synced() -> None:
    cloud = healthy("base", "top", AppImage="old", Size="minimal")
    cloud.changes = {"top": ADDED}
    execute = cloud.execute

    def reject_next(change_set, token):  # type: ignore[no-untyped-def]
        execute(change_set, token)
        cloud.errors = {"create": ChangeSetRefused("no such type", "correct it")}

    cloud.execute = reject_next  # type: ignore[method-assign]
    assert outcomes(applied(cloud, known={"Size": "scaled"}))["top"] is StackOutcome.REFUSED


def test_a_change_set_is_made_again_when_a_release_changed_the_images_since_the_plan() -> None:
    cloud = healthy("base", "top", AppImage="new", Size="minimal")
    cloud.changes = {"top": ADDED}
    versions = iter(["new", "newer"])
    cloud.running = lambda: {"AppImage": next(versions)}  # type: ignore[method-assign]
    assert applied(cloud, known={"Size": "scaled"}).succeeded
    assert cloud.requests["deploytool-run-top"].given.values["AppImage"] == "newer"


def test_the_images_are_updated_with_the_rest_when_the_stack_differs_in_more() -> None:
    cloud = healthy("base", "top", AppImage="old")
    cloud.changes, cloud.still_changes = {"top": ADDED}, True
    assert outcomes(applied(cloud))["top"] is StackOutcome.UPDATED


def test_a_missing_image_is_built_before_the_change_set_is_made() -> None:
    cloud = healthy("base")
    cloud.images_running, cloud.images_built = {}, {"AppImage": "built"}
    assert planned(cloud).stacks[1].from_template == "AppImage of the commit is built first"


def test_change_sets_are_listed_while_a_plan_is_drafted() -> None:
    cloud = healthy("base", "top", AppImage="new")
    with draft_plan(target(), cloud.dependencies()) as drafted:
        assert drafted.deps.change_sets.listed("top") == ()


@pytest.mark.parametrize(
    ("name", "says"), [("HealthPath", "both paths first"), ("ContainerPort", "listens where PORT")]
)
def test_the_plan_warns_when_the_running_tasks_notice_a_changed_parameter(name: str, says: str) -> None:
    cloud = healthy("base", "top", AppImage="new", **{name: "old", "Size": "small"})
    cloud.changes = {"base": ADDED, "top": ADDED}
    documents = {"base": {**BASE, "Parameters": {name: {"Type": "String", "Default": "old"}}}}
    (warning,) = planned(cloud, documents=documents, known={name: "new"}).warnings
    assert warning.startswith(f"{name} changes from old to new: ")
    assert says in warning
    assert planned(cloud, documents=documents, known={name: "old"}).warnings == ()


def test_a_reduced_template_is_not_checked() -> None:
    cloud, site = healthy("base", "top", AppImage="new"), target()
    bell = {"Resources": {"Bell": {"Type": "AWS::CloudWatch::Alarm"}}, "Outputs": BASE["Outputs"]}
    reduced = replace(site.templates["base"], document=bell, left_out=(Resource("Nat", "AWS::EC2::NatGateway"),))
    with draft_plan(replace(site, templates={**site.templates, "base": reduced}), cloud.dependencies()) as drafted:
        assert drafted.plan.warnings == ()


def test_unreadable_events_are_reported_once() -> None:
    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"base": ADDED}
    events, failures = cloud.events, iter([UNREACHABLE, UNREACHABLE])

    def read(stack_id: str, after: str):  # type: ignore[no-untyped-def]
        if error := next(failures, None):
            raise error
        return events(stack_id, after)

    cloud.events = read  # type: ignore[method-assign]
    assert applied(cloud).succeeded
    assert len(cloud.warnings()) == 1


def test_a_stack_without_work_keeps_its_result_when_another_is_cancelled_at_once() -> None:
    def stop(change_set, token):  # type: ignore[no-untyped-def]
        raise Cancelled("SIGINT")

    cloud = healthy("base", "top", AppImage="new")
    cloud.changes = {"base": ADDED}
    cloud.execute = stop  # type: ignore[method-assign]
    assert outcomes(applied(cloud)) == {"base": StackOutcome.NOT_STARTED, "top": StackOutcome.UNCHANGED}
