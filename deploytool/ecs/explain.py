"""What pasted words mean, by the rules that a release judges by: texts of AWS, answers of ECS, lines of a log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from deploytool.aws.api_errors import diagnose_api_error, diagnose_local_error, subject_in
from deploytool.diagnosis import Diagnosis
from deploytool.ecs.app_log import diagnose_log
from deploytool.ecs.deployment_model import DeploymentStatus, Rollout
from deploytool.ecs.deployment_status import judge
from deploytool.ecs.model import Deployment, ServiceDeployment, ServiceState, Task
from deploytool.ecs.pasted import LONGEST, Pasted, PastedError, read_pasted
from deploytool.ecs.task_diagnosis import (
    CONSEQUENCES,
    diagnose_exit,
    diagnose_run_task_failure,
    diagnose_service,
    diagnose_task,
    diagnose_words,
)

LAST_LINES = 500
"""Lines that are judged."""
LONGEST_OF_LOG = 1_000
"""Characters of a line of a log that are judged."""


@dataclass(frozen=True)
class DeploymentQuery:
    """Which deployment's status is asked for; ids of ECS and ARNs of task definitions, empty where not known."""

    deployment: str
    previous_deployment: str = ""
    task_definition: str = ""
    previous_task_definition: str = ""


@dataclass(frozen=True)
class Explanation:
    """What the input means; ``status`` is ``None`` where no deployment was asked for."""

    diagnoses: tuple[Diagnosis, ...]
    status: DeploymentStatus | None = None


def explain(text: str, query: DeploymentQuery | None = None) -> Explanation:
    """What ``text`` means: words of AWS, a log, or a JSON document. Raises PastedError."""
    pasted = read_pasted(text)
    if isinstance(pasted, str):
        if query is not None:
            raise PastedError("--deployment needs JSON with services", "paste the answer of aws ecs describe-services")
        return Explanation(_distinct(_of_text(pasted)))
    status = _status(pasted, query) if query is not None else None
    return Explanation(_distinct(_of_document(pasted, query)), status)


def _of_document(pasted: Pasted, query: DeploymentQuery | None) -> Iterator[Diagnosis]:
    yield from map(diagnose_run_task_failure, pasted.failures)
    log = pasted.lines
    for task in pasted.tasks:
        if _stopped(task):
            yield diagnose_task(task, log)
    for service in pasted.services:
        detail = _detail_of(service, query, pasted.service_deployments)
        yield from diagnose_service(service.events, _telling(service, query), detail)
    if not pasted.services:
        for detail in pasted.service_deployments:
            yield from diagnose_service((), None, detail)
    if log and not pasted.tasks:
        yield from _of_text("\n".join(log))


def _stopped(task: Task) -> bool:
    """Stopped, stopping, or running and not well."""
    words = task.stopped_reason or task.stop_code or any(each.reason for each in task.containers)
    ended = any(each.health_status == "UNHEALTHY" or each.exit_code is not None for each in task.containers)
    return bool(words) or ended or task.last_status == "STOPPED"


def _telling(service: ServiceState, query: DeploymentQuery | None) -> Deployment | None:
    """The deployment that is asked about, else one that failed, else the first that ECS lists."""
    asked = [each for each in service.deployments if query and each.id == query.deployment]
    failed = [each for each in service.deployments if each.rollout_state == "FAILED" or each.failed_tasks]
    return next(iter((*asked, *failed, *service.deployments)), None)


def _detail_of(
    service: ServiceState, query: DeploymentQuery | None, details: Sequence[ServiceDeployment]
) -> ServiceDeployment | None:
    """The service deployment that is asked about, else the newest of the service (AWS lists that first)."""
    of_service = [each for each in details if _in_service(each, service)]
    asked = query.deployment if query else ""
    return next((each for each in of_service if _is_target(each, asked)), next(iter(of_service), None))


def _in_service(detail: ServiceDeployment, service: ServiceState) -> bool:
    """By the name in ``…:service-deployment/CLUSTER/SERVICE/ID``; an ARN of another form may be of any."""
    parts = detail.arn.split("/")
    return len(parts) != 4 or parts[2] == service.name


def _is_target(detail: ServiceDeployment, deployment: str) -> bool:
    return bool(deployment) and detail.target_revision.rpartition("/")[2] == deployment.rpartition("/")[2]


