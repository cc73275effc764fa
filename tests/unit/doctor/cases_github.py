from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import EnvironmentFact, Job, SubjectForm, Trust, Workflow
from tests.unit.doctor.case import DENIED, GOOD, UNKNOWN, Case
from tests.unit.doctor.healthy import (
    HEALTHY,
    PERMISSIONS,
    REPOSITORY,
    SUBJECT,
    WORKFLOWS,
    account,
    facts,
    github,
    role,
    scope,
)

WITH_IDS = "repo:acme@1234/shop@5678:environment:production"
NEW = replace(REPOSITORY, created_at=datetime(2026, 7, 15, tzinfo=UTC))
AUDIENCE = ("sts.amazonaws.com",)


def trusts(*trust: Trust, **of_github: Any) -> Facts:
    """The role that releases, with another trust policy."""
    return facts(
        account=replace(HEALTHY.account, roles=(role("deploy", github=trust),)),
        github=replace(HEALTHY.github, **of_github),
    )


def job(permissions: dict[str, str] | None, *commands: str) -> Facts:
    return github(workflows=(Workflow("w.yml", (), (Job("w.yml", "j", permissions, commands or ("release",)),)),))


GITHUB_CASES = (
    Case("there is no token", "token", github(repository=DENIED), "access denied", UNKNOWN),
    Case("the token lacks a permission", "token", github(reads={"deployments: read": DENIED}), "access denied"),
    Case("the token's owner may not push", "token", github(repository=replace(REPOSITORY, push=False)), "may not push"),
    Case("GitHub does not say who may push", "token", github(repository=replace(REPOSITORY, push=None)),
         "the token has deployments: read", GOOD),
    Case("no workflow uses deploytool", "job-permissions", github(workflows=()), "no workflow on the default branch"),
    Case("a job declares no permissions", "job-permissions", job(None), "declares no permissions"),
    Case("a job lacks a permission", "job-permissions", job({**PERMISSIONS, "deployments": "read"}),
         "w.yml, job j lacks deployments: write"),
    Case("a job may write everything", "job-permissions", job({"*": "write"}), "has the permissions", GOOD),
    Case("a job that plans writes no deployment", "job-permissions",
         job({"contents": "read", "pull-requests": "write", "id-token": "write"}, "plan"), "has the permissions", GOOD),
    Case("a job that plans may write no comment", "job-permissions",
         job({"contents": "read", "id-token": "write"}, "doctor", "plan"), "lacks pull-requests: write"),
    Case("a job that examines writes nothing", "job-permissions",
         job({"contents": "read", "id-token": "write"}, "doctor"), "has the permissions", GOOD),
    Case("what a job does is chosen when it runs", "job-permissions",
         job({"contents": "read"}, "${{ inputs.command }}"), "lacks deployments: write"),
    Case("a job's permissions are of an unknown level", "job-permissions", job({**PERMISSIONS, "contents": "admin"}),
         "lacks contents: read"),
    Case("the environment is missing", "environment", github(environment=None),
         "GitHub has no environment production"),
    Case("GitHub made the environment at its first use", "environment",
         github(environment=EnvironmentFact(branch_rule=False)),
         "the trust policy lets any branch deploy to production"),
    Case("a role trusts the main branch only", "environment",
         trusts(Trust(AUDIENCE, (SUBJECT,), refs=("refs/heads/main",)), environment=EnvironmentFact(branch_rule=False)),
         "the trust policy lets only some branches or tags deploy to production", GOOD),
    Case("a second role trusts any branch", "environment",
         replace(account(roles=(role("a", github=(Trust(AUDIENCE, (SUBJECT,), refs=("refs/heads/main",)),)),
                                role("b", github=(Trust(AUDIENCE, (SUBJECT,)),)))),
                 github=replace(HEALTHY.github, environment=EnvironmentFact(branch_rule=False))),
         "the trust policy lets any branch deploy to production"),
    Case("branches are chosen on GitHub", "environment", facts(), "only the chosen branches or tags", GOOD),
    Case("no role trusts the repository", "sign-in", account(roles=()), "no IAM role trusts acme/shop"),
    Case("the role is found by whom it trusts", "sign-in", facts(), f"shop-deploy trusts {SUBJECT}", GOOD),
    Case("the role is found by the ids that it trusts", "sign-in", trusts(Trust(AUDIENCE, (WITH_IDS,))),
         f"none of shop-deploy trusts {SUBJECT}"),
    Case("a role trusts another repository", "sign-in",
         trusts(Trust(AUDIENCE, ("repo:acme/shopping:environment:production",))), "no IAM role trusts acme/shop"),
    Case("each environment has its role", "sign-in",
         account(roles=(role("staging", github=(Trust(AUDIENCE, ("repo:acme/shop:environment:staging",)),)),
                        role("production", github=(Trust(AUDIENCE, (SUBJECT,)),)))),
         f"shop-production trusts {SUBJECT}", GOOD),
    Case("a new repository comes with ids", "sign-in", trusts(Trust(AUDIENCE, (SUBJECT,)), repository=NEW),
         f"none of shop-deploy trusts {WITH_IDS}"),
    Case("a new repository's ids are trusted", "sign-in", trusts(Trust(AUDIENCE, (WITH_IDS,)), repository=NEW),
         f"trusts {WITH_IDS}", GOOD),
    Case("an old repository has chosen ids", "sign-in",
         trusts(Trust(AUDIENCE, (SUBJECT,)), subject=SubjectForm(immutable=True)),
         f"none of shop-deploy trusts {WITH_IDS}"),
    Case("GitHub says how the subject begins", "sign-in",
         trusts(Trust(AUDIENCE, (SUBJECT,)), subject=SubjectForm(prefix="repo:acme@1234/shop@5678")),
         f"none of shop-deploy trusts {WITH_IDS}"),
    Case("a template spells the usual subject", "sign-in",
         trusts(Trust(AUDIENCE, (SUBJECT,)), subject=SubjectForm(default=False, claims=("repo", "context"))), "trusts",
         GOOD),
    Case("the subject has a custom template", "sign-in",
         trusts(Trust(AUDIENCE, (SUBJECT,)), subject=SubjectForm(default=False, claims=("job_workflow_ref",))),
         "a custom subject template", UNKNOWN),
    Case("the trust policy has wildcards", "sign-in", trusts(Trust(AUDIENCE, (SUBJECT,), ("repo:acme/*",))),
         "compares the subject with wildcards: repo:acme/*"),
    Case("the trust policy looks at no subject", "sign-in", trusts(Trust(AUDIENCE)),
         "trusts every repository on GitHub"),
    Case("the trust policy looks at no audience", "sign-in", trusts(Trust((), (SUBJECT,))), "require the audience"),
    Case("the subject's form may not be read", "sign-in", github(subject=DENIED), "access denied", UNKNOWN),
    Case("the checkbox has no workflow", "rollback-workflow", github(workflows=WORKFLOWS[:1]),
         "rollback.yml is not on main"),
    Case("the workflow does not run on comments", "rollback-workflow",
         github(workflows=(replace(WORKFLOWS[1], events=("push",)),)), "does not handle the rollback checkbox"),
    Case("the workflow handles no comment", "rollback-workflow",
         github(workflows=(replace(WORKFLOWS[1], responds=False),)), "does not handle the rollback checkbox"),
    Case("the checkbox is off", "rollback-workflow", scope(checkbox=False), "checkbox is off; rollback.yml is on main",
         GOOD),
    Case("there is neither checkbox nor workflow", "rollback-workflow",
         replace(github(workflows=()), scope=replace(HEALTHY.scope, checkbox=False)), "rollback_checkbox is off",
         GOOD),
)  # fmt: skip
