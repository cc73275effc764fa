"""Which of the account's resources belong to the services that are examined. All raise Unseen."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.facts_account import Role, Topic, Trust
from deploytool.core.doctor.facts_edge import Certificate
from deploytool.core.doctor.facts_github import RepositoryFact
from deploytool.core.doctor.facts_services import TaskShape
from deploytool.core.doctor.facts_stores import Cache, Database, reached
from deploytool.core.doctor.finding import CannotTell, known
from deploytool.core.doctor.github_subject import about


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
    if facts.migrate is not None and not isinstance(facts.migrate, CannotTell):
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


def heard(facts: Facts) -> frozenset[str]:
    """ARNs of topics that somebody has confirmed to listen to."""
    topics: tuple[Topic, ...] = known(facts.account.topics)
    return frozenset(topic.arn for topic in topics if topic.confirmed)


def _callers(facts: Facts) -> frozenset[str]:
    return frozenset(group for service in known(facts.services) for group in service.groups)
