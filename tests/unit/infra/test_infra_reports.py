"""What people and scripts read of stacks."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from rich.spinner import Spinner

from deploytool.diagnosis import Diagnosis
from deploytool.infra.documents import infra_outcome_document, infra_plan_document
from deploytool.infra.events import (
    InfraEnded,
    InfraEvent,
    InfraOutcome,
    InfraPlanned,
    ResourceMoved,
    Result,
    StackBegan,
    StackEnded,
    StackOutcome,
    StackResult,
    StackWaits,
)
from deploytool.infra.output import infra_outcome_text, infra_plan_text
from deploytool.infra.parameters import ParameterChange
from deploytool.infra.plan import InfraPlan, StackAction, StackPlan, StackResource
from deploytool.infra.progress import WORDING, InfraView, apply, render
from deploytool.infra.stacks import Action, PropertyChange, ResourceChange, Stack, stacks_of
from deploytool.infra.templates import Resource
from deploytool.output.log import LogView
from deploytool.output.progress import ASCII
from deploytool.release.events import Event, Explained, OutputLine, StepBegan, StepEnded, WarningIssued
from deploytool.release.model import Problem, StepName
from tests.unit.infra.stacks_cases import event, of_stack

DATA, SERVICE = (stack for stack in stacks_of("shop", "production") if stack.key in ("data", "service"))
DIGEST = "1.dkr.ecr/shop@sha256:" + "a" * 64


def plan(*stacks: StackPlan, problems: tuple[Problem, ...] = ()) -> InfraPlan:
    return InfraPlan("shop", "production", "us-east-1", stacks, problems)


CHANGES = (
    ResourceChange("Topic", "AWS::SNS::Topic", Action.ADD),
    ResourceChange("Role", "AWS::IAM::Role", Action.CHANGE, "r", (PropertyChange("Policies", False, "Topic.Arn"),)),
    ResourceChange("Store", "AWS::S3::Bucket", Action.REPLACE, properties=(PropertyChange("BucketName", True),)),
    ResourceChange("Old", "AWS::S3::Bucket", Action.REMOVE, keeps_old=True),
    ResourceChange("Task", "AWS::ECS::TaskDefinition", Action.MAY_REPLACE),
)  # fmt: skip
UPDATE = StackPlan(
    DATA, StackAction.UPDATE, "CREATE_COMPLETE", CHANGES, parameters=(ParameterChange("AppImage", "", DIGEST),)
)


def test_a_plan_marks_what_is_interrupted_and_what_is_refused() -> None:
    size = ResourceChange("Database", "AWS::RDS::DBInstance", Action.CHANGE, "d", (PropertyChange("DBInstanceClass"),))
    stuck = StackPlan(SERVICE, StackAction.NOTHING, "ROLLBACK_COMPLETE", refused=True)
    lines = infra_plan_text(plan(replace(UPDATE, changes=(size,)), stuck)).splitlines()
    assert "  ~!  Database  RDS DBInstance  DBInstanceClass; interrupted by DBInstanceClass" in lines
    assert "~ changed in place  ! interrupted meanwhile" in lines
    assert "service: refused, see below (ROLLBACK_COMPLETE)" in lines


def test_a_plan_reads_like_this() -> None:
    told = infra_plan_text(
        plan(UPDATE, StackPlan(SERVICE, StackAction.NOTHING, "CREATE_COMPLETE"), problems=(Problem("no", "yes"),))
    )
    counts = "1 added, 1 changed in place, 1 replaced, 1 removed, 1 may be replaced"
    assert told.splitlines() == [
        "shop in production (us-east-1)",
        "",
        f"data: update shop-production-data: {counts} (CREATE_COMPLETE)",
        "  parameter AppImage: (none) → aaaaaaaaaaaa",
        "  +  Topic  SNS Topic",
        "  ~  Role   IAM Role            Policies by Topic.Arn",
        "  ±  Store  S3 Bucket           BucketName!; HOLDS DATA",
        "  -  Old    S3 Bucket           old data kept",
        "  ?  Task   ECS TaskDefinition",
        "",
        "service: up to date (CREATE_COMPLETE)",
        "",
        "+ added  ~ changed in place  ± replaced  - removed  ? may be replaced",
        "",
        "refused: no",
        "  fix: yes",
    ]


def test_a_plan_says_when_it_is_read_from_the_template_alone_and_what_will_be_protected() -> None:
    made = StackPlan(DATA, StackAction.CREATE, "", CHANGES[:1], "it imports shop-A, which no stack exports yet")
    told = infra_plan_text(
        plan(made, StackPlan(SERVICE, StackAction.NOTHING, "CREATE_COMPLETE", protections=("stack policy",)))
    )
    assert "  from the template alone: it imports shop-A, which no stack exports yet" in told
    assert "  will be protected: stack policy" in told


def test_a_plan_of_nothing_says_so() -> None:
    assert infra_plan_text(plan(StackPlan(DATA, StackAction.NOTHING, "CREATE_COMPLETE"))).endswith("nothing to do")


def test_the_plan_is_a_document_for_scripts() -> None:
    left_out = (Resource("Nat", "AWS::EC2::NatGateway"),)
    found = infra_plan_document(
        plan(UPDATE, StackPlan(SERVICE, StackAction.CREATE, left_out=left_out), problems=(Problem("a", "b"),))
    )
    assert (found["kind"], found["exit_code"], found["nothing_to_do"]) == ("infra_plan", 3, False)
    first, second = found["stacks"]
    assert first["changes"][2]["action"] == "replace"
    assert first["changes"][2]["holds_data"] is True
    assert first["parameters"] == [{"name": "AppImage", "before": "", "after": DIGEST}]
    assert second["omitted"] == [{"logical_id": "Nat", "type": "AWS::EC2::NatGateway"}]


def ended(stack: Stack, fate: StackOutcome, **more: object) -> StackResult:
    return StackResult(stack.key, stack.name, fate, **more)  # type: ignore[arg-type]  # a table's row


FAILED = InfraOutcome(
    "shop",
    "production",
    Result.ROLLED_BACK,
    (
        ended(DATA, StackOutcome.ROLLED_BACK, status="UPDATE_ROLLBACK_COMPLETE", seconds=12.0, detail="as before"),
        ended(SERVICE, StackOutcome.NOT_STARTED, detail="another stack failed"),
    ),
    (Diagnosis("quota-reached", "a quota is used up", "ask for more", subject="data.Nat", quote="The maximum number"),),
    61.0,
)


def test_a_failure_reads_like_this() -> None:
    fates = "data rolled back, service not started"
    assert infra_outcome_text(FAILED).splitlines() == [
        f"infrastructure of shop in production was not updated: {fates} (1 min 01 s)",
        "cause: a quota is used up",
        "  AWS says: The maximum number",
        "  fix: ask for more",
        "  data     rolled back  UPDATE_ROLLBACK_COMPLETE  as before",
        "  service  not started                            another stack failed",
    ]


def test_what_is_retained_is_listed_when_stacks_are_deleted() -> None:
    retained = (StackResource("Store", "AWS::S3::Bucket", "kept", "shop-store"),)
    gone = InfraOutcome("shop", "production", Result.DESTROYED, (ended(DATA, StackOutcome.DELETED, retained=retained),))
    assert infra_outcome_text(gone).splitlines()[1:] == [
        "retained; keep it, or delete it manually:",
        "  data  kept  Store  S3 Bucket  shop-store",
    ]
    assert infra_outcome_document(gone, "destroy")["stacks"][0]["retained"][0]["physical_id"] == "shop-store"


def test_the_outcome_is_a_document_for_scripts() -> None:
    found = infra_outcome_document(FAILED, "apply")
    assert (found["result"], found["exit_code"], found["operation"]) == ("rolled_back", 6, "apply")
    assert found["problems"][0]["code"] == "quota-reached"
    assert [each["status"] for each in found["stacks"]] == ["rolled_back", "not_started"]


def moved(number: int, logical_id: str, status: str, reason: str = "") -> ResourceMoved:
    return ResourceMoved("data", event(number, logical_id, status, reason))


STORY: list[InfraEvent | Event] = [
    InfraPlanned(plan(UPDATE, StackPlan(SERVICE, StackAction.CREATE))),
    StackWaits("service", "data"),
    StackBegan("data", "shop-production-data", "update", 5),
    ResourceMoved("data", of_stack(1, "UPDATE_IN_PROGRESS")),
    moved(2, "Store", "UPDATE_IN_PROGRESS"),
    moved(3, "Store", "UPDATE_IN_PROGRESS", "Resource update initiated"),
    moved(4, "Topic", "CREATE_COMPLETE"),
    moved(5, "Store", "UPDATE_FAILED", "it broke"),
    moved(6, "Role", "UPDATE_IN_PROGRESS"),
    WarningIssued("slow today"),
]


def log(events: list[InfraEvent | Event], *, actions: bool = False) -> list[str]:
    written: list[str] = []
    progress = LogView(written.append, lambda: datetime(2026, 11, 24, 9, tzinfo=UTC), WORDING, actions)
    for each in events:
        progress.on_event(each)
    return "".join(written).splitlines()


def test_the_log_tells_each_step_of_each_resource_once() -> None:
    end = StackEnded(ended(DATA, StackOutcome.ROLLED_BACK, seconds=12.0, detail="as before"))
    assert [line.removeprefix("09:00:00  ") for line in log([*STORY, end, InfraEnded(FAILED)])] == [
        "applying production (us-east-1): data update, service create",
        "service: waits for data",
        "data: update stack shop-production-data, 5 resources",
        "data | stack shop-production-data UPDATE_IN_PROGRESS",
        "data | Store (S3 Bucket) UPDATE_IN_PROGRESS",
        "data | Topic (S3 Bucket) CREATE_COMPLETE",
        "data | Store (S3 Bucket) UPDATE_FAILED: it broke",
        "data | Role (S3 Bucket) UPDATE_IN_PROGRESS",
        "warning: slow today",
        "data: rolled back in 12 s; as before",
    ]


def test_github_actions_gets_an_annotation_per_reason_when_it_fails() -> None:
    (line,) = [each for each in log([InfraEnded(FAILED)], actions=True) if each.startswith("::error")]
    assert "title=production%3A rolled back" in line
    assert "a quota is used up" in line
    assert log([InfraEnded(InfraOutcome("shop", "production", Result.APPLIED, ()))], actions=True) == []


def test_the_end_of_a_build_is_outside_its_fold() -> None:
    told = log([StepBegan(StepName.BUILD), StepEnded(StepName.BUILD, True, 31.0)], actions=True)
    assert told[-2:] == ["::endgroup::", "09:00:00  build done in 31 s"]


def test_words_of_aws_give_no_orders_to_github_actions() -> None:
    told = log([moved(1, "Store", "UPDATE_FAILED", "x\n::error::mine")], actions=True)
    assert not any(line.startswith("::") for line in told)


def test_the_log_says_when_there_is_nothing_to_do() -> None:
    nothing = InfraPlanned(plan(StackPlan(DATA, StackAction.NOTHING, "CREATE_COMPLETE")))
    told = log([nothing, StackEnded(ended(DATA, StackOutcome.UNCHANGED))])
    assert told == ["09:00:00  nothing to do: production is up to date"]


def drawn(events: list[InfraEvent | Event], seconds: float) -> list[str]:
    story, at = InfraView(), datetime(2026, 11, 24, 9, tzinfo=UTC)
    for each in events:
        story = apply(story, each, at)
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render(story, at + timedelta(seconds=seconds), ASCII, Spinner("line")))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_picture_is_a_tree_with_times_while_it_goes_on() -> None:
    told = drawn([*STORY, OutputLine("build", "step 3 of 4"), Explained(FAILED.diagnoses[0])], 65)
    assert [line[2:] for line in told[:4]] == [
        "data       1 min 05 s update 2 of 5",
        "  Store    1 min 05 s S3 Bucket UPDATE_FAILED: it broke",
        "  Role     1 min 05 s S3 Bucket UPDATE_IN_PROGRESS",
        "service               waits for data",
    ]
    assert told[4:] == [
        "    step 3 of 4",
        "",
        "x data.Nat: a quota is used up",
        "  fix: ask for more",
        "warning: slow today",
    ]


def test_the_picture_keeps_what_failed_when_it_is_over() -> None:
    end = StackEnded(ended(DATA, StackOutcome.ROLLED_BACK, seconds=12.0))
    told = drawn([*STORY, end, StackEnded(ended(SERVICE, StackOutcome.NOT_STARTED)), InfraEnded(FAILED)], 65)
    assert told[0] == "x data             12 s rolled back, 3 resources"
    assert "Store" in told[1]
    assert told[2] == "- service               not started"


@pytest.mark.parametrize("fate", [StackOutcome.CREATED, StackOutcome.UNCHANGED])
def test_a_stack_that_is_good_gets_a_good_sign(fate: StackOutcome) -> None:
    assert drawn([InfraPlanned(plan(UPDATE)), StackEnded(ended(DATA, fate))], 1)[0].startswith("+ data")
