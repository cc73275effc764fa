"""The repository, its commits, pull requests and collaborators, and whose token it is."""

from __future__ import annotations

from deploytool.sandbox.github import represent, represent_release
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError, Request, Routes
from deploytool.sandbox.github.model import PullRequest
from deploytool.sandbox.github.pages import page_of
from deploytool.sandbox.github.world import World

routes = Routes()
REPOSITORY = "/repos/{owner}/{repo}"


@routes.add("GET", "/user")
def whoami(_: World, request: Request, __: dict[str, str]) -> Answer:
    """A workflow's GITHUB_TOKEN is an installation's, and GitHub does not say whose that is."""
    if request.who().type == "Bot":
        raise ApiError(403, "Resource not accessible by integration")
    return Answer(200, represent.public_user(request, request.who()))


@routes.add("GET", REPOSITORY)
def repository(world: World, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    return Answer(200, represent.full_repository(world, request))


@routes.add("GET", f"{REPOSITORY}/commits/{{sha}}/pulls")
def pulls_of_commit(world: World, request: Request, path: dict[str, str]) -> Answer:
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
    return Answer(200, [represent_release.pull_simple(world, request, p) for p in shown], headers)


@routes.add("GET", f"{REPOSITORY}/commits/{{ref+}}")
def commit(world: World, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = world.checkout.commit(path["ref"])
    if found is None:
        raise ApiError(422, f"No commit found for SHA: {path['ref']}")
    return Answer(200, represent.commit(world, request, found))


def _listed(pull: PullRequest, query: dict[str, str]) -> bool:
    state = query.get("state", "open")
    head = query.get("head", "").rpartition(":")[2]
    return (
        (state == "all" or (state == "closed") == (pull.merged_at is not None))
        and (not head or head == pull.head_ref)
        and query.get("base", pull.base) == pull.base
    )


@routes.add("GET", f"{REPOSITORY}/pulls")
def pulls(world: World, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = [p for p in list(world.store.records.pulls.values())[::-1] if _listed(p, request.query)]
    if request.query.get("direction") == "asc":
        found.reverse()
    shown, headers = page_of(request, found)
    return Answer(200, [represent_release.pull_simple(world, request, p) for p in shown], headers)


@routes.add("GET", f"{REPOSITORY}/pulls/{{number}}")
def pull(world: World, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    return Answer(200, represent_release.pull_full(world, request, world.pull(path["number"])))


@routes.add("GET", f"{REPOSITORY}/collaborators/{{login}}/permission")
def permission(world: World, request: Request, path: dict[str, str]) -> Answer:
    """The repository is public: whoever exists may at least read."""
    world.check(path)
    request.may_write()
    found = world.store.records.users.get(path["login"])
    if found is None:
        raise ApiError(*NOT_FOUND)
    user = represent.collaborator(request, found)
    return Answer(200, {"permission": found.permission, "role_name": found.permission, "user": user})
