"""Stacks applied to MiniStack: made in order, changed, left alone, refused, rolled back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploytool.errors import Exit
from deploytool.infra.client import Stacks
from deploytool.infra.events import ResourceMoved, Result, StackBegan, StackEnded, StackOutcome
from deploytool.infra.plan import InfraRefused, StackAction
from deploytool.infra.stacks import Action, missing_protections, stack_policy
from deploytool.release.events import Explained, WarningIssued
from tests.integration.aws_fault_proxy.conftest import eventually
from tests.integration.infra.conftest import Site, allowing
from tests.integration.infra.documents import edited, failing, unheard, without

LIVE = {"AppImage": "registry/app@sha256:" + "1" * 64}
NEWER = {"AppImage": "registry/app@sha256:" + "2" * 64}


def began(site: Site) -> list[str]:
    return [f"{each.what} {each.key}" for each in site.told if isinstance(each, StackBegan)]


@pytest.fixture
def made(site: Site) -> Site:
    """All three are there."""
    site.images.live = dict(LIVE)
    assert site.apply().result is Result.APPLIED
    return site


def test_stacks_are_made_after_what_they_need_and_protected(site: Site) -> None:
    site.images.live = dict(LIVE)
    outcome = site.apply()
    assert outcome.exit_code is Exit.OK
    assert [end.outcome for end in outcome.stacks] == [StackOutcome.CREATED] * 3
    assert began(site) == ["create base", "create top", "create service"]
    base_ended = next(i for i, each in enumerate(site.told) if isinstance(each, StackEnded) and each.end.key == "base")
    top_began = next(i for i, each in enumerate(site.told) if isinstance(each, StackBegan) and each.key == "top")
    assert base_ended < top_began
    aws = Stacks(site.session)
    for key in site.documents:
        state = aws.describe(site.name(key))
        assert state is not None
        assert state.protected
        assert missing_protections(protected=True, policy=aws.policy(site.name(key))) == ()
    tags = {
        tag["Key"]: tag["Value"] for tag in site.client.describe_stacks(StackName=site.name("top"))["Stacks"][0]["Tags"]
    }
    assert tags == {"app": site.app, "environment": "test", "managed-by": "deploytool"}


def test_every_resource_is_told_once_per_status_and_none_of_an_operation_before(made: Site) -> None:
    moved = [
        (each.key, each.event.logical_id, each.event.status) for each in made.told if isinstance(each, ResourceMoved)
    ]
    assert ("base", "Store", "CREATE_COMPLETE") in moved
    assert len(moved) == len(set(moved))
    made.change("base", lambda document: edited(document, "Queue", VisibilityTimeout=9))
    made.apply()
    later = [each.event.status for each in made.told if isinstance(each, ResourceMoved)]
    assert later
    assert not any(status.startswith("CREATE") for status in later)


def test_nothing_is_done_when_the_stacks_are_as_their_templates_say(made: Site) -> None:
    before = made.executions()
    outcome = made.apply()
    assert (outcome.result, outcome.exit_code) == (Result.NOTHING_TO_DO, Exit.OK)
    assert made.executions() == before
    assert all(state == "EXECUTE_COMPLETE" for key in made.documents for state in made.change_sets(key).values())


def test_a_plan_leaves_nothing_behind_when_there_are_no_stacks(site: Site) -> None:
    plan = site.plan()
    assert {each.stack.key: each.how for each in plan.stacks} == dict.fromkeys(site.documents, StackAction.CREATE)
    base, top, service = plan.stacks
    assert base.from_template == ""
    assert f"it imports {site.app}-Store" in top.from_template
    assert [change.logical_id for change in top.changes] == ["Note"]
    assert "AppImage of the commit is built first" in service.from_template
    assert [site.status(key) for key in site.documents] == ["", "", ""]
    assert site.images.builds == []


def test_a_plan_shows_what_would_change_and_changes_nothing(made: Site) -> None:
    made.change("base", lambda document: edited(document, "Queue", VisibilityTimeout=9))
    made.known["Note"] = "b"
    plan = made.plan()
    base, top, service = plan.stacks
    (change,) = base.changes
    assert (change.logical_id, change.action) == ("Queue", Action.CHANGE)
    assert [each.name for each in change.properties] == ["VisibilityTimeout"]
    assert top.how is StackAction.NOTHING
    assert [(each.name, each.before, each.after) for each in service.parameters] == [("Note", "a", "b")]
    assert made.status("base") == "CREATE_COMPLETE"
    assert list(made.change_sets("base").values()) == ["EXECUTE_COMPLETE"]
    assert made.plan() == plan


def test_what_cloudformation_takes_and_nobody_wants_is_warned_of_and_applied_all_the_same(made: Site) -> None:
    made.change("base", unheard)
    warning = "base.Bell: the alarm notifies no one; name the alerts' topic under AlarmActions"
    assert made.plan().warnings == (warning,)
    made.told.clear()
    assert made.apply().succeeded
    assert [each.text for each in made.told if isinstance(each, WarningIssued)] == [warning]


def test_a_change_is_applied(made: Site) -> None:
    made.change("base", lambda document: edited(document, "Queue", VisibilityTimeout=9))
    outcome = made.apply()
    assert [end.outcome for end in outcome.stacks] == [
        StackOutcome.UPDATED,
        StackOutcome.UNCHANGED,
        StackOutcome.UNCHANGED,
    ]
    assert made.status("base") == "UPDATE_COMPLETE"


def test_what_holds_data_is_not_removed_when_it_is_not_named(made: Site) -> None:
    made.change("base", lambda document: {**without(document, "Store"), "Outputs": {}})
    before = made.executions()
    with pytest.raises(InfraRefused) as raised:
        made.apply()
    assert raised.value.exit_code is Exit.PRECONDITION_FAILED
    assert "--allow-remove base.Store" in raised.value.fix
    assert "the old data is kept" in raised.value.cause
    assert made.executions() == before
    assert made.plan().problems == raised.value.problems


def test_what_holds_data_is_replaced_when_it_is_named_and_protected_again(made: Site) -> None:
    made.change("base", lambda document: {**edited(document, "Store", BucketName=f"{made.app}-other"), "Outputs": {}})
    made.change("top", lambda document: edited(document, "Note", Value="x"))
    assert made.apply(keys=("top",)).succeeded
    before = len(made.front.calls(action="SetStackPolicy"))
    outcome = made.apply(keys=("base",), allowed=allowing("base.Store"))
    assert outcome.result is Result.APPLIED
    # MiniStack does not enforce stack policies: what is sent must be right.
    sent = [call.params["StackPolicyBody"] for call in made.front.calls(action="SetStackPolicy")[before:]]
    assert sent == [stack_policy(["Store"]), stack_policy()]
    assert missing_protections(protected=True, policy=Stacks(made.session).policy(made.name("base"))) == ()


def test_a_stack_that_rolled_back_is_a_failure_with_its_cause(made: Site) -> None:
    made.change("base", failing)
    outcome = made.apply()
    assert (outcome.result, outcome.exit_code) == (Result.ROLLED_BACK, Exit.ROLLED_BACK)
    base = outcome.stacks[0]
    assert (base.outcome, base.status) == (StackOutcome.ROLLED_BACK, "UPDATE_ROLLBACK_COMPLETE")
    assert "the previous state was restored" in base.detail
    (told,) = outcome.diagnoses
    assert told.subject == "base.Broken"
    assert told.fix
    assert Explained(told) in made.told
    assert "Broken" not in made.resources("base")


def test_what_cloudformation_found_before_it_began_is_told_instead_of_where_to_look(site: Site) -> None:
    site.session.client("s3").create_bucket(Bucket=f"{site.app}-store")
    site.documents["base"]["Resources"]["Store"]["DeletionPolicy"] = "Delete"
    outcome = site.apply(keys=("base",))
    (told,) = outcome.diagnoses
    assert (told.code, told.subject) == ("name-taken", "base.Store")


def test_a_stack_whose_creation_failed_is_made_anew_when_it_holds_nothing(site: Site) -> None:
    succeeded = site.documents["base"]
    site.documents["base"] = failing(succeeded)
    outcome = site.apply(keys=("base", "top"))
    assert [end.outcome for end in outcome.stacks] == [StackOutcome.ROLLED_BACK, StackOutcome.NOT_STARTED]
    assert outcome.exit_code is Exit.ROLLED_BACK
    assert site.status("base") == "ROLLBACK_COMPLETE"
    # Store is retained by its policy, and yet the failed creation left no bucket in the way of the next one.
    site.documents["base"] = succeeded
    assert site.plan(keys=("base",)).stacks[0].how is StackAction.RECREATE
    assert site.apply(keys=("base", "top")).succeeded
    assert began(site) == ["delete base", "create base", "create top"]
    assert site.status("base") == "CREATE_COMPLETE"


def test_a_stack_whose_creation_failed_is_left_alone_when_it_holds_data(site: Site) -> None:
    document = failing(site.documents["base"])
    site.client.create_stack(
        StackName=site.name("base"),
        TemplateBody=json.dumps(document),
        Parameters=[{"ParameterKey": "App", "ParameterValue": site.app}],
        OnFailure="DO_NOTHING",
    )
    eventually(lambda: site.status("base") == "CREATE_FAILED", seconds=10)
    with pytest.raises(InfraRefused, match="still holds Store"):
        site.apply(keys=("base",))
    assert site.resources("base")["Store"] == "CREATE_COMPLETE"


def test_the_images_that_run_are_passed_and_nothing_is_built(made: Site) -> None:
    assert made.images.builds == []
    assert _image(made) == LIVE["AppImage"]


def test_what_neither_runs_nor_is_in_the_registry_is_built_when_the_stack_is_made(site: Site) -> None:
    assert site.apply().succeeded
    assert site.images.builds == ["AppImage"]
    assert _image(site).startswith("registry/built@sha256:b")


def test_nothing_is_done_when_only_a_release_moved_the_image(made: Site) -> None:
    made.images.live = dict(NEWER)
    before = made.executions()
    assert made.apply().result is Result.NOTHING_TO_DO
    assert made.executions() == before


def test_an_image_that_a_release_moved_is_not_rolled_back_when_something_else_changes(made: Site) -> None:
    made.images.live = dict(NEWER)
    made.known["Note"] = "b"
    outcome = made.apply()
    assert outcome.stacks[2].outcome is StackOutcome.UPDATED
    assert _image(made) == NEWER["AppImage"]


def test_the_image_that_runs_once_the_lock_is_ours_is_the_one_that_is_passed(made: Site) -> None:
    @contextmanager
    def a_release_was_faster() -> Iterator[None]:
        made.images.live = dict(NEWER)
        yield

    made.known["Note"] = "b"
    made.guard = a_release_was_faster
    assert made.apply().succeeded
    assert _image(made) == NEWER["AppImage"]


def test_an_image_that_is_named_is_taken_as_it_is(made: Site) -> None:
    named = {"AppImage": "registry/app@sha256:" + "3" * 64}
    plan = made.plan(images=named)
    assert [change.after for change in plan.stacks[2].parameters] == [named["AppImage"]]
    assert made.apply(images=named).succeeded
    assert _image(made) == named["AppImage"]


def _image(site: Site) -> str:
    found = site.session.client("ssm").get_parameter(Name=f"/{site.app}/image")
    return str(found["Parameter"]["Value"])


def test_a_protection_that_somebody_took_away_is_set_again(made: Site) -> None:
    aws = Stacks(made.session)
    aws.set_termination_protection(made.name("base"), on=False)
    aws.set_policy(made.name("top"), stack_policy(["Note"]))
    plan = made.plan()
    assert [each.protections for each in plan.stacks] == [("termination protection",), ("stack policy",), ()]
    outcome = made.apply()
    assert [end.outcome for end in outcome.stacks] == [
        StackOutcome.PROTECTED,
        StackOutcome.PROTECTED,
        StackOutcome.UNCHANGED,
    ]
    assert made.plan().nothing_to_do


def test_a_parameter_without_a_value_is_told_before_anything_is_done(site: Site) -> None:
    site.known = {}
    with pytest.raises(InfraRefused) as raised:
        site.apply()
    assert "parameter App of stack base has no value" in raised.value.cause
    assert [site.status(key) for key in site.documents] == ["", "", ""]


def test_what_cloudformation_does_not_take_is_told_for_every_stack_before_anything_is_done(made: Site) -> None:
    unknown = {"Type": "AWS::No::Such"}
    for key in ("base", "top"):
        made.change(key, lambda document: {**document, "Resources": {**document["Resources"], "X": unknown}})
    with pytest.raises(InfraRefused) as raised:
        made.apply()
    assert [problem.cause.partition(" failed")[0] for problem in raised.value.problems] == [
        f"the change set of stack {made.name(key)}" for key in ("base", "top")
    ]
    assert "AWS::No::Such" in raised.value.cause
    assert made.status("base") == "CREATE_COMPLETE"
