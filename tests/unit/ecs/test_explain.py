"""What a person pastes: texts, logs and JSON in every form that the AWS CLI prints, and what is none of these."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ecs.explain import DeploymentQuery, explain
from deploytool.ecs.pasted import PastedError
from deploytool.errors import Exit

MISSING = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
    "docker.io/acme/shop:7: not found"
)
SECRET = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable "
    "to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf from secrets manager: ResourceNotFoundException: "
    "Secrets Manager can't find the specified secret."
)
PLACE = (
    "(service app) was unable to place a task. Reason: You've reached the limit on the number of tasks you can run "
    "concurrently."
)
TASK = {
    "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/shop/1",
    "stoppedReason": MISSING,
    "stopCode": "TaskFailedToStart",
    "containers": [{"name": "app"}],
}
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecs:UpdateService on resource: "
    "arn:aws:ecs:eu-west-1:123456789012:service/shop/app because no identity-based policy allows the "
    "ecs:UpdateService action"
)


def codes(text: str | dict[str, Any]) -> list[str]:
    return [each.code for each in explain(text if isinstance(text, str) else json.dumps(text)).diagnoses]


def deployment(number: int, status: str, state: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "taskDefinition": f"arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:{number}",
        "rolloutState": state,
        "desiredCount": 2,
        "runningCount": 2,
        "createdAt": f"2026-01-01T1{number}:00:00+00:00",
        **more,
    }


def service(*deployments: dict[str, Any], name: str = "app", events: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "serviceName": name,
        "desiredCount": 2,
        "deployments": list(deployments),
        "events": [
            {"id": str(n), "createdAt": "2026-01-01T19:00:00Z", "message": text} for n, text in enumerate(events)
        ],
    }


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        (MISSING, ["image-missing"]),
        (f"  {MISSING}\r\n", ["image-missing"]),
        (json.dumps(MISSING), ["image-missing"]),
        (f"Stopped reason\n{MISSING}", ["image-missing"]),
        (
            SECRET.replace("execution resource ", "execution\n  resource ").replace("from secrets", "from\n  secrets"),
            ["secret-missing"],
        ),
        (f"{PLACE}\n{MISSING}\n{MISSING}", ["image-missing", "quota-reached"]),
        ("(service app) has reached a steady state.", []),
        (f"2026-01-01T10:00:00+00:00 {PLACE}", ["quota-reached"]),
        (
            f"An error occurred (AccessDeniedException) when calling the UpdateService operation: {DENIED}",
            ["permission-missing"],
        ),
        (
            (
                "botocore.errorfactory.ClientException: An error occurred (ClientException) when calling the "
                "UpdateService operation (reached max retries: 4): TaskDefinition is inactive"
            ),
            ["task-definition-inactive"],
        ),
        (
            (
                "Error: operation error ECS: UpdateService, https response error StatusCode: 400, RequestID: 1, "
                "ClientException: TaskDefinition is inactive"
            ),
            ["task-definition-inactive"],
        ),
        (
            (
                "InvalidParameterException: Unable to assume the service linked role. Please verify that the ECS "
                "service linked role exists."
            ),
            ["service-linked-role-missing"],
        ),
        ("Stopped (3) Essential container in task exited\nExit code 137", ["container-killed"]),
        ("Essential container in task exited", ["essential-container-exited"]),
        (
            (
                "An error occurred (AccessDeniedException) when calling the RunTask operation: User: arn:x is not\n"
                "authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/exec"
            ),
            ["pass-role-denied"],
        ),
        (
            "botocore.exceptions.WaiterError: Waiter ServicesStable failed: Max attempts exceeded",
            ["service-not-stable"],
        ),
        (
            'Unable to locate credentials. You can configure credentials by running "aws configure".',
            ["credentials-missing"],
        ),
        ({"log": [""]}, []),
        ("ResourceInitializationError: no VPC endpoint policy allows it", ["task-not-initialized"]),
        ("Error retrieving subnet information for [x]: (ErrorCode: RequestLimitExceeded)", ["aws-throttled"]),
        ("Task stopped because of Availability Zone rebalancing", ["stopped-by-service"]),
        ("Service deployment rolled back because the circuit breaker threshold was exceeded.", ["deployment-failed"]),
        ("An error occurred (Odd) when calling the UpdateService operation: no", ["aws-refused"]),
        (
            "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: no",
            ["permission-missing"],
        ),
        ({"tasks": [TASK, TASK]}, ["image-missing"]),
        ({"tasks": []}, []),
        (
            {"tasks": [TASK], "failures": [{"reason": "RESOURCE:CPU"}], "ResponseMetadata": {}},
            ["image-missing", "no-room"],
        ),
        ({"task": TASK}, ["image-missing"]),
        (TASK, ["image-missing"]),
        ({"stoppedReason": MISSING}, ["image-missing"]),
        ({"detail-type": "ECS Task State Change", "detail": TASK}, ["image-missing"]),
        (
            {
                "detail-type": "ECS Deployment State Change",
                "detail": {"eventName": "SERVICE_DEPLOYMENT_FAILED", "reason": "deployment failed: alarm detected."},
            },
            ["alarm-went-off"],
        ),
        ({"tasks": [{**TASK, "stoppedReason": None, "stopCode": None, "lastStatus": "RUNNING"}]}, []),
        ({"tasks": [{"lastStatus": "STOPPED", "containers": []}]}, ["task-stopped"]),
        (
            {"tasks": [{"lastStatus": "RUNNING", "containers": [{"name": "app", "healthStatus": "UNHEALTHY"}]}]},
            ["container-unhealthy"],
        ),
        (
            {
                "tasks": [
                    {
                        "lastStatus": "STOPPED",
                        "containers": [{"name": "app", "exitCode": 127}],
                        "createdAt": 1469133001.2,
                    }
                ]
            },
            ["command-not-found"],
        ),
        ({"services": [service(deployment(2, "PRIMARY", "IN_PROGRESS"), events=(PLACE,))]}, ["quota-reached"]),
        ({"services": [service(deployment(2, "PRIMARY", "COMPLETED"))], "failures": []}, []),
        ({"service": service(deployment(2, "PRIMARY", "FAILED"))}, ["deployment-failed"]),
        (service(deployment(2, "PRIMARY", "IN_PROGRESS", failedTasks=3)), ["tasks-failed"]),
        (
            {
                "serviceDeployments": [
                    {"status": "ROLLBACK_SUCCESSFUL", "alarms": {"triggeredAlarmNames": ["shop-5xx"]}}
                ]
            },
            ["alarm-went-off"],
        ),
        ({"failures": [{"reason": "MISSING", "arn": "arn:x"}]}, ["missing"]),
        ({"taskDefinition": {"family": "shop", "memory": 512}}, []),
        ({"containerDefinitions": [{"name": "app"}]}, []),
        ({"events": [{"message": PLACE, "timestamp": 1}]}, ["quota-reached"]),
    ],
)
def test_what_is_pasted_is_explained(pasted: str | dict[str, Any], expected: list[str]) -> None:
    assert codes(pasted) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Warning: failed to mount component App: no such file or directory",
        "OutOfMemoryError of a client is reported as 413",
        "TypeError: Cannot read properties of undefined",
        "user quota exceeded for tenant 7",
        "GET /capacity 200",
        "[2026-01-01 10:00:00] INFO listening on 3000",
        '{"level":"info","msg":"AGENT ready"}\n{"level":"info","msg":"LOCATION /x"}',
    ],
)
def test_the_lines_of_an_app_get_no_rule_of_aws(line: str) -> None:
    assert codes(line) == []


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("starting\nError: connect ECONNREFUSED 10.0.0.5:5432", ["database-refused"]),
        ("java.lang.OutOfMemoryError: Java heap space", ["app-heap-exhausted"]),
        ("Essential container in task exited\nError: connect ECONNREFUSED 10.0.0.5:5432", ["database-refused"]),
        ({"log": ["Error: connect ECONNREFUSED 10.0.0.5:5432"]}, ["database-refused"]),
    ],
)
def test_a_log_is_judged_by_the_rules_for_logs(pasted: str | dict[str, Any], expected: list[str]) -> None:
    assert codes(pasted) == expected


def test_the_container_is_named_when_the_task_definition_is_pasted_with_the_task() -> None:
    definition = {
        "taskDefinitionArn": "arn:td:1",
        "containerDefinitions": [{"name": "proxy"}, {"name": "app", "image": "docker.io/acme/shop:7"}],
    }
    task = {**TASK, "taskDefinitionArn": "arn:td:1", "containers": [{"name": "proxy"}, {"name": "app"}]}
    (diagnosis,) = explain(json.dumps({"tasks": [task], "taskDefinition": definition})).diagnoses
    assert diagnosis.container == "app"
    (other,) = explain(
        json.dumps({"tasks": [{**task, "taskDefinitionArn": "arn:td:2"}], "taskDefinition": definition})
    ).diagnoses
    assert other.container == "proxy"


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("", "the input is empty"),
        (" \n ", "the input is empty"),
        ("[]", "a list, not a JSON object"),
        ('["a"]', "a list, not a JSON object"),
        ("42", "a whole number, not a JSON object"),
        ("4.5", "a number, not a JSON object"),
        ("null", "null, not a JSON object"),
        ("true", "true or false, not a JSON object"),
        ('""', "text, not a JSON object"),
        ("{}", "none of the keys tasks"),
        ('{"Tasks": []}', "none of the keys tasks"),
        ('{"tasks": [', "not valid JSON"),
        ('{"tasks": []} {"a": 1}', "not valid JSON"),
        ("[\n {", "not valid JSON"),
        ("{" * 3, "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"tasks": {}}', "tasks is an object, not a list"),
        ('{"tasks": [1]}', "tasks[0] is a whole number, not an object"),
        ('{"tasks": [{"containers": "x"}]}', "tasks[0].containers is text, not a list"),
        ('{"tasks": [{"containers": [{"exitCode": "1"}]}]}', "containers[0].exitCode is text, not a whole number"),
        ('{"tasks": [{"containers": [{"exitCode": true}]}]}', "exitCode is true or false, not a whole number"),
        ('{"tasks": [{"containers": [null]}]}', "containers[0] is null, not an object"),
        ('{"tasks": [{"createdAt": "yesterday"}]}', "tasks[0].createdAt is not a time"),
        ('{"tasks": [{"createdAt": 1e300}]}', "tasks[0].createdAt is not a time"),
        ('{"tasks": [{"createdAt": NaN}]}', "tasks[0].createdAt is not a time"),
        ('{"tasks": [{"createdAt": false}]}', "tasks[0].createdAt is not a time"),
        ('{"taskDefinition": {"memory": []}}', "taskDefinition.memory is a list, not text"),
        ('{"services": [{"deployments": [{"desiredCount": 1.5}]}]}', "desiredCount is a number, not a whole number"),
        (json.dumps({"tasks": [{}] * 1001}), "tasks has more than 1000 entries"),
        ('{"task": 1}', "tasks[0] is a whole number, not an object"),
        ('{"detail": {"eventName": 1}}', "log[0] is a whole number, not text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_place(pasted: str, says: str) -> None:
    with pytest.raises(PastedError) as caught:
        explain(pasted)
    assert says in caught.value.cause
    assert caught.value.exit_code == Exit.USAGE
    assert caught.value.fix


def test_a_half_of_a_surrogate_pair_can_be_printed() -> None:
    (diagnosis,) = explain(
        '{"tasks": [{"stopCode": "EssentialContainerExited", "containers": [{"name": "\\ud800", "exitCode": 1}]}]}'
    ).diagnoses
    assert diagnosis.cause.encode()


OURS = DeploymentQuery("ecs-svc/2", "ecs-svc/1")


@pytest.mark.parametrize(
    ("deployments", "state"),
    [
        ((deployment(2, "PRIMARY", "COMPLETED"),), DeploymentState.SUCCEEDED),
        ((deployment(1, "PRIMARY", "IN_PROGRESS"), deployment(2, "ACTIVE", "FAILED")), DeploymentState.ROLLING_BACK),
        ((deployment(3, "PRIMARY", "IN_PROGRESS"), deployment(2, "ACTIVE", "IN_PROGRESS")), DeploymentState.REPLACED),
    ],
)
def test_the_status_is_what_a_release_would_read(
    deployments: tuple[dict[str, Any], ...], state: DeploymentState
) -> None:
    status = explain(json.dumps({"services": [service(*deployments)]}), OURS).status
    assert status is not None
    assert status.state is state


def test_the_service_deployment_that_is_asked_about_counts() -> None:
    def detail(number: int, status: str) -> dict[str, Any]:
        arn = f"arn:aws:ecs:eu-west-1:1:service-deployment/shop/app/{number}"
        return {
            "serviceDeploymentArn": arn,
            "status": status,
            "targetServiceRevision": {"arn": f"arn:service-revision/shop/app/{number}"},
        }

    document = {
        "services": [service(deployment(2, "PRIMARY", "COMPLETED"), deployment(1, "ACTIVE", "COMPLETED"))],
        "serviceDeployments": [detail(9, "PENDING"), detail(2, "IN_PROGRESS")],
    }
    status = explain(json.dumps(document), OURS).status
    assert status is not None
    assert status.state is DeploymentState.IN_PROGRESS


@pytest.mark.parametrize(
    "naming",
    [
        {"deployments": [deployment(2, "PRIMARY", "COMPLETED")]},
        {"events": [{"message": "(deployment ecs-svc/2) deployment completed."}]},
    ],
)
def test_the_service_that_has_the_deployment_is_taken_when_there_are_several(naming: dict[str, Any]) -> None:
    services = [service(deployment(7, "PRIMARY", "COMPLETED"), name="other"), {**service(name="app"), **naming}]
    assert explain(json.dumps({"services": services}), DeploymentQuery("ecs-svc/2")).status


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        (MISSING, "--deployment needs JSON with services"),
        ('{"tasks": []}', "--deployment needs services"),
        (json.dumps({"services": [service(name="a"), service(name="b")]}), "none or several of the 2 services"),
    ],
)
def test_a_status_without_its_service_is_refused(pasted: str, says: str) -> None:
    with pytest.raises(PastedError) as caught:
        explain(pasted, OURS)
    assert says in caught.value.cause


KEYS = [
    "tasks",
    "services",
    "deployments",
    "events",
    "containers",
    "name",
    "exitCode",
    "createdAt",
    "message",
    "taskDefinition",
    "containerDefinitions",
    "healthCheck",
    "command",
    "failures",
    "reason",
    "log",
    "serviceDeployments",
    "status",
    "lifecycleHookDetails",
    "expiresAt",
    "detail",
    "taskArn",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(JSON | st.text())
def test_anything_is_explained_or_refused(value: Any) -> None:
    texts = (value if isinstance(value, str) else json.dumps(value), json.dumps({"tasks": value, "services": value}))
    for text in texts:
        for query in (None, OURS):
            with suppress(PastedError):
                assert isinstance(explain(text, query).diagnoses, tuple)
