"""Deletions, drift, status and outcomes of stacks, as people and scripts read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from deploytool.infra.destroy import DestroyPlan, StackToDelete, StackToKeep
from deploytool.infra.documents import drift_document, status_document
from deploytool.infra.drift_model import Difference, Drifted, StackDrift
from deploytool.infra.events import InfraOutcome, Result, StackWaits
from deploytool.infra.output import destroy_text, drift_text, status_text
from deploytool.infra.plan import StackResource, StackSummary
from deploytool.infra.progress import infra_listener, print_infra_outcome, print_warning
from deploytool.infra.stacks import Output, Stack, stack_policy
from deploytool.infra.templates import Resource, Template, describe_omitted
from deploytool.release.events import WarningIssued
from deploytool.release.model import Problem
from tests.unit.infra.fake_cloudformation import existing

DATA, NETWORK = Stack("data", "shop-data"), Stack("network", "shop-network")
TEMPLATE = Template(
    "data",
    "",
    {
        "Resources": {
            "Store": {"DeletionPolicy": "Retain"},
            "Database": {"DeletionPolicy": "Snapshot"},
            "Logs": {},
        }
    },
)
OUTCOME = InfraOutcome("shop", "production", Result.NOTHING_TO_DO, ())


def test_a_deletion_says_what_happens_to_data_before_it_is_confirmed() -> None:
    held = (
        StackResource("Store", "AWS::S3::Bucket", "CREATE_COMPLETE", "shop-store"),
        StackResource("Database", "AWS::RDS::DBInstance", "CREATE_COMPLETE", "shop-db"),
        StackResource("Logs", "AWS::Logs::LogGroup", "CREATE_COMPLETE", "/shop"),
        StackResource("Topic", "AWS::SNS::Topic", "CREATE_COMPLETE", "arn"),
    )
    plan = DestroyPlan(
        "shop",
        "production",
        (StackToDelete(DATA, existing("shop-data"), held),),
        (StackToKeep(NETWORK, "stack data is in it"),),
        (Problem("in use", "destroy staging"),),
    )
    assert destroy_text(plan, {"data": TEMPLATE}).splitlines() == [
        "shop in production:",
        "  delete  shop-data: 4 resources",
        "            Store     S3 Bucket       kept                         shop-store",
        "            Database  RDS DBInstance  a snapshot is kept           shop-db",
        "            Logs      Logs LogGroup   will be deleted permanently  /shop",
        "  keep    shop-network: stack data is in it",
        "refused: in use",
        "  fix: destroy staging",
    ]


def test_a_deletion_says_so_when_there_is_nothing_to_delete() -> None:
    assert destroy_text(DestroyPlan("shop", "production", ()), {}).splitlines()[-1] == "  nothing to delete"


def test_drift_shows_each_property_with_both_values() -> None:
    store = Drifted(
        "Store",
        "AWS::S3::Bucket",
        "MODIFIED",
        "shop-store",
        (
            Difference("/Tags", "a", "b"),
            Difference("/Policy", "on", "null"),
            Difference("/New", "", "x"),
            Difference("/Long", "y" * 80, "z"),
        ),
    )
    service = Drifted("App", "AWS::ECS::Service", "MODIFIED", "app", (Difference("/DesiredCount", "1", "2"),))
    stacks = (
        StackDrift("data", "shop-data", (store,)),
        StackDrift("service", "shop-service", (service,), "some resources could not be compared"),
        StackDrift("network", "shop-network", failed="denied"),
    )
    assert drift_text("production", stacks).splitlines() == [
        "data: DRIFTED",
        "  Store (S3 Bucket) modified",
        "    /Tags: a → b",
        "    /Policy: on removed",
        "    /New: (none) → x",
        f"    /Long: {'y' * 59}… → z",
        "service: up to date",
        "  some resources could not be compared",
        "  App (ECS Service) modified (expected: releases and autoscaling change it)",
        "    /DesiredCount: 1 → 2",
        "network: unknown: denied",
    ]
    document = drift_document("production", stacks)
    assert (document["kind"], document["drifted"]) == ("infra_drift", True)
    assert document["stacks"][0]["resources"][0]["physical_id"] == "shop-store"


def test_drift_says_so_when_there_are_no_stacks() -> None:
    assert drift_text("production", ()) == "production has no stacks"


def test_status_shows_protection_outputs_and_how_to_repair_a_stack() -> None:
    changed = datetime(2026, 11, 24, 9, tzinfo=UTC)
    outputs = (Output("Address", "https://x", description="Address of the app."), Output("Id", "1", export="shop-Id"))
    stacks = [
        StackSummary(NETWORK, None),
        StackSummary(DATA, existing("shop-data", protected=True, changed_at=changed, outputs=outputs), stack_policy()),
        StackSummary(Stack("top", "top"), existing("top", "UPDATE_FAILED", reason="it broke")),
        StackSummary(Stack("low", "low"), existing("low", "DELETE_FAILED")),
    ]
    lines = status_text("production", stacks).splitlines()
    assert lines[1].split() == ["network", "missing", "shop-network"]
    assert "termination protection and stack policy" in lines[2]
    assert "NOT protected" in lines[3]
    assert lines[5:7] == ["outputs:", "  data  Address  https://x  Address of the app."]
    assert lines[7] == "top needs manual action: it broke"
    assert lines[9] == "low needs manual action"
    document = status_document("production", stacks)
    assert document["stacks"][0]["status"] is None
    assert document["stacks"][1]["outputs"] == {"Address": "https://x", "Id": "1"}


def test_status_lists_no_outputs_when_there_are_none() -> None:
    assert "outputs:" not in status_text("production", [StackSummary(NETWORK, None)])


def test_the_outcome_is_printed_as_text_or_as_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_infra_outcome(OUTCOME, "apply", as_json=False)
    assert capsys.readouterr().out.startswith("infrastructure of shop in production is already up to date")
    print_infra_outcome(OUTCOME, "apply", as_json=True)
    assert json.loads(capsys.readouterr().out)["kind"] == "infra_outcome"


def test_only_warnings_are_printed_when_an_operation_ends_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    print_warning(StackWaits("top", "base"))
    print_warning(WarningIssued("slow today"))
    assert capsys.readouterr().err == "warning: slow today\n"


def test_progress_goes_to_standard_error_when_the_outcome_is_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    with infra_listener(as_json=True) as emit:
        emit(StackWaits("top", "base"))
    assert capsys.readouterr().err.endswith("top: waits for base\n")


def test_progress_is_a_picture_when_a_person_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploytool.output.console.is_interactive", lambda: True)
    with infra_listener(as_json=False) as emit:
        emit(StackWaits("top", "base"))


def test_what_was_left_out_is_counted_by_type() -> None:
    nat = Resource("A", "AWS::EC2::NatGateway")
    template = Template("network", "", {}, (nat, nat, Resource("B", "AWS::EC2::FlowLog")))
    assert describe_omitted([template]) == "not supported by the sandbox and left out: EC2 FlowLog, EC2 NatGateway × 2"
    assert describe_omitted([]) == ""
