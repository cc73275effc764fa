"""What is looked up before planning, in parallel: services, images, and what their task definitions refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from deploytool.aws.call import call
from deploytool.aws.session import Session, account_id
from deploytool.config.model import EnvironmentConfig
from deploytool.ecs.client import Ecs
from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.model import ServiceState, TaskDefinition
from deploytool.ecs.task_definition import references
from deploytool.errors import CloudError, NotFound, PermissionMissing
from deploytool.release.model import ObservedService, ObservedState, Problem, PublishedImage

FindImage = Callable[[str], PublishedImage | None]
"""Image name of the configuration → what the registry holds for this commit."""


def inspect(
    session: Session,
    ecs: Ecs,
    settings: EnvironmentConfig,
    find_image: FindImage,
    templates: Mapping[str, TaskDefinition],
) -> ObservedState:
    """The environment as it is, with a problem for everything that is missing. Raises CloudError."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        account = pool.submit(account_id, session)
        cluster = pool.submit(_cluster, session, settings)
        services = pool.submit(inspect_services, session, ecs, settings)
        images = {name: pool.submit(find_image, name) for name in settings.images}
        migrate = pool.submit(_migrate, ecs, settings)
        problems = [*cluster.result()]
        states, missing_services = services.result()
        problems += [] if problems else missing_services
        definition, missing_migrate = migrate.result()
        problems += [] if "migrate" in templates else missing_migrate
        published = {}
        for name, future in images.items():
            try:
                published[name] = future.result()
            except NotFound as error:
                published[name] = None
                problems.append(Problem(error.cause, error.fix))
        return ObservedState(
            account=account.result(),
            services=states,
            images=published,
            migrate=definition,
            templates=templates,
            problems=tuple(problems),
        )


def _cluster(session: Session, settings: EnvironmentConfig) -> list[Problem]:
    answer = call(session.client("ecs"), "describe_clusters", clusters=[settings.cluster])
    if any(cluster["status"] == "ACTIVE" for cluster in answer["clusters"]):
        return []
    return [Problem(
        f"there is no active cluster {settings.cluster} in {settings.region}",
        f"correct environments.{settings.environment}.cluster or its region in deploytool.yml",
    )]  # fmt: skip


def inspect_services(
    session: Session, ecs: Ecs, settings: EnvironmentConfig
) -> tuple[dict[str, ObservedService], list[Problem]]:
    """The configured services that exist, and a problem for each that does not."""
    try:
        states = ecs.services([service.service for service in settings.services.values()])
    except NotFound:
        return {}, []
    problems = [
        Problem(
            f"there is no service {service.service} in cluster {settings.cluster}",
            f"create it first, or correct services.{key} in deploytool.yml",
        )
        for key, service in settings.services.items()
        if service.service not in states
    ]
    present = {key: states[service.service] for key, service in settings.services.items() if service.service in states}
    with ThreadPoolExecutor(max_workers=8) as pool:
        services = pool.map(lambda item: _service(session, ecs, settings, *item), present.items())
        return {service.key: service for service in services}, problems


def count_restarts(ecs: Ecs, services: Mapping[str, ObservedService]) -> dict[str, int | None]:
    """By key: tasks of the revision that runs which failed and are still listed; ``None`` where IAM hides them."""

    def restarts(service: ObservedService) -> int | None:
        state = service.state
        rollout = Rollout(state.name, state.primary.id if state.primary else "", state.task_definition)
        try:
            return len(ecs.failed_tasks(rollout))
        except PermissionMissing:
            return None

    with ThreadPoolExecutor(max_workers=8) as pool:
        return dict(zip(services, pool.map(restarts, services.values()), strict=True))


def _service(session: Session, ecs: Ecs, settings: EnvironmentConfig, key: str, state: ServiceState) -> ObservedService:
    definition = ecs.task_definition(state.task_definition)
    verify = settings.services[key].verify
    asks_host = verify is not None and "${host}" in (verify.url or "")
    return ObservedService(
        key=key,
        state=state,
        task_definition=definition,
        tags={tag["key"]: tag["value"] for tag in definition.get("tags", ())},
        host=_host(session, state) if asks_host else "",
    )


def _host(session: Session, state: ServiceState) -> str:
    """DNS name of the load balancer in front of the service."""
    if not state.load_balancers:
        return ""
    client = session.client("elbv2")
    groups = call(client, "describe_target_groups", TargetGroupArns=[state.load_balancers[0].target_group_arn])
    arns = [arn for group in groups["TargetGroups"] for arn in group.get("LoadBalancerArns", ())]
    if not arns:
        return ""
    return str(call(client, "describe_load_balancers", LoadBalancerArns=arns[:1])["LoadBalancers"][0]["DNSName"])


def _migrate(ecs: Ecs, settings: EnvironmentConfig) -> tuple[TaskDefinition | None, list[Problem]]:
    if settings.migrate is None:
        return None, []
    try:
        return ecs.task_definition(settings.migrate.task), []
    except (NotFound, CloudError) as error:
        return None, [Problem(
            f"the task definition {settings.migrate.task} of the migrate task cannot be read: {error.cause}",
            "register it once, give migrate.template, or take migrate out of deploytool.yml",
        )]  # fmt: skip


Check = Callable[[Session, str], Problem | None]
"""Raises NotFound or PermissionMissing."""


def preflight(session: Session, definitions: Iterable[TaskDefinition]) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems and warnings: secrets, roles and log groups that do not exist, or that IAM does not let us check."""
    checks: dict[tuple[str, str], Check] = {}
    for named in map(references, definitions):
        checks |= {("secret", secret.resource): _secret for secret in named.secrets}
        checks |= {("log group", group): _log_group for group in named.log_groups}
        checks |= {("role", arn): _role for arn in named.roles}

    def check(item: tuple[tuple[str, str], Check]) -> Problem | str | None:
        (kind, name), exists = item
        try:
            return exists(session, name)
        except NotFound:
            return Problem(
                f"the {kind} {name} does not exist", "create it, or correct the task definition that names it"
            )
        except PermissionMissing as denied:
            return f"could not check whether the {kind} {name} exists: {denied.cause}; {denied.fix}"

    with ThreadPoolExecutor(max_workers=8) as pool:
        findings = list(pool.map(check, checks.items()))
    return (
        tuple(finding for finding in findings if isinstance(finding, Problem)),
        tuple(finding for finding in findings if isinstance(finding, str)),
    )


def _secret(session: Session, resource: str) -> Problem | None:
    """Secrets Manager, or Parameter Store by ARN or name."""
    if ":secretsmanager:" in resource:
        # A secret scheduled for deletion is still described, but no task gets its value.
        if call(session.client("secretsmanager"), "describe_secret", SecretId=resource).get("DeletedDate"):
            return Problem(
                f"the secret {resource} is scheduled for deletion",
                "restore it (aws secretsmanager restore-secret), or correct the task definition that names it",
            )
        return None
    name = resource.partition(":parameter")[2] or resource
    answer = call(session.client("ssm"), "describe_parameters",
                  ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}])  # fmt: skip
    if not answer["Parameters"]:
        raise NotFound(f"there is no parameter {name}")
    return None


def _log_group(session: Session, name: str) -> Problem | None:
    answer = call(session.client("logs"), "describe_log_groups", logGroupNamePrefix=name, limit=50)
    if all(group["logGroupName"] != name for group in answer["logGroups"]):
        raise NotFound(f"there is no log group {name}")
    return None


def _role(session: Session, arn: str) -> Problem | None:
    call(session.client("iam"), "get_role", RoleName=arn.rsplit("/", 1)[-1])
    return None
