"""A new `deploytool.yml`: its text, and the draft for infrastructure that `deploytool infra` creates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploytool.scaffold.contents import APP, WORKER, ContentOptions, Contents, contents
from deploytool.scaffold.dockerfile import PORT
from deploytool.scaffold.model import (
    PRODUCTION,
    Check,
    Draft,
    Environment,
    Image,
    Migrate,
    Parameters,
    ProjectScan,
    Service,
    cluster_name,
    main_environment,
)
from deploytool.scaffold.next_config import PATH
from deploytool.scaffold.node import NodeApp

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_PROVIDER = "  # UseExistingProvider: true       where the account has GitHub's OIDC provider already"
NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""Words that YAML 1.1 does not read as text."""


def configuration(draft: Draft) -> str:
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield "# What is released, and where. Written by `deploytool init`; check it with `deploytool config check`."
    yield f"app: {_text(draft.app)}"
    yield ""
    yield "# Built once per commit, and run by digest."
    yield "images:"
    yield from (f"  {image.name}: {_image(image)}" for image in draft.images)
    if draft.migrate:
        yield ""
        yield "# Runs before any service is updated. A failed migration ends the release."
        yield f"migrate: {_migrate_lines(draft.migrate)}"
    yield ""
    yield "# Released together: if one fails, all are rolled back."
    yield "services:"
    for service in draft.services:
        yield from _service(service)
    several = len(draft.environments) > 1 and draft.shared
    if several:
        yield ""
        yield "# Parameters of stacks that all environments share."
        yield "x-shared: &shared"
        yield from (f"  {name}: {_value(value)}" for name, value in draft.shared.items())
        yield _PROVIDER
    yield ""
    yield "environments:"
    for environment in draft.environments:
        yield from _environment_lines(environment, draft)


def _image(image: Image) -> str:
    keys = {"dockerfile": image.dockerfile, "context": image.context, "target": image.target}
    parts = _parts({name: _literal(text) for name, text in keys.items()} | {"repository": image.repository})
    arguments = ['COMMIT: "${commit}"'] if image.declares_commit else []
    arguments += [f'{name}: "${{env.{name}}}"' for name in image.variables]
    if arguments:
        parts += f", build_args: {{{', '.join(arguments)}}}"
    return f"{{{parts}}}"


def _migrate_lines(migrate: Migrate) -> str:
    keys = {"task": migrate.task, "image": migrate.image, "like": migrate.like, "files": migrate.files}
    command = f", command: {_value(migrate.command)}" if migrate.command else ""
    return f"{{{_parts(keys)}{command}}}"


def _service(service: Service) -> Iterator[str]:
    runs = f"image: {service.image}" if service.image else f"containers: {{{_parts(service.containers)}}}"
    if service.check is None:
        yield f"  {service.name}: {{{runs}}}"
        return
    yield f"  {service.name}:"
    yield f"    {runs}"
    if not service.check.is_known:
        yield "    # With the address of `deploytool infra status`, a release waits for the new version:"
    yield f"    {'' if service.check.is_known else '# '}verify: {_check_lines(service.check)}"


def _check_lines(check: Check) -> str:
    expect = ', expect: {version: "${commit}"}' if check.returns_version else ""
    return f"{{url: {json.dumps(check.url)}{expect}}}"


def _environment_lines(environment: Environment, draft: Draft) -> Iterator[str]:
    yield f"  {environment.name}:"
    for key in ("region", "cluster", "repository", "account", "url"):
        if value := getattr(environment, key):
            yield f"    {key}: {_text(value)}"
    if draft.checkbox:
        name = draft.rollback_workflow or "rollback.yml"
        yield f"    rollback_checkbox: true # in the pull request's comment; handled by {name}"
        if draft.rollback_workflow:
            yield f"    rollback_workflow: {_text(name)}"
    if environment.parameters is not None:
        yield "    infra: # for `deploytool infra`"
        yield "      size: minimal # or: scaled"
        yield from (f"      {line}" for line in _parameter_lines(environment.parameters, draft))
    if overrides := _overrides(environment, draft):
        yield f"    overrides: {{{overrides}}}"


