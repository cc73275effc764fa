"""A draft for a project whose cloud is still to be made by `deploytool infra`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.core.init.existing_dockerfile import ExistingDockerfile, read_dockerfile
from deploytool.core.init.health_route import PATH
from deploytool.core.init.model import Check, Draft, Environment, Image, Migrate, Parameters, Service, Surroundings
from deploytool.core.init.names import cluster_name, main_environment
from deploytool.core.init.node_app import NodeApp
from deploytool.core.init.roles import Subjects, role_parameters
from deploytool.core.init.worker import Worker, find_worker
from deploytool.errors import Refused

APP, WORKER, MIGRATE = "app", "worker", "migrate"
DOCKERFILE = "Dockerfile"
DEFAULT_WORKER = ("node", "dist/worker/index.js")
"""What the stacks run where nothing else is said (parameter WorkerCommand)."""
UNKNOWN_HOST = "ADDRESS"


class NothingToRelease(Refused):
    """The directory has neither a Dockerfile nor an application that one could be written for."""


@dataclass(frozen=True)
class Wish:
    """What the command line says, and what was found out in its place."""

    app: str
    environments: tuple[str, ...]
    region: str
    cluster: str = ""
    """Of the only environment; made of the app's name if empty."""
    account: str = ""
    domain: str = ""
    """Host name in production; other environments have theirs below it."""
    hosted_zone: str = ""
    """Id of the Route 53 zone of the domain."""
    health_path: str = ""
    """Where the web service says that it is well; that of the project's route if empty."""

    @property
    def main(self) -> str:
        """The environment that a push goes to."""
        return main_environment(self.environments)

    def cluster_of(self, environment: str) -> str:
        """The ECS cluster of an environment."""
        return self.cluster or cluster_name(self.app, environment)

    def host_of(self, environment: str) -> str:
        """Host name of an environment; empty where none was given."""
        below = "" if environment == self.main else f"{environment}."
        return f"{below}{self.domain}" if self.domain else ""


def draft(
    around: Surroundings, package: Mapping[str, Any] | None, app: NodeApp | None, wish: Wish, subjects: Subjects
) -> Draft:
    """What `deploytool.yml` is to say. Raises NothingToRelease."""
    if DOCKERFILE in around.paths:
        built = read_dockerfile(around.texts.get(DOCKERFILE, ""))
    elif app:
        built = ExistingDockerfile(APP, MIGRATE if app.migrate else "", takes_commit=True)
    else:
        raise NothingToRelease(
            f"there is neither a Dockerfile nor a Next.js application in {around.directory}",
            "run it where package.json is, or write a Dockerfile first",
        )
    worker = find_worker(around, package or {})
    images = [Image(APP, built.app, built.takes_commit)]
    if built.migrate:
        images.append(Image(MIGRATE, built.migrate))
    services = [Service(APP, APP, check=_check(app, wish, built))]
    if worker:
        services.append(Service(WORKER, APP))
    return Draft(
        app=wish.app,
        images=tuple(images),
        services=tuple(services),
        environments=tuple(
            _environment(name, wish, services[0].check, worker, migrates=bool(built.migrate))
            for name in wish.environments
        ),
        migrate=_migrate(wish, app) if built.migrate else None,
        shared=role_parameters(wish.app, wish.environments, wish.cluster, subjects),
    )


def _migrate(wish: Wish, app: NodeApp | None) -> Migrate:
    return Migrate(_family(wish, wish.main), MIGRATE, APP, app.migrations if app else "")


def _family(wish: Wish, environment: str) -> str:
    """As cloudformation/service.yaml calls it."""
    return f"{wish.cluster_of(environment)}-migrate"


def _check(app: NodeApp | None, wish: Wish, built: ExistingDockerfile) -> Check | None:
    path = wish.health_path or (PATH if app else "")
    if not path:
        return None
    tells = built.takes_commit and app is not None and app.health.tells_version and path == PATH
    return Check(f"https://{wish.host_of(wish.main) or UNKNOWN_HOST}{path}", tells, is_known=bool(wish.domain))


def _environment(name: str, wish: Wish, check: Check | None, worker: Worker | None, *, migrates: bool) -> Environment:
    is_main, host = name == wish.main, wish.host_of(name)
    path = check.url.removeprefix(f"https://{wish.host_of(wish.main)}") if check and wish.domain else ""
    return Environment(
        name=name,
        region=wish.region,
        cluster=wish.cluster_of(name),
        repository=wish.app,
        account=wish.account,
        url=f"https://{host}" if host else "",
        check_url=f"https://{host}{path}" if path and not is_main else "",
        task=_family(wish, name) if migrates and not is_main else "",
        parameters=_parameters(wish, host, worker, is_main=is_main),
    )


def _parameters(wish: Wish, host: str, worker: Worker | None, *, is_main: bool) -> Parameters:
    # Three gateways have an address each, and an account five of them until it asks for more.
    found: dict[str, str | tuple[str, ...]] = {} if is_main else {"NatGateways": "one"}
    if wish.health_path and wish.health_path != PATH:
        found["HealthPath"] = wish.health_path
    if worker and worker.command != DEFAULT_WORKER:
        found["WorkerCommand"] = worker.command
    if host and wish.hosted_zone:
        found |= {"DomainName": host, "HostedZoneId": wish.hosted_zone}
    return found