def _status(pasted: Pasted, query: DeploymentQuery) -> DeploymentStatus:
    """What a release that began the deployment would read from this answer."""
    service = _asked_service(pasted.services, query)
    ours = next((each for each in service.deployments if each.id == query.deployment), None)
    previous = next((each for each in service.deployments if each.id == query.previous_deployment), None)
    rollout = Rollout(
        service=service.name,
        deployment_id=query.deployment,
        task_definition=query.task_definition or (ours.task_definition if ours else ""),
        previous_deployment_id=query.previous_deployment,
        previous_task_definition=query.previous_task_definition or (previous.task_definition if previous else ""),
        created_at=ours.created_at if ours else None,
    )
    details = [each for each in pasted.service_deployments if _is_target(each, query.deployment)]
    return judge(rollout, service, next(iter(details), None), out_of_time=False)


def _asked_service(services: Sequence[ServiceState], query: DeploymentQuery) -> ServiceState:
    """The only service, else the one that lists or names the deployment. Raises PastedError."""
    if not services:
        raise PastedError("--deployment needs services in the JSON", "paste the answer of aws ecs describe-services")
    if len(services) == 1:
        return services[0]
    ids = {query.deployment, query.previous_deployment} - {""}
    listing = [each for each in services if ids & {deployment.id for deployment in each.deployments}]
    naming = [each for each in services if any(query.deployment in event.message for event in each.events)]
    for candidates in (listing, naming):
        if len(candidates) == 1:
            return candidates[0]
    raise PastedError(
        f"none or several of the {len(services)} services list deployment {query.deployment}",
        "paste the answer for one service",
    )


_API_ERROR = (
    re.compile(
        r"An error occurred \((?P<code>[\w.]+)\) when calling the (?P<operation>\w+) operation(?: \([^)]*\))?: ?"
        r"(?P<message>.*)",
        re.DOTALL,
    ),
    re.compile(
        r"operation error (?P<service>[A-Za-z ]+): (?P<operation>\w+),.*?(?:api error )?"
        r"(?P<code>[A-Z]\w*(?:Exception|Error|Operation|Denied|Exceeded|Throttling))?: (?P<message>.*)",
        re.DOTALL,
    ),
    re.compile(r"^\W*(?:[\w.]+\.)?(?P<code>[A-Z]\w*(?:Exception|Fault|AccessDenied)): (?P<message>.*)", re.DOTALL),
    re.compile(r"^(?P<message>.*\(ErrorCode: (?P<code>\w+)\))", re.DOTALL),
)
"""As the AWS CLI and botocore, the SDKs for Go (and Terraform), and others print it."""
_SERVICES = {
    "GetAuthorizationToken": "ecr", "BatchGetImage": "ecr", "DescribeImages": "ecr", "DescribeRepositories": "ecr",
    "AssumeRole": "sts", "AssumeRoleWithWebIdentity": "sts", "GetCallerIdentity": "sts", "PassRole": "iam",
    "GetSecretValue": "secretsmanager", "GetParameters": "ssm", "GetParameter": "ssm", "FilterLogEvents": "logs",
    "GetLogEvents": "logs", "CreateLogStream": "logs", "CreateLogGroup": "logs", "PutLogEvents": "logs",
    "GetObject": "s3", "HeadObject": "s3", "PutItem": "dynamodb", "GetItem": "dynamodb", "UpdateItem": "dynamodb",
    "DescribeStacks": "cloudformation", "CreateChangeSet": "cloudformation", "DescribeAlarms": "cloudwatch",
    "DescribeTargetHealth": "elasticloadbalancing", "DescribeTargetGroups": "elasticloadbalancing",
}  # fmt: skip
"""The service of an operation as IAM calls it, where it is not ECS."""
_OF_AWS = re.compile(
    r"(?-i:\b(?:ResourceInitialization|CannotPull\w*|CannotStart\w*|CannotCreate\w*|CannotStop\w*|CannotInspect\w*|"
    r"CannotCreateVolume|"
    r"ContainerRuntime\w*|DockerTimeout|SpotInterruption)Error\b)|TaskFailedToStart|"
    r"OutOfMemoryError: Container killed|secrets? or registry auth|\(service [^)]+\)|\bservice \S+ (?:was unable|"
    r"is unable|"
    r"failed to|operations are|has (?:started|stopped|begun|reached)|deployment failed|\(instance)|ECS deployment|"
    r"deployment (?:ecs-svc/\S+ )?failed:|failed (?:ELB|VPC Lattice|container) health checks|"
    r"Essential container in task exited|^(?:\W*)RESOURCE:|EMPTY CAPACITY PROVIDER|placement constraint|"
    r"Timeout waiting for (?:network interface|EphemeralStorage)|Unexpected EC2 error|Spot (?:Task|capacity)|"
    r"failed to (?:download env files|invoke EFS utils|validate logger args|initialize logging driver|configure ENI)|"
    r"Capacity is unavailable|You've reached the limit|Unable to launch instance|unable to (?:place|"
    r"start) (?:a )?tasks?|"
    r"Scaling activity initiated|Host EC2|stopped by user|performing maintenance|account is (?:currently )?blocked|"
    r"container instance met all|No Container Instances|configuration is above your limit|steady state|"
    r"image digest resolution|under protection|protected tasks|unable to assume (?:the |a )?(?:service.linked )?role|"
    r"failed to resolve ref|pull access denied|does not contain descriptor matching platform|no matching manifest for|"
    r"OCI runtime|exec format error|is unhealthy in \(?(?:target-group|elb)|circuit breaker|alarm detected|"
    r"hook execution fail|the task can(?:no|')t pull|Container instance |TARGET (?:GROUP )?IS NOT FOUND|"
    r"alarms?(?:\(s\))? (?:detected|in ALARM)|Spot task is|fetching secret data from|lifecycle hook|service deployment|"
    r"ServicesStable|tfSTABLE|did not stabilize|NotStabilized|"
    r"Availability Zone rebalanc|NO ACTIVE INSTANCES|the agent connected|^\W*(?-i:InternalError): |"
    r"^\W*exit ?code:? \d+\b",
    re.IGNORECASE,
)
"""What only AWS or a container runtime says. The lines of an app are not judged by rules for AWS's words."""
_CONTINUES = re.compile(r"\s+[\w(]|[a-z(:]")
"""How a line begins that continues the one above; a new message begins with a capital, a bracket or a time."""
_EXIT_CODE = re.compile(
    r"(?:Essential container in task exited.*?|^\W*|\()exit ?code:? ?(?P<code>\d{1,3})\b", re.IGNORECASE
)