def _parameter_lines(own: Parameters, draft: Draft) -> Iterator[str]:
    several = len(draft.environments) > 1 and draft.shared
    values = own if several else {**draft.shared, **own}
    yield "parameters:" if several or values else "# parameters:"
    if several:
        yield "  <<: *shared"
    yield from (f"  {name}: {_value(value)}" for name, value in values.items())
    if draft.shared and not several:
        yield _PROVIDER
    yield "  # AlertEmail: you@example.com    gets the alarms"
    if "DomainName" not in values:
        yield "  # DomainName: app.example.com    host name of the app, and"
        yield "  # HostedZoneId: Z0123456789      its zone in Route 53; default: CloudFront's host name"


def _overrides(environment: Environment, draft: Draft) -> str:
    parts = []
    if environment.task:
        parts.append(f"migrate: {{task: {_text(environment.task)}}}")
    if environment.check_url:
        checked = next(service.name for service in draft.services if service.check)
        parts.append(f"services: {{{checked}: {{verify: {{url: {json.dumps(environment.check_url)}}}}}}}")
    return ", ".join(parts)


def _literal(text: str) -> str:
    return text.replace("${", "$${")


def _value(value: str | tuple[str, ...]) -> str:
    """Of a parameter; `${` of the project's own commands is no variable of the file."""
    if isinstance(value, str):
        return _text(_literal(value))
    return f"[{', '.join(map(_value, value))}]"


def _parts(keys: Mapping[str, str]) -> str:
    """Without what is empty."""
    return ", ".join(f"{key}: {_text(value)}" for key, value in keys.items() if value)


def _text(value: str) -> str:
    """A YAML scalar; JSON's quotes are YAML's."""
    return value if _PLAIN.fullmatch(value) and value.lower() not in NOT_TEXT else json.dumps(value)


STAGING = "staging"
ROLES = 2
"""Environments that the stack `bootstrap` has a deploy role for."""


@dataclass(frozen=True)
class Subjects:
    """OIDC subjects of the jobs of a repository."""

    repository: str
    """`owner/name`, or empty."""
    owner_id: int = 0
    """0: the ids are not known."""
    repository_id: int = 0

    @property
    def has_ids(self) -> bool:
        return bool(self.owner_id and self.repository_id)

    def of(self, what: str) -> tuple[str, ...]:
        """`what` is `environment:NAME` or `pull_request`.

        Both forms, where the ids are known: repositories created since 2026-07-15 have ids in the subject
        (https://docs.github.com/en/actions/reference/security/oidc).
        """
        if not self.repository:
            return ()
        owner, _, name = self.repository.partition("/")
        with_ids = (f"repo:{owner}@{self.owner_id}/{name}@{self.repository_id}:{what}",) if self.has_ids else ()
        return (f"repo:{self.repository}:{what}", *with_ids)


def role_parameters(app: str, environments: Sequence[str], cluster: str, subjects: Subjects) -> Parameters:
    """Parameters of the stack `bootstrap`, which all environments share; none for an unknown repository."""
    main = main_environment(tuple(environments))
    others = [name for name in environments if name != main][: ROLES - 1]
    if not subjects.repository:
        return {}
    parameters: dict[str, str | tuple[str, ...]] = {}
    for kind, usual, name in (("Production", PRODUCTION, main), *(("Staging", STAGING, other) for other in others)):
        parameters[f"{kind}Subjects"] = subjects.of(f"environment:{name}")
        if name != usual:
            parameters[f"{kind}Environment"] = name
        own = cluster or cluster_name(app, name)
        if own != cluster_name(app, usual):
            parameters[f"{kind}Cluster"] = own
    return {**parameters, "PlanSubjects": subjects.of("pull_request")}


def deploy_role(account: str, region: str, app: str, environment: str) -> str:
    """ARN of the role of the stack `bootstrap`; empty for an unknown account."""
    return _arn(account, region, f"{app}-{environment}-deploy") if account else ""


def plan_role(account: str, region: str, app: str, environment: str) -> str:
    """The same for the read-only role."""
    return _arn(account, region, f"{app}-{environment}-plan") if account else ""


def _arn(account: str, region: str, name: str) -> str:
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
    return f"arn:{partition}:iam::{account}:role/{name}"


DEFAULT_WORKER = ("node", "dist/worker/index.js")
"""Default of the parameter WorkerCommand."""
UNKNOWN_HOST = "ADDRESS"


