"""The subject of a job's OIDC token, as AWS compares it with a trust policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from deploytool.doctor.facts import Cache, Certificate, Database, Facts, TaskShape, reached
from deploytool.doctor.facts_account import Grant, Job, RepositoryFact, Role, SubjectForm, Topic, Trust, Workflow
from deploytool.doctor.result import Unknown, known
from deploytool.ecs.model import TaskDefinition
from deploytool.ecs.task_definition import references

# SEG core.doctor.github_subject
# The subject of a job's OIDC token, as AWS compares it with a trust policy.

IDS_SINCE = datetime(2026, 7, 15, tzinfo=UTC)
"""Repositories made from this day on carry the ids of owner and repository in the subject."""
USUAL = ("repo", "context")
"""A template of these claims spells the subject as the default does."""


def subject(repository: RepositoryFact, form: SubjectForm, environment: str) -> str | None:
    """The subject of a job of that environment; ``None`` where the repository has a template of its own."""
    if not form.default and form.claims != USUAL:
        return None
    return f"{_prefix(repository, form)}:environment:{environment}"


def _prefix(repository: RepositoryFact, form: SubjectForm) -> str:
    if form.prefix:
        return form.prefix.removesuffix(":")
    if not has_ids(repository, form):
        return f"repo:{repository.name}"
    owner, _, name = repository.name.partition("/")
    return f"repo:{owner}@{repository.owner_id}/{name}@{repository.id}"


def has_ids(repository: RepositoryFact, form: SubjectForm) -> bool:
    """Ids are in it, so that a repository that takes a forgotten name is not taken for the old one."""
    return form.immutable is True or repository.created_at >= IDS_SINCE


def about(repository: RepositoryFact, named: str) -> bool:
    """A subject, or a pattern of one, that speaks of this repository in either form."""
    owner, _, name = repository.name.lower().partition("/")
    told = named.lower()
    return told.startswith((f"repo:{owner}/{name}:", f"repo:{owner}@{repository.owner_id}/", f"repo:{owner}/*"))


# SEG core.doctor.mine
# Which of the account's resources belong to the services that are examined. All raise Unseen.


def databases(facts: Facts) -> tuple[Database, ...]:
    """RDS instances of the VPC that the tasks may reach."""
    return reached(known(facts.databases), known(facts.groups), _callers(facts))


def caches(facts: Facts) -> tuple[Cache, ...]:
    """Replication groups of the VPC that the tasks may reach."""
    return reached(known(facts.caches), known(facts.groups), _callers(facts))


def tasks(facts: Facts) -> Iterator[tuple[str, TaskShape]]:
    """What each service runs, and the migrate task, by the key of the configuration."""
    for service in known(facts.services):
        yield service.key, service.task
    if facts.migrate is not None and not isinstance(facts.migrate, Unknown):
        yield "migrate", facts.migrate


def certificate(facts: Facts, arn: str) -> Certificate | None:
    """The certificate of that ARN."""
    return next((each for each in known(facts.edge.certificates) if each.arn == arn), None)


def role(facts: Facts, arn: str) -> Role | None:
    """The role of that ARN."""
    return next((each for each in known(facts.account.roles) if each.arn == arn), None)


def github_roles(facts: Facts) -> tuple[Role, ...]:
    """Roles that jobs of the repository may come as; one that looks at no subject takes jobs of any."""
    repository = known(facts.github.repository)
    return tuple(each for each in known(facts.account.roles) if any(_takes(trust, repository) for trust in each.github))


def _takes(trust: Trust, repository: RepositoryFact) -> bool:
    named = (*trust.subjects, *trust.patterns)
    return not named or any(about(repository, each) for each in named)


def delivered_topics(facts: Facts) -> frozenset[str]:
    """ARNs of topics that somebody has confirmed to listen to."""
    topics: tuple[Topic, ...] = known(facts.account.topics)
    return frozenset(topic.arn for topic in topics if topic.confirmed)


def _callers(facts: Facts) -> frozenset[str]:
    return frozenset(group for service in known(facts.services) for group in service.groups)


# SEG core.doctor.policy
# IAM policy documents, reduced to grants and to whom GitHub's token service may come as.

ISSUER = "token.actions.githubusercontent.com"


def grants(name: str, document: Mapping[str, Any]) -> tuple[Grant, ...]:
    """The Allow statements. ``NotAction`` and ``NotResource`` allow all but a few: told as ``*``."""
    return tuple(
        Grant(
            policy=name,
            actions=_listed(statement.get("Action")) or ("*",),
            resources=_listed(statement.get("Resource")) or ("*",),
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
    for operator, conditions in (statement.get("Condition") or {}).items():
        for key, values in conditions.items():
            if key.endswith(":aud"):
                audiences += _listed(values)
            elif key.endswith(":sub"):
                # ForAnyValue:StringLike and the like compare with wildcards too.
                (patterns if "Like" in operator else subjects).extend(_listed(values))
    return Trust(tuple(audiences), tuple(subjects), tuple(patterns))


def _federated(statement: Mapping[str, Any]) -> tuple[str, ...]:
    principal = statement.get("Principal")
    return _listed(principal.get("Federated")) if isinstance(principal, Mapping) else ()


def _allowing(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    statements = document.get("Statement", ())
    for statement in (statements,) if isinstance(statements, Mapping) else statements:
        if statement.get("Effect") == "Allow":
            yield statement


def _listed(value: Any) -> tuple[str, ...]:
    """IAM writes a list of one as the one."""
    if value is None:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(each) for each in value)


# SEG core.doctor.task_shape
# A task definition reduced to what the checks ask. Values of its variables are looked at here and go no further.

_NAME = re.compile(
    r"(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE|AUTH|SIGNING|ENCRYPTION)_?KEY)$", re.IGNORECASE
)
_VALUE = re.compile(r"://[^/\s:@]*:[^/\s@]+@|\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bsk-[\w-]{20,}")
"""A password within a URL, an AWS key, a private key, an API key by its usual beginning."""


def shape(definition: TaskDefinition) -> TaskShape:
    """What DescribeTaskDefinition answered, by names alone."""
    parts = definition.get("containerDefinitions", ())
    named = references(definition)
    return TaskShape(
        family=str(definition.get("family", "")),
        images=tuple((part["name"], part.get("image", "")) for part in parts),
        secrets=named.secrets,
        plain=tuple((part["name"], name) for part in parts for name in _plain(part)),
        log_groups=named.log_groups,
        silent=tuple(part["name"] for part in parts if not (part.get("logConfiguration") or {}).get("logDriver")),
        unchecked=tuple(part["name"] for part in parts if part.get("essential", True) and not _checked(part)),
        execution_role=definition.get("executionRoleArn", ""),
        task_role=definition.get("taskRoleArn", ""),
    )


def _plain(container: Mapping[str, Any]) -> Iterator[str]:
    for variable in container.get("environment") or ():
        name, value = str(variable.get("name", "")), str(variable.get("value", ""))
        if value and (_NAME.search(name) or _VALUE.search(value)):
            yield name


def _checked(container: Mapping[str, Any]) -> bool:
    return bool((container.get("healthCheck") or {}).get("command"))


# SEG core.doctor.workflow_file
# A workflow file, reduced to its events and to the jobs that use deploytool.

_ACTION = re.compile(r"(^|/)archdeck-deploy(@|$)|^(\$|\.)/$")
"""The action by its repository, or by its own path where a workflow of its own repository uses it."""
_COMMAND = re.compile(r"(?:^|[\s;&|(])deploytool\s+([a-z]+(?:-[a-z]+)*)")


def workflow(name: str, document: Any) -> Workflow:
    """``document`` is the parsed YAML; what is no mapping is a workflow without events and jobs."""
    if not isinstance(document, Mapping):
        return Workflow(name)
    jobs = document.get("jobs")
    found = tuple(_jobs(name, document, jobs if isinstance(jobs, Mapping) else {}))
    return Workflow(
        name=name,
        # YAML 1.1 reads the word `on` as true.
        events=_events(document.get("on", document.get(True))),
        jobs=found,
        responds=any("handle-comment" in job.commands for job in found),
    )


def _jobs(name: str, document: Mapping[Any, Any], jobs: Mapping[Any, Any]) -> Iterator[Job]:
    for key, job in jobs.items():
        if not isinstance(job, Mapping):
            continue
        commands = {command for step in job.get("steps") or () for command in _commands(step)}
        if commands:
            given = job.get("permissions", document.get("permissions"))
            yield Job(name, str(key), _permissions(given), tuple(sorted(commands)))


def _commands(step: Any) -> Iterator[str]:
    if not isinstance(step, Mapping):
        return
    if _ACTION.search(str(step.get("uses", ""))):
        given = step.get("with")
        yield str(given.get("command", "release")) if isinstance(given, Mapping) else "release"
    yield from _COMMAND.findall(str(step.get("run", "")))


def _permissions(given: Any) -> dict[str, str] | None:
    if isinstance(given, Mapping):
        return {str(name): str(level) for name, level in given.items()}
    level = {"write-all": "write", "read-all": "read"}.get(str(given))
    return {"*": level} if level else None


def _events(on: Any) -> tuple[str, ...]:
    if isinstance(on, str):
        return (on,)
    return tuple(str(event) for event in on) if isinstance(on, Mapping | list) else ()
