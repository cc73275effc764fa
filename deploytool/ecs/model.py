"""What ECS and Elastic Load Balancing report, reduced to what decisions need. Names are those of their APIs.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class TargetGroup:
    """How a target group finds out whether its targets are healthy."""

    arn: str
    protocol: str = "HTTP"
    """HTTP, HTTPS, TCP and so on: of the health check."""
    port: str = "traffic-port"
    """A number, or that of the target itself."""
    path: str = ""
    """Empty for TCP."""
    codes: str = ""
    """``200``, ``200-399``, ``0`` for gRPC; empty where none are expected."""
    interval: int = 30
    """Seconds."""
    timeout: int = 5
    """Seconds that an answer may take."""
    misses: int = 2
    """Failed checks in a row after which a target is unhealthy."""


@dataclass(frozen=True)
class Target:
    """One target's health."""

    id: str
    """Its address, or its instance's id."""
    port: int
    state: str
    """initial, healthy, unhealthy, draining, unused or unavailable."""
    reason: str = ""
    """Such as ``Target.ResponseCodeMismatch``."""
    description: str = ""
    """Such as ``Health checks failed with these codes: [500]``."""


TaskDefinition = Mapping[str, Any]
"""A task definition as DescribeTaskDefinition returns it, unknown fields included."""


def revision(arn: str) -> str:
    """``family:7`` of a task definition's ARN."""
    return arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Deployment:
    """One entry of ``deployments`` in DescribeServices."""

    id: str
    status: str
    """PRIMARY, ACTIVE or INACTIVE."""
    task_definition: str
    rollout_state: str | None = None
    """COMPLETED, FAILED or IN_PROGRESS; ``None`` where ECS does not say."""
    rollout_state_reason: str = ""
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed_tasks: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True)
class ServiceEvent:
    """One entry of ``events`` in DescribeServices; ECS keeps the last hundred."""

    id: str
    at: datetime
    message: str


@dataclass(frozen=True)
class LoadBalancer:
    """One entry of ``loadBalancers`` of a service."""

    target_group_arn: str
    container_name: str
    container_port: int


@dataclass(frozen=True)
class ServiceState:
    """A service as DescribeServices saw it at one moment."""

    name: str
    arn: str
    cluster: str
    status: str
    """ACTIVE, DRAINING or INACTIVE."""
    task_definition: str
    desired: int
    running: int
    pending: int
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    controller: str = "ECS"
    """ECS, CODE_DEPLOY or EXTERNAL."""
    circuit_breaker: bool = False
    circuit_breaker_rollback: bool = False
    load_balancers: tuple[LoadBalancer, ...] = ()
    health_check_grace: int | None = None
    """``healthCheckGracePeriodSeconds``: for so long the load balancer's failed checks of a new task do not count."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """``networkConfiguration``, given on to RunTask unchanged."""
    launch_type: str | None = None
    capacity_providers: tuple[Mapping[str, Any], ...] = ()
    platform_version: str | None = None
    current_service_deployment: str = ""
    """ARN; may be behind the truth, so only a hint (https://github.com/kayac/ecspresso/issues/945)."""
    created_at: datetime | None = None
    """When the service itself was created."""

    @property
    def primary(self) -> Deployment | None:
        """The deployment ECS is moving the service to, or has moved it to."""
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)


@dataclass(frozen=True)
class ServiceDeployment:
    """One answer of DescribeServiceDeployments."""

    arn: str
    status: str
    """PENDING, IN_PROGRESS, SUCCESSFUL, STOPPED, STOP_REQUESTED, ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS,
    ROLLBACK_SUCCESSFUL or ROLLBACK_FAILED."""
    target_revision: str = ""
    """ARN of the target service revision; ends in the digits of the deployment's id."""
    status_reason: str = ""
    lifecycle_stage: str = ""
    rollback_reason: str = ""
    failure_count: int = 0
    failure_threshold: int = 0
    triggered_alarms: tuple[str, ...] = ()
    failed_hook: str = ""
    """ARN of the function of a lifecycle hook that failed or timed out, else its id."""
    paused_hook: str = ""
    """ARN of the lifecycle hook's function, or id of the PAUSE hook, that awaits an action."""
    pause_hook_id: str = ""
    """Id by which a person lets a PAUSE hook go on; empty for a hook that has a function."""
    pause_expires_at: datetime | None = None
    pause_timeout_action: str = ""
    """What ECS does when the pause expires: ROLLBACK or CONTINUE; empty where it does not say."""


@dataclass(frozen=True)
class LogStream:
    """Where a container's output goes with the awslogs driver."""

    group: str
    stream: str
    region: str = ""


@dataclass(frozen=True)
class Container:
    """One container of a task, as DescribeTasks reports it, with what its definition says about it."""

    name: str
    last_status: str = ""
    exit_code: int | None = None
    """``None``: the container never started."""
    reason: str = ""
    health_status: str = "UNKNOWN"
    image: str = ""
    essential: bool = True
    command: tuple[str, ...] = ()
    health_command: tuple[str, ...] = ()
    memory: int | None = None
    """MiB, the container's hard limit, else the task's."""
    log: LogStream | None = None


@dataclass(frozen=True)
class Task:
    """A task, as DescribeTasks reports it."""

    arn: str
    task_definition: str
    last_status: str
    started_by: str = ""
    group: str = ""
    stop_code: str = ""
    stopped_reason: str = ""
    health_status: str = "UNKNOWN"
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    cpu_architecture: str = "X86_64"
    containers: tuple[Container, ...] = ()

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class RunTaskFailure:
    """One entry of ``failures`` in RunTask's answer: on HTTP 200, and yet no task."""

    reason: str
    arn: str = ""
    detail: str = ""


@dataclass(frozen=True)
class StandaloneTask:
    """A task beside the services, as ECS calls it: what RunTask is told of it besides its revision."""

    container: str
    """Whose command is set, whose log is followed, whose exit code counts."""
    command: tuple[str, ...] | None
    network_from: ServiceState
    """The service whose network and capacity the task copies."""


RELEASE_TAG = "deploytool:release"