@dataclass(frozen=True)
class NewInfrastructureOptions:
    """The options of the command line, completed."""

    app: str
    environments: tuple[str, ...]
    region: str
    cluster: str = ""
    """Of the only environment; default: made of the app's name."""
    account: str = ""
    domain: str = ""
    """Host name in production; other environments use subdomains."""
    hosted_zone: str = ""
    """Id of the domain's Route 53 zone."""
    health_path: str = ""
    """Health check path; default: the project's route."""
    port: int = 0
    """Of the container; default: the Dockerfile's."""
    dockerfile: str = ""
    """Default: `Dockerfile`, or the only other one."""

    @property
    def main(self) -> str:
        return main_environment(self.environments)

    def cluster_of(self, environment: str) -> str:
        return self.cluster or cluster_name(self.app, environment)

    def host_of(self, environment: str) -> str:
        """Empty without a domain."""
        below = "" if environment == self.main else f"{environment}."
        return f"{below}{self.domain}" if self.domain else ""


def draft_infrastructure(
    scan: ProjectScan,
    package: Mapping[str, Any] | None,
    app: NodeApp | None,
    options: NewInfrastructureOptions,
    subjects: Subjects,
) -> Draft:
    """Raises NothingToRelease."""
    inside = contents(scan, package, app, ContentOptions(options.dockerfile, options.health_path, options.port))
    services = [Service(APP, APP, check=_check(options, inside))]
    if inside.worker:
        services.append(Service(WORKER, inside.worker_image))
    return Draft(
        app=options.app,
        images=inside.images,
        services=tuple(services),
        environments=tuple(_environment(name, options, services[0].check, inside) for name in options.environments),
        migrate=_migrate(options, inside) if inside.migrate_image else None,
        shared=role_parameters(options.app, options.environments, options.cluster, subjects),
        dockerfile=inside.dockerfile,
        writes_route=inside.writes_route,
        facts=inside.facts,
        notes=inside.notes,
        decisions=inside.decisions,
    )


def _migrate(options: NewInfrastructureOptions, inside: Contents) -> Migrate:
    # The stack's list has no word with a comma.
    command = inside.migrate if any("," in word for word in inside.migrate) else ()
    return Migrate(_family(options, options.main), inside.migrate_image, APP, inside.migrations, command)


def _family(options: NewInfrastructureOptions, environment: str) -> str:
    """As in cloudformation/service.yaml."""
    return f"{options.cluster_of(environment)}-migrate"


def _check(options: NewInfrastructureOptions, inside: Contents) -> Check | None:
    if not inside.health_path:
        return None
    url = f"https://{options.host_of(options.main) or UNKNOWN_HOST}{inside.health_path}"
    return Check(url, inside.returns_version, is_known=bool(options.domain))


def _environment(name: str, options: NewInfrastructureOptions, check: Check | None, inside: Contents) -> Environment:
    is_main, host = name == options.main, options.host_of(name)
    path = inside.health_path if check and options.domain else ""
    return Environment(
        name=name,
        region=options.region,
        cluster=options.cluster_of(name),
        repository=options.app,
        account=options.account,
        url=f"https://{host}" if host else "",
        check_url=f"https://{host}{path}" if path and not is_main else "",
        task=_family(options, name) if inside.migrate_image and not is_main else "",
        parameters=_parameters(options, host, inside, is_main=is_main),
    )


def _parameters(options: NewInfrastructureOptions, host: str, inside: Contents, *, is_main: bool) -> Parameters:
    # Three gateways need three addresses; by default an account has five.
    parameters: dict[str, str | tuple[str, ...]] = {} if is_main else {"NatGateways": "one"}
    if inside.port != PORT:
        parameters["ContainerPort"] = str(inside.port)
    if inside.health_path and inside.health_path != PATH:
        parameters["HealthPath"] = inside.health_path
    if inside.health_command:
        parameters["HealthCommand"] = inside.health_command
    if inside.started:
        parameters |= {"MakeUrls": "true", "AppCommand": inside.started}
    if inside.worker and inside.worker != DEFAULT_WORKER:
        parameters["WorkerCommand"] = inside.worker
    if inside.migrate and not any("," in word for word in inside.migrate):
        parameters["MigrateCommand"] = inside.migrate
    if host and options.hosted_zone:
        parameters |= {"DomainName": host, "HostedZoneId": options.hosted_zone}
    return parameters
