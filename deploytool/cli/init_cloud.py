"""What `deploytool init` starts from: a cloud still to be made, or services that run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from deploytool.core.init.given import Given, check_given
from deploytool.core.init.model import Draft, Surroundings
from deploytool.core.init.names import main_environment
from deploytool.core.init.new_cloud import DOCKERFILE, Wish, draft
from deploytool.core.init.node_app import NodeApp
from deploytool.core.init.roles import Subjects, deploy_role, plan_role
from deploytool.core.init.workflows import ENVIRONMENT, Told
from deploytool.errors import ConfigurationError
from deploytool.report.init_notes import notes_of_live, notes_of_new_cloud

if TYPE_CHECKING:
    from collections.abc import Callable


class RegionUnknown(ConfigurationError):
    """Neither the options nor the environment name an AWS region."""


@dataclass(frozen=True)
class Start:
    """A draft, with the roles that its workflows take and what is to be said of it."""

    draft: Draft
    role: str
    plan_role: str
    is_new_cloud: bool
    notes: Callable[[Told], Iterable[str]]


def new_cloud(
    given: Given,
    around: Surroundings,
    package: Mapping[str, Any] | None,
    app: NodeApp | None,
    environments: tuple[str, ...],
) -> Start:
    """For `deploytool infra`; ``given.app`` is set. Raises RegionUnknown, NothingToRelease."""
    from deploytool.aws.identity import signed_in_account
    from deploytool.aws.session import Session
    from deploytool.cli.init_subjects import subjects_of

    region = _region(given)
    account = given.account or signed_in_account(Session(region))
    wish = Wish(
        app=given.app,
        environments=environments,
        region=region,
        cluster=given.cluster,
        account=account,
        domain=given.domain,
        hosted_zone=given.hosted_zone,
        health_path=given.health_path,
    )
    # A wrong directory is told before anybody is asked.
    draft(around, package, app, wish, Subjects(""))
    subjects = subjects_of(around.repository)
    drafted = draft(around, package, app, wish, subjects)
    return Start(
        draft=drafted,
        role=given.role or deploy_role(account, region, given.app, ENVIRONMENT),
        plan_role=given.plan_role or plan_role(account, region, given.app, main_environment(environments)),
        is_new_cloud=True,
        notes=lambda told: notes_of_new_cloud(drafted, told, subjects, around.texts.get(DOCKERFILE, "")),
    )


def running_services(given: Given, around: Surroundings, app: NodeApp | None, environment: str) -> Start:
    """For what ECS runs already. Raises CloudError, Refused."""
    from deploytool.aws import identity, live_cluster
    from deploytool.aws.ecr import registry_of
    from deploytool.aws.session import Session
    from deploytool.cli.project import enter_sandbox
    from deploytool.core.init.dockerfile import dockerfile
    from deploytool.core.init.from_live import draft_of_live
    from deploytool.core.init.live import LiveCluster, common_prefix, released_together

    enter_sandbox()
    session = Session(_region(given))
    account = identity.account(session)
    registry = os.environ.get("DEPLOYTOOL_REGISTRY") or registry_of(account, session.region)
    services = live_cluster.services(session, given.live_cluster)
    cluster = LiveCluster(given.live_cluster, session.region, account, registry, services)
    together = tuple(
        live_cluster.with_balancer(session, each) for each in released_together(cluster, given.live_services)
    )
    families = live_cluster.migration_families(session, common_prefix(together))
    cluster = LiveCluster(cluster.name, cluster.region, account, registry, services, families)
    drafted = draft_of_live(
        cluster,
        together,
        environment,
        app=given.app,
        dockerfile=around.texts.get(DOCKERFILE) or (dockerfile(app, around) if app else ""),
        migration_files=app.migrations if app else "",
        health_path=given.health_path,
        tells_version=app is not None and app.health.tells_version,
    )
    return Start(
        draft=drafted,
        role=given.role,
        plan_role=given.plan_role,
        is_new_cloud=False,
        notes=lambda told: notes_of_live(cluster, together, told),
    )


def _region(given: Given) -> str:
    """The one given, else the configured one, else what a person at the terminal says.

    Raises RegionUnknown, OptionInvalid.
    """
    from deploytool.aws.region import configured_region

    found = given.region or configured_region()
    if not found and sys.stdin.isatty():
        found = str(click.prompt("AWS region", err=True)).strip()
    if not found:
        raise RegionUnknown("no AWS region is known", "give --region, or set AWS_REGION")
    check_given(Given(region=found), ())
    return found
