"""What is looked up before planning, in parallel: services, images, and what their task definitions refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploytool.aws.call import call
from deploytool.aws.session import Session, account_id
from deploytool.config.errors import ConfigErrors, ConfigIssue
from deploytool.config.model import EnvironmentConfig
from deploytool.config.yaml import content_of
from deploytool.ecs.client import Ecs
from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.model import ServiceState, TaskDefinition, revision
from deploytool.ecs.task_definition import references, region_and_account
from deploytool.ecs.template import Template, TemplateErrors, read_template
from deploytool.errors import CloudError, NotFound, PermissionMissing, PreconditionFailed
from deploytool.release.model import ObservedService, ObservedState, Problem, PublishedImage


@dataclass(frozen=True)
class Templates:
    """Task definition files, by service key and ``migrate``."""

    definitions: Mapping[str, TaskDefinition] = field(default_factory=dict)
    open_images: Mapping[str, Mapping[str, Problem]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


NO_TEMPLATES = Templates()


def read_templates(session: Session, root: Path, settings: EnvironmentConfig) -> Templates:
    """Every file that the configuration names. Raises TemplateErrors with everything that is wrong with any."""
    paths = {key: service.template for key, service in settings.services.items() if service.template}
    if settings.migrate and settings.migrate.template:
        paths["migrate"] = settings.migrate.template
    if not paths:
        return NO_TEMPLATES
    model = session.client("ecs").meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    templates: dict[str, Template] = {}
    issues: list[ConfigIssue] = []
    for key, path in paths.items():
        try:
            templates[key] = read_template(content_of(root / path, path), path, model, settings.variables)
        except ConfigErrors as error:
            issues += error.issues
    if issues:
        raise TemplateErrors(issues)
    return Templates(
        {key: template.definition for key, template in templates.items()},
        {
            key: {
                name: Problem(f"{issue.place}: {issue.problem}", issue.fix) for name, issue in template.images.items()
            }
            for key, template in templates.items()
        },
        tuple(dict.fromkeys(warning for template in templates.values() for warning in template.warnings)),
    )


FindImage = Callable[[str], PublishedImage | None]
"""Image name of the configuration → what the registry holds for this commit."""


def inspect(
    session: Session,
    ecs: Ecs,
    settings: EnvironmentConfig,
    find_image: FindImage,
    templates: Templates,
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
        problems += [] if "migrate" in templates.definitions else missing_migrate
        published = {}
        for name, future in images.items():
            try:
                published[name] = future.result()
            except (NotFound, PreconditionFailed) as error:
                published[name] = None
                problems.append(Problem(error.cause, error.fix))
        return ObservedState(
            account=account.result(),
            services=states,
            images=published,
            migrate=definition,
            templates=templates.definitions,
            open_images=templates.open_images,
            problems=tuple(problems),
            warnings=(*templates.warnings, *_unknown_fields(ecs, states, definition, templates)),
        )


def inspect_rollback(
    session: Session, ecs: Ecs, settings: EnvironmentConfig, keys: Iterable[str], running: Mapping[str, ObservedService]
) -> ObservedState:
    """What else a rollback of ``keys`` must know beside ``running``, every service as it was just read.

    Problems are only those of ``keys``; of images and the migration nothing is looked up. Raises CloudError.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        account, cluster = pool.submit(account_id, session), pool.submit(_cluster, session, settings)
        missing = [_no_service(settings, key) for key in keys if key not in running]
        chosen = {key: running[key] for key in keys if key in running}
        return ObservedState(
            account=account.result(),
            services=running,
            images=dict.fromkeys(settings.images),
            problems=tuple(cluster.result() or missing),
            warnings=tuple(_unknown_fields(ecs, chosen, None, NO_TEMPLATES)),
        )


def _unknown_fields(
    ecs: Ecs, states: Mapping[str, ObservedService], migrate: TaskDefinition | None, templates: Templates
) -> Iterator[str]:
    """A field newer than this botocore would be missing in the next revision."""
    live = {key: service.task_definition for key, service in states.items()}
    for key, definition in {**live, **({"migrate": migrate} if migrate else {})}.items():
        arn = str(definition.get("taskDefinitionArn", ""))
        fields = [name.removeprefix("taskDefinition.") for name in ecs.unknown_fields.get(arn, ())]
        if fields and key not in templates.definitions:
            yield (
                f"{revision(arn)} has fields that this version of deploytool does not know, and the next revision "
                f"lacks them: {', '.join(fields)}; use a newer version, or give a template with them"
            )