def _of_text(text: str) -> Iterator[Diagnosis]:
    """What AWS's lines mean, each for itself, and what the others say as the log of an app.

    A line of AWS that a terminal wrapped is read as one; where that explains nothing, the rest may be the log.
    """
    lines = [line.rstrip()[:LONGEST] for line in text.splitlines() if line.strip()][-LAST_LINES:]
    subject = subject_in(text)
    log: list[str] = []
    for parts in _wrapped(lines):
        diagnosis = _of_line(" ".join(part.strip() for part in parts)[:LONGEST], subject)
        if diagnosis is None or diagnosis.code in CONSEQUENCES:
            log += parts if diagnosis is None else parts[1:]
        if diagnosis is not None:
            yield diagnosis
    reason = diagnose_log([line[:LONGEST_OF_LOG] for line in log])
    if reason is not None:
        yield reason


def _wrapped(lines: Iterable[str]) -> Iterator[list[str]]:
    """Each line of AWS with those that continue it; every other line alone."""
    parts: list[str] = []
    for line in lines:
        continues = bool(parts) and _is_of_aws(parts[0]) and _CONTINUES.match(line) and not _is_of_aws(line)
        if parts and not continues:
            yield parts
            parts = []
        parts.append(line)
    if parts:
        yield parts


def _is_of_aws(line: str) -> bool:
    return _OF_AWS.search(line) is not None or any(form.search(line) for form in _API_ERROR)


def _of_line(line: str, subject: str) -> Diagnosis | None:
    local = diagnose_local_error(line)
    if local is not None:
        return local
    if _OF_AWS.search(line) and not _API_ERROR[0].search(line):
        ended = _EXIT_CODE.search(line)
        return diagnose_exit(int(ended["code"])) if ended else diagnose_words(line)
    for form in _API_ERROR:
        if match := form.search(line):
            groups = match.groupdict()
            operation = groups.get("operation") or ""
            service = _SERVICES.get(operation, "ecs")
            action = f"{service}:{operation}" if operation else "the call"
            return diagnose_api_error(groups["code"] or "", groups["message"], action, subject)
    return None


def _distinct(diagnoses: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Each once, what explains most first; of mere consequences and generic words only what nothing explains."""
    by_cause: dict[tuple[str, str], Diagnosis] = {}
    for diagnosis in diagnoses:
        by_cause.setdefault((diagnosis.code, diagnosis.cause), diagnosis)
    if len(by_cause) > 1:
        by_cause = {key: each for key, each in by_cause.items() if each.code != "essential-container-exited"}
    ordered = sorted(by_cause.values(), key=lambda each: (each.code in CONSEQUENCES, not each.fatal))
    causes = [each for each in ordered if each.code not in CONSEQUENCES]
    return tuple(causes or ordered)
