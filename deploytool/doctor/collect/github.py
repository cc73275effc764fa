"""Facts of the repository on GitHub, read only."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import yaml

from deploytool.doctor.facts_account import EnvironmentFact, Github, RepositoryFact, SubjectForm, Workflow
from deploytool.doctor.ownership import workflow
from deploytool.doctor.result import Unknown
from deploytool.github.client import PAGE, GithubClient, GithubError, Missing

T = TypeVar("T")
Json = Mapping[str, Any]
WORKFLOWS = ".github/workflows"
_ACTIONS = "actions: read"
READS = {
    "deployments: read": ("repos.list_deployments", "read deployments"),
    "pull-requests: read": ("pulls.list", "read pull requests"),
}
"""Permission to an operation that needs it; write permissions cannot be tested without writing."""


def not_asked(why: str, fix: str) -> Github:
    reason = Unknown(why, fix)
    return Github(repository=reason, environment=reason, subject=reason, workflows=reason)


def collect_github(client: GithubClient, environment: str) -> Github:
    """The repository of the client."""
    raw = _message(lambda: client.call("repos.get", "read the repository", "metadata: read"))
    if isinstance(raw, Unknown):
        return not_asked(raw.why, raw.fix)
    return Github(
        repository=_repository(raw),
        environment=_message(lambda: _environment(client, environment)),
        subject=_message(lambda: _subject(client)),
        workflows=_message(lambda: _workflows(client, raw["default_branch"])),
        reads={permission: _denied(client, permission, *call) for permission, call in READS.items()},
    )


def _message(read: Callable[[], T]) -> T | Unknown:
    try:
        return read()
    except GithubError as error:
        return Unknown(error.cause, error.fix)


def _denied(client: GithubClient, permission: str, operation: str, what: str) -> Unknown | None:
    answer = _message(lambda: client.call(operation, what, permission, per_page=1))
    return answer if isinstance(answer, Unknown) else None


def _repository(raw: Json) -> RepositoryFact:
    analysis = raw.get("security_and_analysis") or {}
    permissions = raw.get("permissions") or {}
    return RepositoryFact(
        name=raw["full_name"],
        id=raw["id"],
        owner_id=raw["owner"]["id"],
        default_branch=raw["default_branch"],
        created_at=datetime.fromisoformat(raw["created_at"]),
        push=permissions.get("push"),
        secret_scanning=_enabled(analysis, "secret_scanning"),
        push_protection=_enabled(analysis, "secret_scanning_push_protection"),
    )


def _enabled(analysis: Json, name: str) -> bool | None:
    status = (analysis.get(name) or {}).get("status")
    return None if status is None else status == "enabled"


def _environment(client: GithubClient, name: str) -> EnvironmentFact | None:
    # Listed, not read by name: ghapi cannot encode a name with a slash.
    number = 1
    while True:
        page = client.call("repos.get_all_environments", "read the environments", _ACTIONS, per_page=PAGE, page=number)[
            "environments"
        ]
        for environment in page:
            if environment["name"] == name:
                return EnvironmentFact(branch_rule=bool(environment.get("deployment_branch_policy")))
        if len(page) < PAGE:
            return None
        number += 1


def _subject(client: GithubClient) -> SubjectForm:
    try:
        raw = client.call("actions.get_custom_oidc_sub_claim_for_repo", "read the OIDC subject's form", _ACTIONS)
    except Missing:
        return SubjectForm()  # GitHub Enterprise Server without subject templates
    return SubjectForm(
        default=bool(raw.get("use_default", True)),
        claims=tuple(raw.get("include_claim_keys") or ()),
        immutable=raw.get("use_immutable_subject"),
        prefix=raw.get("sub_claim_prefix") or "",
    )


def _workflows(client: GithubClient, branch: str) -> tuple[Workflow, ...]:
    what, permission = "read the workflows", "contents: read"
    try:
        listed = client.call("repos.get_content", what, permission, path=WORKFLOWS, ref=branch)
    except Missing:
        return ()
    names = [file["name"] for file in listed if file["type"] == "file" and file["name"].endswith((".yml", ".yaml"))]
    return tuple(
        _workflow(name, client.call("repos.get_content", what, permission, path=f"{WORKFLOWS}/{name}", ref=branch))
        for name in names
    )


def _workflow(name: str, raw: Json) -> Workflow:
    try:
        document = yaml.safe_load(base64.b64decode(raw.get("content") or ""))
    except (yaml.YAMLError, ValueError):
        document = None  # GitHub does not run it either
    return workflow(name, document)
