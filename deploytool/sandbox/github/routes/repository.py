"""The repository: its commits, pull requests, files, environments, collaborators and OIDC subject."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github.http import ApiError, Response, not_found
from deploytool.sandbox.github.represent import (
    collaborator_object,
    commit_object,
    full_repository,
    node_id,
    public_user,
    pull_full,
    pull_simple,
)
from deploytool.sandbox.github.routing import REPOSITORY, Request, Routes, page_of
from deploytool.sandbox.github.store import PullRequest

routes = Routes()
KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


@routes.add("GET", "/user")
def get_user(request: Request) -> Response:
    """A workflow's GITHUB_TOKEN is an installation's, and GitHub does not say whose that is."""
    user = request.caller()
    if user.type == "Bot":
        raise ApiError(403, "Resource not accessible by integration")
    return Response(200, public_user(request, user))


@routes.add("GET", REPOSITORY)
def get_repository(request: Request) -> Response:
    return Response(200, full_repository(request))


def _pulls(request: Request) -> list[PullRequest]:
    """Newest first."""
    return list(request.records.pulls.values())[::-1]


def _pull_page(request: Request, pulls: list[PullRequest]) -> Response:
    page, headers = page_of(request, pulls)
    return Response(200, [pull_simple(request, pull) for pull in page], headers)


@routes.add("GET", f"{REPOSITORY}/commits/{{ref}}/pulls")
def list_pulls_of_commit(request: Request, ref: str) -> Response:
    """The merged pull request that brought the commit to the default branch; else all that contain it."""
    repository = request.repository
    sha, branch = repository.checkout.sha(ref), repository.default_branch
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    containing = [p for p in _pulls(request) if sha == p.merge_commit_sha or sha in repository.commits_of(p)]
    merged = [pull for pull in containing if pull.merged_at]
    on_default = sha == repository.checkout.sha(branch) or not repository.checkout.between(branch, sha)
    return _pull_page(request, merged if merged and on_default else containing)


@routes.add("GET", f"{REPOSITORY}/commits/{{ref+}}")
def get_commit(request: Request, ref: str) -> Response:
    commit = request.repository.checkout.commit(ref)
    if commit is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    return Response(200, commit_object(request, commit))


@routes.add("GET", f"{REPOSITORY}/pulls")
def list_pulls(request: Request) -> Response:
    state, query = request.query.get("state", "open"), request.query
    head = query.get("head", "").rpartition(":")[2]
    pulls = [
        pull
        for pull in _pulls(request)
        if (state == "all" or (state == "closed") == (pull.merged_at is not None))
        and (not head or head == pull.head_ref)
        and query.get("base", pull.base) == pull.base
    ]
    return _pull_page(request, pulls[::-1] if query.get("direction") == "asc" else pulls)


@routes.add("GET", f"{REPOSITORY}/pulls/{{number}}")
def get_pull(request: Request, number: str) -> Response:
    return Response(200, pull_full(request, request.repository.pull(number)))


@routes.add("GET", f"{REPOSITORY}/collaborators/{{login}}/permission")
def get_permission(request: Request, login: str) -> Response:
    """The repository is public: every known account may at least read."""
    request.writer()
    user = request.records.users.get(login)
    if user is None:
        raise not_found()
    body = {"permission": user.permission, "role_name": user.permission, "user": collaborator_object(request, user)}
    return Response(200, body)


@routes.add("GET", f"{REPOSITORY}/contents/{{path+}}")
def get_contents(request: Request, path: str) -> Response:
    """A file with its content, or a directory's entries."""
    checkout, ref = request.repository.checkout, request.query.get("ref", request.repository.default_branch)
    path = path.strip("/")
    content = checkout.file(ref, path)
    if content is not None:
        parent, _, name = path.rpartition("/")
        blob = next(sha for _, sha, entry in checkout.list_directory(ref, parent) if entry == name)
        encoded = {"encoding": "base64", "content": base64.encodebytes(content).decode(), "size": len(content)}
        return Response(200, _entry(request, ref, path, "blob", blob) | encoded)
    entries = checkout.list_directory(ref, path)
    if not entries:
        raise not_found()
    return Response(200, [_entry(request, ref, f"{path}/{name}", kind, sha) for kind, sha, name in entries])


def _entry(request: Request, ref: str, path: str, kind: str, sha: str) -> dict[str, Any]:
    api, web, location = request.repository_url, request.web_url, f"{quote(ref)}/{quote(path)}"
    urls = {
        "self": f"{api}/contents/{quote(path)}?ref={quote(ref)}",
        "git": f"{api}/git/{kind}s/{sha}",
        "html": f"{web}/{kind}/{location}",
    }
    return {
        "type": KINDS[kind],
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": 0,
        "url": urls["self"],
        "html_url": urls["html"],
        "git_url": urls["git"],
        "download_url": f"{web}/raw/{location}" if kind == "blob" else None,
        "_links": urls,
    }


@routes.add("GET", f"{REPOSITORY}/environments")
def list_environments(request: Request) -> Response:
    """As on GitHub, the first deployment creates its environment."""
    settings = request.records.settings
    deployed = (deployment.environment for deployment in request.records.deployments.values())
    names = list(dict.fromkeys((*settings.environments, *deployed)))
    page, headers = page_of(request, names)
    environments: list[dict[str, Any]] = [
        {
            "id": names.index(name) + 1,
            "node_id": node_id("Environment", name),
            "name": name,
            "url": f"{request.repository_url}/environments/{quote(name, safe='')}",
            "html_url": f"{request.web_url}/deployments/activity_log?environments_filter={quote(name)}",
            "created_at": settings.created_at,
            "updated_at": settings.created_at,
            "protection_rules": [],
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        }
        for name in page
    ]
    return Response(200, {"total_count": len(names), "environments": environments}, headers)


@routes.add("GET", f"{REPOSITORY}/actions/oidc/customization/sub")
def get_subject(request: Request) -> Response:
    request.caller()
    settings = request.records.settings
    body: dict[str, Any] = {"use_default": settings.subject_claims is None}
    if settings.subject_claims is not None:
        body["include_claim_keys"] = list(settings.subject_claims)
    if settings.immutable_subject is not None:
        body["use_immutable_subject"] = settings.immutable_subject
    return Response(200, body)
