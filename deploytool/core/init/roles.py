"""Who may release and plan: OIDC subjects of the repository, and the roles that trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploytool.core.init.model import Parameters
from deploytool.core.init.names import PRODUCTION, cluster_name, main_environment

STAGING = "staging"
ROLES = 2
"""Environments that the stack `bootstrap` has a deploy role for."""


@dataclass(frozen=True)
class Subjects:
    """How the jobs of a repository call themselves to AWS."""

    repository: str
    """`owner/name`; empty where it is not known."""
    owner_id: int = 0
    """0 where the ids are not known."""
    repository_id: int = 0

    @property
    def has_ids(self) -> bool:
        return bool(self.owner_id and self.repository_id)

    def of(self, what: str) -> tuple[str, ...]:
        """`what` is `environment:NAME` or `pull_request`.

        Both forms, where the ids are known: repositories made since 2026-07-15 come with ids in the subject
        (https://docs.github.com/en/actions/reference/security/oidc).
        """
        if not self.repository:
            return ()
        owner, _, name = self.repository.partition("/")
        with_ids = (f"repo:{owner}@{self.owner_id}/{name}@{self.repository_id}:{what}",) if self.has_ids else ()
        return (f"repo:{self.repository}:{what}", *with_ids)


def role_parameters(app: str, environments: Sequence[str], cluster: str, subjects: Subjects) -> Parameters:
    """Parameters of the stack `bootstrap`, which all environments share; none where the repository is not known."""
    main = main_environment(tuple(environments))
    others = [name for name in environments if name != main][: ROLES - 1]
    if not subjects.repository:
        return {}
    found: dict[str, str | tuple[str, ...]] = {}
    for kind, usual, name in (("Production", PRODUCTION, main), *(("Staging", STAGING, other) for other in others)):
        found[f"{kind}Subjects"] = subjects.of(f"environment:{name}")
        if name != usual:
            found[f"{kind}Environment"] = name
        own = cluster or cluster_name(app, name)
        if own != cluster_name(app, usual):
            found[f"{kind}Cluster"] = own
    return {**found, "PlanSubjects": subjects.of("pull_request")}


def deploy_role(account: str, region: str, app: str, environment: str) -> str:
    """ARN of the role that the stack `bootstrap` makes; empty where the account is not known."""
    return _arn(account, region, f"{app}-{environment}-deploy") if account else ""


def plan_role(account: str, region: str, app: str, environment: str) -> str:
    """The same of the role that may only look."""
    return _arn(account, region, f"{app}-{environment}-plan") if account else ""


def _arn(account: str, region: str, name: str) -> str:
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
    return f"arn:{partition}:iam::{account}:role/{name}"
