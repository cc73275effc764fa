"""Everything that is looked up before deciding, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from deploytool.aws import identity
from deploytool.aws.call import call
from deploytool.aws.ecs import Ecs
from deploytool.aws.session import Session
from deploytool.core.config.model import Settings
from deploytool.core.model import Live, LiveService, Problem, PublishedImage
from deploytool.core.observed import ServiceState, TaskDefinition
from deploytool.errors import CloudError, NotFound

FindImage = Callable[[str], PublishedImage | None]
"""Image name of the configuration → what the registry holds for this commit."""


def look(
    session: Session, ecs: Ecs, settings: Settings, find_image: FindImage, templates: Mapping[str, TaskDefinition]
) -> Live:
    """One reading of the environment. What is missing comes back as problems; raises CloudError for the rest."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        account = pool.submit(identity.account, session)
        cluster = pool.submit(_cluster, session, settings)
        services = pool.submit(look_at_services, session, ecs, settings)
        images = {name: pool.submit(find_image, name) for name in settings.images}
        migrate = pool.submit(_migrate, ecs, settings)
        problems = [*cluster.result()]
        found, missing = services.result()
        problems += [] if problems else missing
        definition, migrate_missing = migrate.result()
        problems += [] if "migrate" in templates else migrate_missing
        published = {}
        for name, future in images.items():
            try:
                published[name] = future.result()
            except NotFound as error:
                published[name] = None
                problems.append(Problem(error.cause, error.fix))
        return Live(
            account=account.result(),
            services=found,
            images=published,
            migrate=definition,
            templates=templates,
            problems=tuple(problems),
        )


def _cluster(session: Session, settings: Settings) -> list[Problem]:
    answer = call(session.client("ecs"), "describe_clusters", clusters=[settings.cluster])
    if any(cluster["status"] == "ACTIVE" for cluster in answer["clusters"]):
        return []
    return [Problem(
        f"there is no active cluster {settings.cluster} in {settings.region}",
        f"correct environments.{settings.environment}.cluster or its region in deploytool.yml",
    )]  # fmt: skip


def look_at_services(session: Session, ecs: Ecs, settings: Settings) -> tuple[dict[str, LiveService], list[Problem]]:
    """The services of the configuration that exist, and a problem for each that does not."""
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
        found = pool.map(lambda item: _service(session, ecs, settings, *item), present.items())
        return {service.key: service for service in found}, problems


def _service(session: Session, ecs: Ecs, settings: Settings, key: str, state: ServiceState) -> LiveService:
    definition = ecs.task_definition(state.task_definition)
    verify = settings.services[key].verify
    asks_host = verify is not None and "${host}" in (verify.url or "")
    return LiveService(
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


def _migrate(ecs: Ecs, settings: Settings) -> tuple[TaskDefinition | None, list[Problem]]:
    if settings.migrate is None:
        return None, []
    try:
        return ecs.task_definition(settings.migrate.task), []
    except (NotFound, CloudError) as error:
        return None, [Problem(
            f"the task definition {settings.migrate.task} of the migrate task cannot be read: {error.cause}",
            "register it once, give migrate.template, or take migrate out of deploytool.yml",
        )]  # fmt: skip