def _cluster(session: Session, settings: EnvironmentConfig) -> list[Problem]:
    answer = call(session.client("ecs"), "describe_clusters", clusters=[settings.cluster])
    if any(cluster["status"] == "ACTIVE" for cluster in answer["clusters"]):
        return []
    return [_no_cluster(settings)]


def _no_cluster(settings: EnvironmentConfig) -> Problem:
    return Problem(
        f"there is no active cluster {settings.cluster} in {settings.region}",
        f"correct environments.{settings.environment}.cluster or its region in deploytool.yml",
    )


def _no_service(settings: EnvironmentConfig, key: str) -> Problem:
    return Problem(
        f"there is no service {settings.services[key].service} in cluster {settings.cluster}",
        f"create it first, or correct services.{key} in deploytool.yml",
    )


def inspect_services(
    session: Session, ecs: Ecs, settings: EnvironmentConfig
) -> tuple[dict[str, ObservedService], list[Problem]]:
    """The configured services that exist, and a problem for each that does not."""
    try:
        states = ecs.services([service.service for service in settings.services.values()])
    except NotFound:
        return {}, [_no_cluster(settings)]
    problems = [
        _no_service(settings, key) for key, service in settings.services.items() if service.service not in states
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


@dataclass(frozen=True)
class _Named:
    """What a task definition names: where it is, and how to look it up."""

    kind: str
    name: str
    look_up: Callable[[Session, str, str], Problem | None]
    """Session, region (empty: that of the environment), name. Raises NotFound or PermissionMissing."""
    region: str = ""
    account: str = ""
    """Empty: that of the environment."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" in {self.region}" if self.region and not self.account else "")


def _named(definition: TaskDefinition) -> Iterator[_Named]:
    names = references(definition)
    for secret in names.secrets:
        yield _Named("secret", secret.resource, _secret, *region_and_account(secret.resource))
    for group in names.log_groups:
        yield _Named("log group", group.name, _log_group, group.region)
    for arn in names.roles:
        yield _Named("role", arn, _role, "", region_and_account(arn)[1])


def preflight(
    session: Session, account: str, definitions: Iterable[TaskDefinition]
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems and warnings: secrets, roles and log groups that do not exist, or that IAM does not let us check.

    ``account`` is that of the environment. What is another account's is not looked up: only its own policies say
    whether a task may read it.
    """

    def check(named: _Named) -> Problem | str | None:
        if named.account and named.account != account:
            if named.kind == "role":
                return Problem(
                    f"the role {named.name} is of account {named.account}, and tasks run in {account}",
                    "name a role of the same account: ECS takes no other",
                )
            return f"could not check whether the {named} exists: it is of account {named.account}"
        try:
            return named.look_up(session, named.region, named.name)
        except NotFound:
            return Problem(
                f"the {named.kind} {named.name} does not exist" + (f" in {named.region}" if named.region else ""),
                "create it, or correct the task definition that names it",
            )
        except PermissionMissing as denied:
            return f"could not check whether the {named} exists: {denied.cause}; {denied.fix}"

    checks = dict.fromkeys(named for definition in definitions for named in _named(definition))
    with ThreadPoolExecutor(max_workers=8) as pool:
        findings = list(pool.map(check, checks))
    return (
        tuple(finding for finding in findings if isinstance(finding, Problem)),
        tuple(finding for finding in findings if isinstance(finding, str)),
    )


def _secret(session: Session, region: str, resource: str) -> Problem | None:
    """Secrets Manager, or Parameter Store by ARN or name."""
    if ":secretsmanager:" in resource:
        # A secret scheduled for deletion is still described, but no task gets its value.
        client = session.client("secretsmanager", region)
        if call(client, "describe_secret", SecretId=resource).get("DeletedDate"):
            return Problem(
                f"the secret {resource} is scheduled for deletion",
                "restore it (aws secretsmanager restore-secret), or correct the task definition that names it",
            )
        return None
    name = resource.partition(":parameter")[2] or resource
    answer = call(session.client("ssm", region), "describe_parameters",
                  ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}])  # fmt: skip
    if not answer["Parameters"]:
        raise NotFound(f"there is no parameter {name}")
    return None


def _log_group(session: Session, region: str, name: str) -> Problem | None:
    answer = call(session.client("logs", region), "describe_log_groups", logGroupNamePrefix=name, limit=50)
    if all(group["logGroupName"] != name for group in answer["logGroups"]):
        raise NotFound(f"there is no log group {name}")
    return None


def _role(session: Session, _region: str, arn: str) -> Problem | None:
    call(session.client("iam"), "get_role", RoleName=arn.rsplit("/", 1)[-1])
    return None
