"""The repository, its commits, pull requests and collaborators, and whose token it is."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.represent import pull_full, pull_simple, run_object
from deploytool.sandbox.github.routing import Request, Routes, page_of
from deploytool.sandbox.github.store import PullRequest, Run, now

# SEG sandbox.github.routes.repository
# The repository, its commits, pull requests and collaborators, and whose token it is.

routes = Routes()
REPOSITORY = "/repos/{owner}/{repo}"


@routes.add("GET", "/user")
def whoami(_: GithubWorld, request: Request, __: dict[str, str]) -> Answer:
    """A workflow's GITHUB_TOKEN is an installation's, and GitHub does not say whose that is."""
    if request.who().type == "Bot":
        raise ApiError(403, "Resource not accessible by integration")
    return Answer(200, represent.public_user(request, request.who()))


@routes.add("GET", REPOSITORY)
def repository(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    return Answer(200, represent.full_repository(world, request))


@routes.add("GET", f"{REPOSITORY}/commits/{{sha}}/pulls")
def pulls_of_commit(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """The merged pull request that brought the commit where it is on the default branch; else all that contain it."""
    world.check(path)
    sha = world.checkout.sha(path["sha"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {path['sha']}")
    newest_first = list(world.store.records.pulls.values())[::-1]
    holding = [p for p in newest_first if sha == p.merge_commit_sha or sha in world.commits_of(p)]
    merged = [p for p in holding if p.merged_at]
    on_default = sha == world.checkout.sha(world.default_branch) or not world.checkout.between(
        world.default_branch, sha
    )
    chosen = merged if merged and on_default else holding
    shown, headers = page_of(request, chosen)
    return Answer(200, [pull_simple(world, request, p) for p in shown], headers)


@routes.add("GET", f"{REPOSITORY}/commits/{{ref+}}")
def commit(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = world.checkout.commit(path["ref"])
    if found is None:
        raise ApiError(422, f"No commit found for SHA: {path['ref']}")
    return Answer(200, represent.commit_object(world, request, found))


def _listed(pull: PullRequest, query: dict[str, str]) -> bool:
    state = query.get("state", "open")
    head = query.get("head", "").rpartition(":")[2]
    return (
        (state == "all" or (state == "closed") == (pull.merged_at is not None))
        and (not head or head == pull.head_ref)
        and query.get("base", pull.base) == pull.base
    )


@routes.add("GET", f"{REPOSITORY}/pulls")
def pulls(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = [p for p in list(world.store.records.pulls.values())[::-1] if _listed(p, request.query)]
    if request.query.get("direction") == "asc":
        found.reverse()
    shown, headers = page_of(request, found)
    return Answer(200, [pull_simple(world, request, p) for p in shown], headers)


@routes.add("GET", f"{REPOSITORY}/pulls/{{number}}")
def pull(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    return Answer(200, pull_full(world, request, world.pull(path["number"])))


@routes.add("GET", f"{REPOSITORY}/collaborators/{{login}}/permission")
def permission(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """The repository is public: whoever exists may at least read."""
    world.check(path)
    request.may_write()
    found = world.store.records.users.get(path["login"])
    if found is None:
        raise ApiError(*NOT_FOUND)
    user = represent.collaborator_object(request, found)
    return Answer(200, {"permission": found.permission, "role_name": found.permission, "user": user})


# SEG sandbox.github.routes.actions
# Workflows started by hand. The stand-in records them; it runs nothing.

actions_routes = Routes()
MOST_INPUTS = 25


@actions_routes.add("POST", f"{REPOSITORY}/actions/workflows/{{workflow}}/dispatches")
def dispatch(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    actor = request.may_write()
    given = request.fields()
    ref, inputs, workflow = given.get("ref"), given.get("inputs", {}), path["workflow"]
    if not isinstance(ref, str) or not isinstance(inputs, dict):
        raise ApiError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.')
    sha = world.checkout.sha(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    if not world.checkout.has_file(world.default_branch, f".github/workflows/{workflow}"):
        raise ApiError(*NOT_FOUND)
    if len(inputs) > MOST_INPUTS:
        raise ApiError(
            422, f"Invalid request.\n\nNo more than {MOST_INPUTS} properties are allowed; {len(inputs)} were supplied."
        )
    made = Run(world.store.next_id(), workflow, ref, sha, inputs, actor.login, "queued", None, now(), now())
    world.store.records.runs[made.id] = made
    if not given.get("return_run_details"):
        return Answer(204)
    tail = f"actions/runs/{made.id}"
    details = {
        "workflow_run_id": made.id,
        "run_url": f"{represent.repository_url(world, request)}/{tail}",
        "html_url": f"{represent.web_url(world, request)}/{tail}",
    }
    return Answer(200, details)


@actions_routes.add("GET", f"{REPOSITORY}/actions/runs/{{id}}")
def run(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = world.store.records.runs.get(int(path["id"])) if path["id"].isdecimal() else None
    if found is None:
        raise ApiError(*NOT_FOUND)
    return Answer(200, run_object(world, request, found))


# SEG sandbox.github.routes.contents
# Files and directories of the checkout, as GitHub's contents API shows them.

contents_routes = Routes()
KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


@contents_routes.add("GET", f"{REPOSITORY}/contents/{{path+}}")
def contents(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """A file with what is in it, or what a directory holds."""
    world.check(path)
    ref, wanted = request.query.get("ref", world.default_branch), path["path"].strip("/")
    content = world.checkout.file(ref, wanted)
    if content is not None:
        parent, _, name = wanted.rpartition("/")
        blob = next(each for _, each, found in world.checkout.listed(ref, parent) if found == name)
        shown = _entry(world, request, ref, wanted, "blob", blob, len(content))
        encoded = {"encoding": "base64", "content": base64.encodebytes(content).decode()}
        return Answer(200, shown | encoded)
    listed = world.checkout.listed(ref, wanted)
    if not listed:
        raise ApiError(*NOT_FOUND)
    return Answer(200, [_entry(world, request, ref, f"{wanted}/{name}", kind, found) for kind, found, name in listed])


def _entry(
    world: GithubWorld, request: Request, ref: str, path: str, kind: str, sha: str, size: int = 0
) -> dict[str, Any]:
    api, web, at = represent.repository_url(world, request), represent.web_url(world, request), quote(path)
    object_url = f"{api}/git/{kind}s/{sha}"
    page = f"{web}/{kind}/{quote(ref)}/{at}"
    self_url = f"{api}/contents/{at}?ref={quote(ref)}"
    return {
        "type": KINDS[kind],
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": self_url,
        "html_url": page,
        "git_url": object_url,
        "download_url": f"{web}/raw/{quote(ref)}/{at}" if kind == "blob" else None,
        "_links": {"self": self_url, "git": object_url, "html": page},
    }


# SEG sandbox.github.routes.settings
# What an administrator sets and a deployment reads: environments, the form of the OIDC subject.

settings_routes = Routes()


@settings_routes.add("GET", f"{REPOSITORY}/environments")
def environments(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """As on GitHub, the first deployment makes its environment."""
    world.check(path)
    records = world.store.records
    deployed_to = (each.environment for each in records.deployments.values())
    names = list(dict.fromkeys((*records.settings.environments, *deployed_to)))
    shown, headers = page_of(request, names)
    listed = [_environment(world, request, names.index(name) + 1, name) for name in shown]
    return Answer(200, {"total_count": len(names), "environments": listed}, headers)


def _environment(world: GithubWorld, request: Request, number: int, name: str) -> dict[str, Any]:
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


@settings_routes.add("GET", f"{REPOSITORY}/actions/oidc/customization/sub")
def subject(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    request.who()
    settings = world.store.records.settings
    shown: dict[str, Any] = {"use_default": settings.subject_claims is None}
    if settings.subject_claims is not None:
        shown["include_claim_keys"] = list(settings.subject_claims)
    if settings.immutable_subject is not None:
        shown["use_immutable_subject"] = settings.immutable_subject
    return Answer(200, shown)
