"""What belongs to the services: resources, roles and workflows, reduced from what AWS and GitHub return.

Values of environment variables are checked here and go no further. All functions of ``Facts`` raise FactUnavailable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from deploytool.doctor.facts import Cache, Database, Facts, TaskShape
from deploytool.doctor.facts_account import Grant, Job, RepositoryFact, Role, SubjectForm, Trust, Workflow
from deploytool.doctor.result import known
from deploytool.ecs.model import TaskDefinition
from deploytool.ecs.task_definition import references, region_and_account

Store = TypeVar("Store", Database, Cache)
IDS_SINCE = datetime(2026, 7, 15, tzinfo=UTC)
"""Repositories made from this day on carry the ids of owner and repository in the subject of a job's OIDC token."""
USUAL = ("repo", "context")
"""A template of these claims gives the same subject as the default."""
ISSUER = "token.actions.githubusercontent.com"


def task_groups(facts: Facts) -> frozenset[str]:
    """Security groups of the services' tasks."""
    return frozenset(group for service in known(facts.services) for group in service.groups)


def databases(facts: Facts) -> tuple[Database, ...]:
    """RDS instances of the VPC that the tasks can reach."""
    return _reachable(facts, known(facts.databases))


def caches(facts: Facts) -> tuple[Cache, ...]:
    """Replication groups of the VPC that the tasks can reach."""
    return _reachable(facts, known(facts.caches))


def _reachable(facts: Facts, stores: Collection[Store]) -> tuple[Store, ...]:
    """All stores where no rule names the tasks' security groups."""
    groups, callers = known(facts.groups), task_groups(facts)
    admitting = {name for name, group in groups.items() if group.admits(callers)}
    return tuple(store for store in stores if not admitting.isdisjoint(store.groups)) or tuple(stores)


def tasks(facts: Facts) -> Iterator[tuple[str, TaskShape]]:
    """The task of each service and of the migration, by the key of the configuration."""
    for service in known(facts.services):
        yield service.key, service.task
    if isinstance(facts.migrate, TaskShape):
        yield "migrate", facts.migrate


def subject(repository: RepositoryFact, form: SubjectForm, environment: str) -> str | None:
    """The subject of a job of that environment; ``None`` where the repository has a custom template."""
    if not form.default and form.claims != USUAL:
        return None
    prefix = form.prefix.removesuffix(":")
    if not prefix:
        # With ids, a repository that takes over an old name is not mistaken for the old one.
        owner, _, name = repository.name.partition("/")
        has_ids = form.immutable is True or repository.created_at >= IDS_SINCE
        prefix = f"repo:{owner}@{repository.owner_id}/{name}@{repository.id}" if has_ids else f"repo:{repository.name}"
    return f"{prefix}:environment:{environment}"


def github_roles(facts: Facts) -> tuple[Role, ...]:
    """Roles that jobs of the repository can assume; one without a condition on the subject trusts every repository."""
    repository = known(facts.github.repository)
    return tuple(
        role
        for role in known(facts.account.roles)
        if any(_trusts_repository(trust, repository) for trust in role.github)
    )


def _trusts_repository(trust: Trust, repository: RepositoryFact) -> bool:
    """A subject or pattern begins with the repository in either form, or there is none."""
    owner, _, name = repository.name.lower().partition("/")
    prefixes = (f"repo:{owner}/{name}:", f"repo:{owner}@{repository.owner_id}/", f"repo:{owner}/*")
    subjects = (*trust.subjects, *trust.patterns)
    return not subjects or any(subject.lower().startswith(prefixes) for subject in subjects)


def grants(name: str, document: Mapping[str, Any]) -> tuple[Grant, ...]:
    """The Allow statements. ``NotAction`` and ``NotResource`` allow all but a few, which counts as ``*``."""
    return tuple(
        Grant(
            policy=name,
            actions=_as_tuple(statement.get("Action")) or ("*",),
            resources=_as_tuple(statement.get("Resource")) or ("*",),
            conditional=bool(statement.get("Condition")),
        )
        for statement in _allowing(document)
    )


def trusts(document: Mapping[str, Any]) -> tuple[Trust, ...]:
    """The Allow statements of a trust policy that name GitHub's provider, whatever server it is of."""
    return tuple(
        _trust(statement)
        for statement in _allowing(document)
        if any(ISSUER in provider for provider in _federated(statement))
    )


