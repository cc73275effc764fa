"""Stacks deleted last first, what they retain, and drift."""

from __future__ import annotations

import pytest

from deploytool.errors import Exit
from deploytool.infra.client import Stacks
from deploytool.infra.drift import drift
from deploytool.infra.drift_model import Difference
from deploytool.infra.events import InfraPlanned, Result, StackBegan, StackOutcome
from deploytool.infra.stacks import Action
from tests.integration.infra.conftest import Site
from tests.integration.infra.documents import Document, base, failing

LIVE = {"AppImage": "registry/app@sha256:" + "1" * 64}


def with_protected(app: str) -> Document:
    """A stack with a database and a load balancer that their own services protect."""
    database = {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Snapshot",
        "Properties": {
            "DBInstanceIdentifier": app,
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "AllocatedStorage": "20",
            "MasterUsername": "postgres",
            "MasterUserPassword": "not-a-secret",
            "DeletionProtection": True,
        },
    }
    balancer = {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {
            "Name": app,
            "LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}],
        },
    }
    more = {"Database": database, "Balancer": balancer}
    return {**base(app), "Resources": {**base(app)["Resources"], **more}}


@pytest.fixture
def made(site: Site) -> Site:
    site.images.live = dict(LIVE)
    assert site.apply().succeeded
    site.told.clear()
    return site


def test_stacks_go_last_first_and_what_they_retain_is_listed(made: Site) -> None:
    outcome = made.destroy()
    assert (outcome.result, outcome.exit_code) == (Result.DESTROYED, Exit.OK)
    began = [each.key for each in made.told if isinstance(each, StackBegan)]
    assert began.index("base") == 2
    retained = {end.key: [(held.logical_id, held.status) for held in end.retained] for end in outcome.stacks}
    assert retained == {"service": [], "top": [], "base": [("Store", "kept")]}
    assert [made.status(key) for key in made.documents] == ["", "", ""]
    assert made.session.client("s3").head_bucket(Bucket=f"{made.app}-store")


def test_what_a_destroyed_stack_left_is_taken_over_with_what_it_holds(made: Site) -> None:
    s3 = made.session.client("s3")
    s3.put_object(Bucket=f"{made.app}-store", Key="kept", Body=b"data")
    assert made.destroy().succeeded
    made.told.clear()
    assert made.apply().succeeded
    (planned,) = [each.plan for each in made.told if isinstance(each, InfraPlanned)]
    actions = {change.logical_id: change.action for change in planned.stacks[0].changes}
    assert actions == {"Store": Action.IMPORT, "Queue": Action.ADD}
    assert s3.get_object(Bucket=f"{made.app}-store", Key="kept")["Body"].read() == b"data"
    assert made.apply().result is Result.NOTHING_TO_DO


def test_what_was_taken_over_stays_when_the_creation_of_the_stack_fails(made: Site) -> None:
    assert made.destroy().succeeded
    made.documents["base"] = failing(made.documents["base"])
    assert made.apply().result is Result.ROLLED_BACK
    assert made.session.client("s3").head_bucket(Bucket=f"{made.app}-store")


def test_only_what_is_deleted_loses_its_protection(made: Site) -> None:
    assert made.destroy(keys=("top",)).succeeded
    state = Stacks(made.session).describe(made.name("base"))
    assert state is not None
    assert state.protected


def test_what_its_own_service_protects_goes_and_a_database_leaves_a_snapshot(site: Site) -> None:
    site.documents = {"base": with_protected(site.app)}
    assert site.apply().succeeded
    (end,) = site.destroy().stacks
    assert end.outcome is StackOutcome.DELETED
    assert {(held.logical_id, held.status) for held in end.retained} == {("Store", "kept"), ("Database", "snapshot")}
    left = site.session.client("rds").describe_db_instances()["DBInstances"]
    assert site.app not in [each["DBInstanceIdentifier"] for each in left]
    # MiniStack deletes what is protected as well, AWS does not: what is sent must be right.
    (database,) = site.front.calls("rds", "ModifyDBInstance")
    assert (database.params["DBInstanceIdentifier"], database.params["DeletionProtection"]) == (site.app, "false")
    (balancer,) = site.front.calls(action="ModifyLoadBalancerAttributes")
    assert balancer.params["Attributes.member.1.Value"] == "false"


def test_nothing_is_deleted_when_a_stack_that_is_not_ours_imports_from_it(made: Site) -> None:
    outcome = made.destroy(keys=("base",))
    assert outcome.result is Result.REFUSED
    assert outcome.exit_code is Exit.PRECONDITION_FAILED
    assert made.status("base") == "CREATE_COMPLETE"
    assert "imported by" in outcome.diagnoses[0].cause
    state = Stacks(made.session).describe(made.name("base"))
    assert state is not None
    assert state.protected


def test_a_destroyed_site_is_destroyed(made: Site) -> None:
    assert made.destroy().succeeded
    outcome = made.destroy()
    assert (outcome.result, outcome.stacks) == (Result.DESTROYED, ())


def test_there_is_no_drift_when_nobody_changed_anything(made: Site) -> None:
    found = drift(made.target(), made.deps())
    assert [each.key for each in found] == ["base", "top", "service"]
    assert not any(each.drifted or each.failed for each in found)


def test_drift_is_told_with_its_property(made: Site) -> None:
    sqs = made.session.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{made.app}-queue")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "99"})
    changed = next(each for each in drift(made.target(), made.deps()) if each.key == "base")
    assert changed.drifted
    (resource,) = changed.resources
    assert (resource.logical_id, resource.status) == ("Queue", "MODIFIED")
    assert resource.differences == (Difference("/VisibilityTimeout", "7", "99"),)


def test_a_resource_that_somebody_deleted_is_drift(made: Site) -> None:
    made.session.client("ssm").delete_parameter(Name=f"/{made.app}/note")
    changed = next(each for each in drift(made.target(), made.deps()) if each.key == "top")
    assert [(each.logical_id, each.status) for each in changed.resources] == [("Note", "DELETED")]


def test_drift_is_that_of_the_stacks_that_are_there(site: Site) -> None:
    assert site.apply(keys=("base",)).succeeded
    assert [each.key for each in drift(site.target(), site.deps())] == ["base"]
