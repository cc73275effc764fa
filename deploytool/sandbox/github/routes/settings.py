"""What an administrator sets and a deployment reads: environments, the form of the OIDC subject."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.http import Answer, Request, Routes
from deploytool.sandbox.github.pages import page_of
from deploytool.sandbox.github.routes.repository import REPOSITORY
from deploytool.sandbox.github.world import World

routes = Routes()


@routes.add("GET", f"{REPOSITORY}/environments")
def environments(world: World, request: Request, path: dict[str, str]) -> Answer:
    """As on GitHub, the first deployment makes its environment."""
    world.check(path)
    records = world.store.records
    deployed_to = (each.environment for each in records.deployments.values())
    names = list(dict.fromkeys((*records.settings.environments, *deployed_to)))
    shown, headers = page_of(request, names)
    listed = [_environment(world, request, names.index(name) + 1, name) for name in shown]
    return Answer(200, {"total_count": len(names), "environments": listed}, headers)


def _environment(world: World, request: Request, number: int, name: str) -> dict[str, Any]:
    settings = world.store.records.settings
    web = f"{represent.web_url(world, request)}/deployments/activity_log?environments_filter={quote(name)}"
    return {
        "id": number,
        "node_id": represent.node_id("Environment", name),
        "name": name,
        "url": f"{represent.repository_url(world, request)}/environments/{quote(name, safe='')}",
        "html_url": web,
        "created_at": settings.created_at,
        "updated_at": settings.created_at,
        "protection_rules": [],
        "deployment_branch_policy": None,
    }


@routes.add("GET", f"{REPOSITORY}/actions/oidc/customization/sub")
def subject(world: World, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    request.who()
    settings = world.store.records.settings
    shown: dict[str, Any] = {"use_default": settings.subject_claims is None}
    if settings.subject_claims is not None:
        shown["include_claim_keys"] = list(settings.subject_claims)
    if settings.immutable_subject is not None:
        shown["use_immutable_subject"] = settings.immutable_subject
    return Answer(200, shown)
