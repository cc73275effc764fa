"""Why nothing was started, why AWS refused, what a service's events mean, and which diagnosis tells most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.aws.api_errors import diagnose_api_error
from deploytool.diagnosis import Diagnosis
from deploytool.ecs.model import Deployment, RunTaskFailure, ServiceDeployment, ServiceEvent
from deploytool.ecs.task_diagnosis import diagnose_run_task_failure, diagnose_service, root_cause

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/shop-execution"


@pytest.mark.parametrize(
    ("reason", "code", "tells", "retriable"),
    [
        ("RESOURCE:CPU", "no-room", "enough CPU", True),
        ("RESOURCE:MEMORY", "no-room", "enough MEMORY", True),
        ("RESOURCE:ENI", "no-room", "enough ENI", True),
        ("RESOURCE:PORTS", "no-room", "enough PORTS", True),
        ("AGENT", "no-agent", "not connected", True),
        ("ATTRIBUTE", "wrong-host", "requiresCompatibilities", False),
        ("MISSING", "missing", "arn:x", False),
        ("Capacity is unavailable at this time. Please try again later", "no-capacity", "no capacity", True),
        ("You've reached the limit on the number of vCPUs you can run", "quota-reached", "Service Quotas", True),
        ("INACTIVE", "task-definition-inactive", "register it again", False),
        ("SOMETHING_NEW", "not-started", "did not start", False),
    ],
)
def test_a_task_that_ecs_did_not_start_is_explained_by_its_reason(
    reason: str, code: str, tells: str, retriable: bool
) -> None:
    found = diagnose_run_task_failure(RunTaskFailure(reason, arn="arn:x"))
    assert (found.code, found.retriable) == (code, retriable)
    assert tells in f"{found.cause} {found.fix}"
    assert found.quote == reason


def test_an_image_that_ecs_cannot_find_is_told_though_no_task_was_started() -> None:
    reason = "ECS deployment circuit breaker was triggered after three unsuccessful image digest resolution attempts."
    failed = Deployment("ecs-svc/2", "PRIMARY", "arn:app:2", "FAILED", reason, desired=1)
    (found,) = diagnose_service((), failed, None)
    assert (found.code, found.quote) == ("image-unresolved", reason)
    assert "not in the registry" in found.cause


def test_the_attempt_is_told_when_there_are_several() -> None:
    assert diagnose_run_task_failure(RunTaskFailure("RESOURCE:CPU"), 2, 4).cause.endswith("(attempt 2 of 4)")
    assert "attempt" not in diagnose_run_task_failure(RunTaskFailure("RESOURCE:CPU")).cause


@pytest.mark.parametrize(
    ("code", "message", "expected", "tells"),
    [
        ("ClientException", "TaskDefinition is inactive", "task-definition-inactive", "INACTIVE"),
        ("InvalidParameterException", "TaskDefinition is inactive", "task-definition-inactive", "new revision"),
        (
            "ClientException",
            "Too many concurrent attempts to create a new revision of the specified family.",
            "revision-race",
            "try again",
        ),
        ("ThrottlingException", "Rate exceeded", "aws-throttled", "ecs:UpdateService"),
        (
            "AccessDeniedException",
            f"User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: {ROLE}",
            "pass-role-denied",
            f"allow iam:PassRole on {ROLE}",
        ),
        ("AccessDeniedException", "User is not authorized", "permission-missing", "allow ecs:UpdateService"),
        ("PlatformTaskDefinitionIncompatibilityException", "nope", "platform-incompatible", "platformVersion"),
        ("PlatformUnknownException", "nope", "platform-unknown", "LATEST"),
        ("BlockedException", "Your account is currently blocked.", "account-blocked", "AWS Support"),
        ("ClientException", "You've reached the limit on the number of vCPUs", "quota-reached", "Service Quotas"),
        ("ClientException", "Role is not valid", "role-invalid", "executionRoleArn"),
        (
            "ClientException",
            "No Fargate configuration exists for given values: 256 CPU, 4096 memory.",
            "fargate-size-invalid",
            "256 and 512",
        ),
        ("ClientException", "Unable to describe task definition: x:1", "task-definition-missing", "name and region"),
        ("ServiceNotActiveException", "Service was not ACTIVE.", "service-not-active", "deleted"),
        ("UpdateInProgressException", "busy", "update-in-progress", "wait"),
        ("ClusterNotFoundException", "Cluster not found.", "absent", "deploytool.yml"),
        ("ServerException", "Service Unavailable", "aws-failed", "not your fault"),
        ("ClientException", "Something new", "aws-refused", "AWS refused ecs:UpdateService: Something new"),
    ],
)
def test_a_refused_call_is_explained_by_code_and_message(code: str, message: str, expected: str, tells: str) -> None:
    found = diagnose_api_error(code, message, "ecs:UpdateService")
    assert found.code == expected
    assert tells in f"{found.cause} {found.fix}"
    assert found.quote == f"{code}: {message}"


EVENTS = {
    "(service app) was unable to place a task. Reason: Capacity is unavailable at this time.": "no-capacity",
    "(service app) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run "
    "concurrently.": "quota-reached",
    "(service app) was unable to place a task because no container instance met all of its requirements.": "no-room",
    "(service app) is unable to consistently start tasks successfully. For more information, see the Troubleshooting "
    "section.": "start-throttled",
    "(service app) (task 1) (port 3000) is unhealthy in (target-group arn:aws:elasticloadbalancing:us-east-1:1:"
    "targetgroup/shop-app/12) due to (reason Health checks failed with these codes: [500]).": "target-unhealthy",
    "(service app) was unable to stop or start tasks during a deployment because of the service deployment "
    "configuration. Update the minimumHealthyPercent or maximumPercent value and try again.": "percent-deadlock",
    "(service app) was unable to scale in due to (reason 2 tasks under protection)": "protected-tasks",
    "(service app) operations are being throttled. Will try again later.": "ecs-throttled",
    "(service app) failed to launch a task with (error ECS was unable to assume the role 'arn:x').": "role-not-assumed",
    "(service app) failed to launch a task with (error creating the task).": "task-not-launched",
    "(service app) failed to register targets in (target-group tg) with (error x)": "target-not-registered",
    "(service app) (deployment ecs-svc/2) deployment failed: tasks failed to start.": "deployment-failed",
    "(service app) deployment failed: deployment circuit breaker was triggered.": "deployment-failed",
}


def event(message: str, seconds: float = 1.0) -> ServiceEvent:
    return ServiceEvent("e", NOW + timedelta(seconds=seconds), message)


def deployment(failed: int = 0, state: str = "IN_PROGRESS", reason: str = "") -> Deployment:
    return Deployment("ecs-svc/2", "PRIMARY", "app:12", state, reason, 2, failed_tasks=failed, created_at=NOW)


@pytest.mark.parametrize(("message", "code"), EVENTS.items())
def test_an_event_is_explained_and_quoted(message: str, code: str) -> None:
    (found,) = diagnose_service([event(message)], deployment(), None)
    assert (found.code, found.quote) == (code, message)
    assert "{" not in found.cause + found.fix


def test_an_unhealthy_target_is_told_with_its_group_and_the_load_balancers_reason() -> None:
    message = next(message for message, code in EVENTS.items() if code == "target-unhealthy")
    (found,) = diagnose_service([event(message)], None, None)
    assert "target group shop-app" in found.cause
    assert found.cause.endswith("Health checks failed with these codes: [500]")


@pytest.mark.parametrize(
    "message",
    ["(service app) has reached a steady state.", "(service app) has started 1 tasks: (task unable)."],
)
def test_events_that_explain_nothing_say_nothing(message: str) -> None:
    assert diagnose_service([event(message)], deployment(), None) == ()


def test_events_from_before_the_deployment_and_repetitions_are_left_out() -> None:
    throttled = "(service app) operations are being throttled."
    place = "(service app) was unable to place a task."
    found = diagnose_service([event(throttled), event(throttled), event(place, -1.0)], deployment(), None)
    assert [diagnosis.code for diagnosis in found] == ["ecs-throttled"]


@pytest.mark.parametrize(
    ("seen", "told", "code", "tells"),
    [
        (deployment(3, reason="tasks failed to start."), None, "tasks-failed", "3 tasks of the deployment failed"),
        (deployment(1), None, "tasks-failed", "1 task of the deployment failed"),
        (deployment(0, "FAILED", "gave up"), None, "deployment-failed", "gave up on the deployment"),
        (
            None,
            ServiceDeployment("sd", "ROLLBACK_IN_PROGRESS", triggered_alarms=("shop-5xx",), rollback_reason="alarm"),
            "alarm-went-off",
            "alarm shop-5xx went off",
        ),
        (
            deployment(3),
            ServiceDeployment("sd", "ROLLBACK_IN_PROGRESS", failure_count=3, failure_threshold=3),
            "tasks-failed",
            "3 tasks failed; the circuit breaker trips at 3",
        ),
        (
            None,
            ServiceDeployment("sd", "STOPPED", status_reason="Stopped by admin"),
            "deployment-explained",
            "Stopped by admin",
        ),
        (
            None,
            ServiceDeployment("sd", "ROLLBACK_IN_PROGRESS", rollback_reason="alarm(s) detected: shop-5xx"),
            "alarm-went-off",
            "a CloudWatch alarm of the deployment went off",
        ),
        (
            None,
            ServiceDeployment("sd", "ROLLBACK_IN_PROGRESS", failed_hook="arn:aws:lambda:x:1:function:approve"),
            "hook-failed",
            "(a Lambda function) approve failed",
        ),
        (
            deployment(0, "FAILED", "ECS deployment failed: hook execution failure(s) detected."),
            None,
            "hook-failed",
            "a lifecycle hook",
        ),
    ],
)
def test_a_deployment_is_explained_by_its_counts_alarms_and_reasons(
    seen: Deployment | None, told: ServiceDeployment | None, code: str, tells: str
) -> None:
    (found,) = diagnose_service([], seen, told)
    assert found.code == code
    assert tells in found.cause


def test_a_deployment_that_goes_well_needs_no_explanation() -> None:
    assert diagnose_service([], deployment(), ServiceDeployment("sd", "IN_PROGRESS")) == ()


CRASH = Diagnosis("container-failed", "c", "f", log=("Error: boom",))
QUIET = Diagnosis("container-failed", "c", "f")
MISSING = Diagnosis("image-missing", "c", "f", fatal=True)
FAILED = Diagnosis("tasks-failed", "c", "f", log=("x",))


def test_what_cannot_pass_by_itself_tells_most_then_causes_then_those_with_a_log() -> None:
    assert root_cause([FAILED, QUIET, CRASH, MISSING]) is MISSING
    assert root_cause([FAILED, QUIET, CRASH]) is CRASH
    assert root_cause([FAILED, QUIET]) is QUIET
    assert root_cause([]) is None


@given(st.lists(st.sampled_from([CRASH, QUIET, MISSING, FAILED]), min_size=1).flatmap(st.permutations))
def test_the_order_of_the_diagnoses_does_not_matter(diagnoses: list[Diagnosis]) -> None:
    assert root_cause(diagnoses) is root_cause(diagnoses[::-1])


@given(st.text(), st.text())
def test_any_words_of_aws_are_answered(code: str, message: str) -> None:
    assert diagnose_api_error(code, message, "ecs:RunTask").cause
    assert diagnose_run_task_failure(RunTaskFailure(code, detail=message)).cause
    assert isinstance(diagnose_service([event(message)], None, None), tuple)