def _trust(statement: Mapping[str, Any]) -> Trust:
    audiences: list[str] = []
    subjects: list[str] = []
    patterns: list[str] = []
    refs: list[str] = []
    for operator, conditions in (statement.get("Condition") or {}).items():
        for key, values in conditions.items():
            if key.endswith(":aud"):
                audiences += _as_tuple(values)
            elif key.endswith(":sub"):
                # ForAnyValue:StringLike and the like compare with wildcards too.
                (patterns if "Like" in operator else subjects).extend(_as_tuple(values))
            elif key.endswith((":ref", ":ref_protected", ":job_workflow_ref")):
                refs.extend(_as_tuple(values))
    return Trust(tuple(audiences), tuple(subjects), tuple(patterns), tuple(refs))


def _federated(statement: Mapping[str, Any]) -> tuple[str, ...]:
    principal = statement.get("Principal")
    return _as_tuple(principal.get("Federated")) if isinstance(principal, Mapping) else ()


def _allowing(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    statements = document.get("Statement", ())
    for statement in (statements,) if isinstance(statements, Mapping) else statements:
        if statement.get("Effect") == "Allow":
            yield statement


def _as_tuple(value: Any) -> tuple[str, ...]:
    """IAM writes a list of one item as that item."""
    if value is None:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(map(str, value))


_NAME = re.compile(
    r"(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE|AUTH|SIGNING|ENCRYPTION)_?KEY)$", re.IGNORECASE
)
_VALUE = re.compile(r"://[^/\s:@]*:[^/\s@]+@|\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bsk-[\w-]{20,}")
"""A password within a URL, an AWS key, a private key, an API key by its usual beginning."""


def shape(definition: TaskDefinition) -> TaskShape:
    """A task definition (DescribeTaskDefinition), reduced to names."""
    containers = definition.get("containerDefinitions", ())
    referenced = references(definition)
    home, _ = region_and_account(str(definition.get("taskDefinitionArn", "")))
    return TaskShape(
        family=str(definition.get("family", "")),
        images=tuple((container["name"], container.get("image", "")) for container in containers),
        secrets=referenced.secrets,
        plain=tuple((container["name"], name) for container in containers for name in _plain(container)),
        log_groups=tuple(group.name for group in referenced.log_groups if group.region in ("", home) or not home),
        silent=tuple(
            container["name"]
            for container in containers
            if not (container.get("logConfiguration") or {}).get("logDriver")
        ),
        unchecked=tuple(
            container["name"]
            for container in containers
            if container.get("essential", True) and not (container.get("healthCheck") or {}).get("command")
        ),
        execution_role=definition.get("executionRoleArn", ""),
        task_role=definition.get("taskRoleArn", ""),
    )


def _plain(container: Mapping[str, Any]) -> Iterator[str]:
    for variable in container.get("environment") or ():
        name, value = str(variable.get("name", "")), str(variable.get("value", ""))
        if value and (_NAME.search(name) or _VALUE.search(value)):
            yield name


_ACTION = re.compile(r"(^|/)archdeck-deploy(@|$)|^(\$|\.)/$")
"""The action by its repository, or by its own path where a workflow of its own repository uses it."""
_COMMAND = re.compile(r"(?:^|[\s;&|(])deploytool\s+([a-z]+(?:-[a-z]+)*)")


def workflow(name: str, document: Any) -> Workflow:
    """``document`` is the parsed YAML; what is no mapping is a workflow without events and jobs."""
    if not isinstance(document, Mapping):
        return Workflow(name)
    jobs = document.get("jobs")
    used = tuple(_jobs(name, document, jobs if isinstance(jobs, Mapping) else {}))
    return Workflow(
        name=name,
        # YAML 1.1 reads the word `on` as true.
        events=_events(document.get("on", document.get(True))),
        jobs=used,
        responds=any("handle-comment" in job.commands for job in used),
    )


def _jobs(name: str, document: Mapping[Any, Any], jobs: Mapping[Any, Any]) -> Iterator[Job]:
    for key, job in jobs.items():
        if not isinstance(job, Mapping):
            continue
        commands = {command for step in job.get("steps") or () for command in _commands(step)}
        if commands:
            permissions = _permissions(job.get("permissions", document.get("permissions")))
            yield Job(name, str(key), permissions, tuple(sorted(commands)))


def _commands(step: Any) -> Iterator[str]:
    if not isinstance(step, Mapping):
        return
    if _ACTION.search(str(step.get("uses", ""))):
        inputs = step.get("with")
        yield str(inputs.get("command", "release")) if isinstance(inputs, Mapping) else "release"
    yield from _COMMAND.findall(str(step.get("run", "")))


def _permissions(raw: Any) -> dict[str, str] | None:
    if isinstance(raw, Mapping):
        return {str(name): str(level) for name, level in raw.items()}
    level = {"write-all": "write", "read-all": "read"}.get(str(raw))
    return {"*": level} if level else None


def _events(on: Any) -> tuple[str, ...]:
    if isinstance(on, str):
        return (on,)
    return tuple(str(event) for event in on) if isinstance(on, Mapping | list) else ()
