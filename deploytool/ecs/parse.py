"""The answers of ECS reduced to ``ecs.model``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from deploytool.ecs.model import (
    Container,
    Deployment,
    LoadBalancer,
    LogStream,
    ServiceDeployment,
    ServiceEvent,
    ServiceState,
    Task,
    TaskDefinition,
)

Json = Mapping[str, Any]


def parse_service(raw: Json) -> ServiceState:
    """One entry of ``services`` in DescribeServices, or ``service`` in UpdateService."""
    breaker = raw.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    return ServiceState(
        name=raw["serviceName"],
        arn=raw["serviceArn"],
        cluster=raw["clusterArn"],
        status=raw["status"],
        task_definition=raw.get("taskDefinition", ""),
        desired=raw.get("desiredCount", 0),
        running=raw.get("runningCount", 0),
        pending=raw.get("pendingCount", 0),
        deployments=tuple(_deployment(each) for each in raw.get("deployments", ())),
        events=tuple(
            ServiceEvent(id=each["id"], at=each["createdAt"], message=each["message"]) for each in raw.get("events", ())
        ),
        controller=raw.get("deploymentController", {}).get("type", "ECS"),
        circuit_breaker=bool(breaker.get("enable")),
        circuit_breaker_rollback=bool(breaker.get("rollback")),
        load_balancers=tuple(
            LoadBalancer(each["targetGroupArn"], each.get("containerName", ""), each.get("containerPort", 0))
            for each in raw.get("loadBalancers", ())
            if each.get("targetGroupArn")
        ),
        health_check_grace=raw.get("healthCheckGracePeriodSeconds"),
        network=raw.get("networkConfiguration") or {},
        launch_type=raw.get("launchType"),
        capacity_providers=tuple(raw.get("capacityProviderStrategy") or ()),
        platform_version=raw.get("platformVersion") or None,
        current_service_deployment=raw.get("currentServiceDeployment", ""),
        created_at=raw.get("createdAt"),
    )


def _deployment(raw: Json) -> Deployment:
    return Deployment(
        id=raw["id"],
        status=raw["status"],
        task_definition=raw["taskDefinition"],
        rollout_state=raw.get("rolloutState"),
        rollout_state_reason=raw.get("rolloutStateReason", ""),
        desired=raw.get("desiredCount", 0),
        running=raw.get("runningCount", 0),
        pending=raw.get("pendingCount", 0),
        failed_tasks=raw.get("failedTasks", 0),
        created_at=raw.get("createdAt"),
    )


def parse_service_deployment(raw: Json) -> ServiceDeployment:
    """One entry of ``serviceDeployments`` in DescribeServiceDeployments."""
    breaker = raw.get("deploymentCircuitBreaker", {})
    hooks: Sequence[Json] = raw.get("lifecycleHookDetails", ())
    hook: Json = next((each for each in hooks if each.get("status") == "AWAITING_ACTION"), {})
    failed: Json = next((each for each in hooks if each.get("status") in ("FAILED", "TIMED_OUT")), {})
    hook_id = hook.get("hookId", "")
    return ServiceDeployment(
        arn=raw["serviceDeploymentArn"],
        status=raw["status"],
        target_revision=raw.get("targetServiceRevision", {}).get("arn", ""),
        status_reason=raw.get("statusReason", ""),
        lifecycle_stage=raw.get("lifecycleStage", ""),
        rollback_reason=raw.get("rollback", {}).get("reason", ""),
        failure_count=breaker.get("failureCount", 0),
        failure_threshold=breaker.get("threshold", 0),
        triggered_alarms=tuple(raw.get("alarms", {}).get("triggeredAlarmNames", ())),
        failed_hook=failed.get("targetArn") or failed.get("hookId", ""),
        paused_hook=hook.get("targetArn") or hook_id or ("of unknown name" if hook else ""),
        pause_hook_id="" if hook.get("targetArn") else hook_id,
        pause_expires_at=_moment(hook.get("expiresAt")),
        pause_timeout_action=hook.get("timeoutAction", ""),
    )


def _moment(raw: datetime | str | None) -> datetime | None:
    """botocore gives a datetime; the CLI's JSON has it as text."""
    return datetime.fromisoformat(raw) if isinstance(raw, str) else raw


def parse_task(raw: Json, definition: TaskDefinition) -> Task:
    """One entry of ``tasks`` in DescribeTasks, with what its task definition says about its containers."""
    by_name = {each["name"]: each for each in definition.get("containerDefinitions", ())}
    memory = int(definition["memory"]) if str(definition.get("memory", "")).isdigit() else None
    task_id = raw["taskArn"].rsplit("/", 1)[-1]
    return Task(
        arn=raw["taskArn"],
        task_definition=raw["taskDefinitionArn"],
        last_status=raw.get("lastStatus", ""),
        started_by=raw.get("startedBy", ""),
        group=raw.get("group", ""),
        stop_code=raw.get("stopCode", ""),
        stopped_reason=raw.get("stoppedReason", ""),
        health_status=raw.get("healthStatus", "UNKNOWN"),
        created_at=raw.get("createdAt"),
        started_at=raw.get("startedAt"),
        stopped_at=raw.get("stoppedAt"),
        cpu_architecture=definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64"),
        containers=tuple(
            _container(each, by_name.get(each["name"], {}), task_id, memory) for each in raw.get("containers", ())
        ),
    )


def _container(raw: Json, definition: Json, task_id: str, task_memory: int | None) -> Container:
    return Container(
        name=raw["name"],
        last_status=raw.get("lastStatus", ""),
        exit_code=raw.get("exitCode"),
        reason=raw.get("reason", ""),
        health_status=raw.get("healthStatus", "UNKNOWN"),
        image=definition.get("image", raw.get("image", "")),
        essential=definition.get("essential", True),
        command=tuple(definition.get("command") or ()),
        health_command=tuple(definition.get("healthCheck", {}).get("command") or ()),
        memory=definition.get("memory", task_memory),
        log=_log_stream(definition, raw["name"], task_id),
    )


def _log_stream(definition: Json, container: str, task_id: str) -> LogStream | None:
    """The stream awslogs writes to: ``prefix/container/task``; without a prefix it cannot be known."""
    log = definition.get("logConfiguration", {})
    options = log.get("options", {})
    if log.get("logDriver") != "awslogs" or not options.get("awslogs-stream-prefix"):
        return None
    stream = f"{options['awslogs-stream-prefix']}/{container}/{task_id}"
    return LogStream(options.get("awslogs-group", ""), stream, options.get("awslogs-region", ""))
