"""Why a task stopped, by every sign ECS gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ecs.model import Container, LogStream, Task
from deploytool.ecs.task_diagnosis import diagnose_task, ended_by_failure
from tests.unit.ecs.diagnosis_table import IMAGE, IMAGES_COMMANDS_PLACES, Text
from tests.unit.ecs.diagnosis_table_secrets import SECRETS_AND_LOGS

NEVER_STARTED = IMAGES_COMMANDS_PLACES + SECRETS_AND_LOGS

APP = Container(
    "app",
    "STOPPED",
    image=IMAGE,
    command=("node", "server.js"),
    health_command=("CMD-SHELL", "curl -f http://localhost/"),
    memory=512,
    log=LogStream("/shop/app", "app/app/1"),
)
PROXY = Container("proxy", "STOPPED", image="envoy:1")


def task(*containers: Container, code: str = "EssentialContainerExited", reason: str = "", cpu: str = "X86_64") -> Task:
    arn = "arn:aws:ecs:us-east-1:123456789012:task/shop/0123abcd"
    return Task(
        arn,
        "shop-app:12",
        "STOPPED",
        stop_code=code,
        stopped_reason=reason,
        cpu_architecture=cpu,
        containers=containers,
    )


def exited(code: int | None, reason: str = "", base: Container = APP) -> Container:
    return replace(base, exit_code=code, reason=reason)


@pytest.mark.parametrize("text", NEVER_STARTED, ids=lambda text: text.row)
@pytest.mark.parametrize("where", ["stoppedReason", "containers[].reason"])
def test_a_task_that_never_started_is_explained(text: Text, where: str) -> None:
    if where == "stoppedReason":
        seen = task(APP, code="TaskFailedToStart", reason=text.reason)
    else:
        seen = task(exited(None, text.reason), PROXY, code="TaskFailedToStart")
    found = diagnose_task(seen)
    assert found.code == text.code
    assert text.tells in f"{found.cause} {found.fix}"
    assert (found.fatal, found.retriable) == (text.fatal, text.retriable)
    assert found.subject == "container app"
    assert "{" not in found.cause + found.fix


EXITS = {
    0: ("container-ended", "must keep running", False),
    1: ("container-failed", "the program failed", False),
    2: ("container-failed", "wrong arguments", False),
    3: ("container-failed", "code 3", False),
    126: ("command-not-executable", "cannot be executed", True),
    127: ("command-not-found", "not found in the image", True),
    134: ("container-crashed", "SIGABRT", False),
    137: ("container-killed", "512 MiB", False),
    139: ("container-crashed", "segmentation fault", False),
    143: ("container-terminated", "SIGTERM", False),
    255: ("container-failed", "could not be run at all", False),
}


@pytest.mark.parametrize(("code", "expected"), EXITS.items())
def test_an_exit_code_is_explained_with_the_container_and_its_log(code: int, expected: tuple[str, str, bool]) -> None:
    found = diagnose_task(task(exited(code), reason="Essential container in task exited"), ["starting", "Error: boom"])
    assert (found.code, found.fatal, found.retriable) == (expected[0], expected[2], False)
    assert expected[1] in f"{found.cause} {found.fix}"
    assert "container app" in found.cause
    assert found.subject == "container app"
    assert found.log == ("starting", "Error: boom")
    assert found.quote == "Essential container in task exited"


def test_a_failed_program_is_quoted_by_the_last_line_of_its_log_that_speaks_of_a_failure() -> None:
    found = diagnose_task(task(exited(1)), ["Error: old", "Error: connect ECONNREFUSED 10.0.0.5:5432", "bye"])
    assert found.cause.endswith("its log says: Error: connect ECONNREFUSED 10.0.0.5:5432")


def test_a_long_log_line_is_cut() -> None:
    assert len(diagnose_task(task(exited(1)), ["error " + "x" * 1000]).cause) < 300


def test_out_of_memory_names_the_limit_and_the_field_to_raise() -> None:
    hit = exited(137, "OutOfMemoryError: Container killed due to memory usage")
    found = diagnose_task(task(exited(1, base=PROXY), hit))
    assert found.code == "out-of-memory"
    assert found.subject == "container app"
    assert "limit of 512 MiB" in found.cause
    assert "raise memory of container app" in found.fix


@pytest.mark.parametrize(
    "line",
    [
        "exec /usr/local/bin/node: exec format error",
        "standard_init_linux.go:228: exec user process caused: exec format error",
    ],
)
@pytest.mark.parametrize(("cpu", "platform"), [("X86_64", "linux/amd64"), ("ARM64", "linux/arm64"), ("Z80", "Z80")])
def test_exec_format_error_in_the_log_alone_means_another_cpu(line: str, cpu: str, platform: str) -> None:
    found = diagnose_task(task(exited(1), reason="Essential container in task exited", cpu=cpu), [line])
    assert found.code == "image-wrong-cpu"
    assert found.fatal
    assert platform in found.cause
    assert line in found.quote


GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-app/0123456789abcdef"


@pytest.mark.parametrize("code", ["ServiceSchedulerInitiated", "UserInitiated"])
def test_failed_elb_health_checks_name_the_target_group(code: str) -> None:
    found = diagnose_task(
        task(exited(143), code=code, reason=f"Task failed ELB health checks in (target-group {GROUP})")
    )
    assert found.code == "elb-health-check-failed"
    assert "target group shop-app" in found.cause
    assert "healthCheckGracePeriodSeconds" in found.fix


@pytest.mark.parametrize(
    "seen",
    [
        task(exited(137), code="ServiceSchedulerInitiated", reason="Task failed container health checks"),
        task(replace(exited(137), health_status="UNHEALTHY"), code="ServiceSchedulerInitiated"),
        task(replace(APP, health_status="UNHEALTHY"), code=""),
    ],
    ids=["stoppedReason", "healthStatus", "healthStatus of a running task"],
)
def test_an_unhealthy_container_is_told_with_its_health_command(seen: Task) -> None:
    found = diagnose_task(seen)
    assert found.code == "container-unhealthy"
    assert "curl -f http://localhost/" in found.cause


@pytest.mark.parametrize(
    ("stop_code", "code", "tells"),
    [
        ("SpotInterruption", "spot-interrupted", "not the code's fault"),
        ("TerminationNotice", "host-retired", "not the code's fault"),
        ("InfrastructureHealth", "host-unhealthy", "not the code's fault"),
        ("UserInitiated", "stopped-by-request", "StopTask"),
        ("ServiceSchedulerInitiated", "stopped-by-service", "the service stopped the task"),
    ],
)
def test_a_stop_code_says_who_stopped_the_task(stop_code: str, code: str, tells: str) -> None:
    found = diagnose_task(task(exited(143), code=stop_code, reason="Words of the future."))
    assert found.code == code
    assert tells in f"{found.cause} {found.fix}"
    assert found.quote == "Words of the future."


def test_a_failing_exit_code_counts_more_than_the_scheduler_having_stopped_the_task() -> None:
    assert diagnose_task(task(exited(1), code="ServiceSchedulerInitiated")).code == "container-failed"


def test_without_a_stop_code_the_exit_code_is_what_is_left() -> None:
    assert diagnose_task(task(exited(143), code="")).code == "container-terminated"


def test_a_task_of_which_ecs_says_nothing_is_named_by_its_id() -> None:
    found = diagnose_task(task(code=""))
    assert (found.code, found.subject) == ("task-stopped", "task 0123abcd")


def test_the_container_that_failed_is_blamed_and_not_those_told_to_stop_with_it() -> None:
    found = diagnose_task(task(exited(143, base=PROXY), exited(1), replace(PROXY, name="x", exit_code=0)))
    assert found.subject == "container app"


def test_a_container_that_is_not_essential_is_not_blamed() -> None:
    found = diagnose_task(task(replace(PROXY, essential=False, exit_code=1), exited(0)))
    assert (found.subject, found.code) == ("container app", "container-ended")


UNWELL = "UNHEALTHY"
CONNECT = Container("ecs-service-connect-5wB2j", "STOPPED")
INIT = Container("migrate", "STOPPED", essential=False)
BLAMED = {
    "a proxy's health check": (
        task(replace(exited(0), health_status="HEALTHY"), replace(PROXY, exit_code=137, health_status=UNWELL),
             reason="Task failed container health checks"),
        "proxy", "container-unhealthy", "the health check of container proxy failed",
    ),
    "the only one with a health check": (
        task(exited(137, base=PROXY), exited(137), reason="Task failed container health checks"),
        "app", "container-unhealthy", "curl -f",
    ),
    "Service Connect unhealthy": (
        task(exited(143), replace(CONNECT, exit_code=0, health_status=UNWELL), code="ServiceSchedulerInitiated",
             reason="Task failed container health checks"),
        CONNECT.name, "service-connect-failed", "became unhealthy",
    ),
    "Service Connect crashed": (
        task(exited(143), replace(CONNECT, exit_code=139)), CONNECT.name, "service-connect-failed", "code 139",
    ),
    "an init container": (task(exited(None), replace(INIT, exit_code=1)), "migrate", "container-failed", "code 1"),
    "not an init container that ended well": (
        task(exited(1), replace(INIT, exit_code=0)), "app", "container-failed", "code 1",
    ),
    "a sidecar that could not be pulled": (
        task(exited(143), replace(PROXY, reason="CannotPullContainerError: failed to resolve ref envoy:1: not found")),
        "proxy", "image-missing", "envoy:1",
    ),
    "a log router out of memory": (
        task(exited(143), replace(PROXY, exit_code=137, reason="OutOfMemoryError: Container killed due to memory")),
        "proxy", "out-of-memory", "its limit",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "container", "code", "tells"), BLAMED.values(), ids=BLAMED)
def test_the_unhealthy_or_failed_container_is_blamed(seen: Task, container: str, code: str, tells: str) -> None:
    found = diagnose_task(seen)
    assert (found.container, found.code) == (container, code)
    assert tells in found.cause


@pytest.mark.parametrize(
    ("reason", "stop_code", "failed"),
    [
        ("", "EssentialContainerExited", True),
        ("Your Spot Task was interrupted.", "", True),
        ("Your Spot Task was interrupted.", "ServiceSchedulerInitiated", True),
        ("Task failed container health checks", "ServiceSchedulerInitiated", True),
        ("CannotPullContainerError: failed to resolve ref shop:1: not found", "", True),
        ("Scaling activity initiated by (deployment ecs-svc/1)", "ServiceSchedulerInitiated", False),
        ("Scaling activity initiated by (deployment ecs-svc/1)", "", False),
        ("Task stopped by user", "UserInitiated", False),
        ("", "", False),
    ],
)
def test_a_task_counts_as_failed_by_what_ecs_says_also_without_a_stop_code(
    reason: str, stop_code: str, failed: bool
) -> None:
    assert ended_by_failure(task(exited(2), code=stop_code, reason=reason)) is failed


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Your Spot Task was interrupted.", "spot-interrupted"),
        ("ECS is performing maintenance on the underlying infrastructure hosting the task.", "host-retired"),
        ("Host EC2 (instance i-0123) terminated.", "host-stopped"),
        ("Scaling activity initiated by (deployment ecs-svc/1)", "stopped-by-service"),
    ],
)
def test_what_aws_stops_is_no_fault_of_the_program_whatever_its_exit_code(reason: str, code: str) -> None:
    assert diagnose_task(task(exited(2), code="", reason=reason)).code == code


def test_the_container_whose_image_is_named_is_blamed_when_nothing_started() -> None:
    reason = f"CannotPullContainerError: {IMAGE}: not found"
    assert diagnose_task(task(PROXY, APP, code="TaskFailedToStart", reason=reason)).subject == "container app"


def test_nothing_is_retriable_once_a_container_has_started() -> None:
    timeout = "CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout"
    assert not diagnose_task(task(exited(None, timeout), exited(0, base=PROXY), code="TaskFailedToStart")).retriable


def test_request_ids_are_cut_from_the_quote() -> None:
    denied = next(text for text in NEVER_STARTED if text.row == "secret: AccessDenied")
    quote = diagnose_task(task(APP, code="TaskFailedToStart", reason=denied.reason)).quote
    assert "6d1e0a0c" not in quote
    assert quote.endswith("status code: 400")


@given(st.text(), st.none() | st.integers(0, 300), st.sampled_from(["TaskFailedToStart", "UserInitiated", ""]))
def test_any_words_of_aws_get_an_answer(reason: str, exit_code: int | None, stop_code: str) -> None:
    found = diagnose_task(task(exited(exit_code), code=stop_code, reason=reason), [reason])
    assert found.cause
    assert found.fix
