"""Deployments and their statuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError, invalid
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.routes.repository import REPOSITORY
from deploytool.sandbox.github.routing import Request, Routes, page_of
from deploytool.sandbox.github.store import Deployment, DeploymentState, DeploymentStatus, now

routes = Routes()
DEPLOYMENTS = f"{REPOSITORY}/deployments"
LONGEST_DESCRIPTION = 140
_TYPES: dict[str, tuple[type, ...]] = {
    "ref": (str,),
    "task": (str,),
    "auto_merge": (bool,),
    "required_contexts": (list,),
    "payload": (dict, str),
    "environment": (str,),
    "description": (str, type(None)),
    "transient_environment": (bool,),
    "production_environment": (bool,),
    "state": (str,),
    "log_url": (str,),
    "target_url": (str,),
    "environment_url": (str,),
    "auto_inactive": (bool,),
}


def _checked(request: Request, required: str, resource: str) -> dict[str, Any]:
    """The body, its fields of the right types. Raises ApiError (422)."""
    given = request.fields()
    if not given.get(required):
        raise ApiError(422, f'Invalid request.\n\n"{required}" wasn\'t supplied.')
    for name, value in given.items():
        if name in _TYPES and not isinstance(value, _TYPES[name]):
            raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not of the right type.")
    if len(given.get("description") or "") > LONGEST_DESCRIPTION:
        raise invalid(
            resource, "description", "custom", f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)"
        )
    return given


def _refuse_unready(world: GithubWorld, given: dict[str, Any], sha: str) -> None:
    """Raises ApiError (409) unless every required check of the commit succeeded; with none named, all it has."""
    latest = {s.context: s.state for s in world.store.records.commit_statuses.values() if s.sha == sha}
    required = given.get("required_contexts", list(latest))
    contexts = [{"context": name, "state": latest.get(name, "pending")} for name in required]
    if any(context["state"] != "success" for context in contexts):
        error = {"contexts": contexts, "resource": "Deployment", "field": "required_contexts", "code": "invalid"}
        raise ApiError(409, f"Conflict: Commit status checks failed for {given['ref']}.", error)


@routes.add("POST", DEPLOYMENTS)
def create(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    creator = request.may_write()
    given = _checked(request, "ref", "Deployment")
    ref: str = given["ref"]
    sha = world.checkout.sha(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    behind = world.checkout.is_branch(ref) and world.checkout.behind(world.default_branch, ref)
    if given.get("auto_merge", True) and behind:
        # GitHub merges and deploys nothing; the merge itself is not carried out in the user's checkout.
        return Answer(202, {"message": f"Auto-merged {world.default_branch} into {ref} on deployment."})
    _refuse_unready(world, given, sha)
    environment = given.get("environment") or "production"
    made = Deployment(
        id=world.store.next_id(),
        sha=sha,
        ref=ref,
        task=given.get("task") or "deploy",
        environment=environment,
        description=given.get("description"),
        payload=given.get("payload", {}),
        transient=given.get("transient_environment", False),
        production=given.get("production_environment", environment == "production"),
        creator=creator.login,
        created_at=now(),
        updated_at=now(),
    )
    world.store.records.deployments[made.id] = made
    return Answer(201, represent.deployment_object(world, request, made))


@routes.add("GET", DEPLOYMENTS)
def listed(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """Newest first. The filter `none` means what it says in GitHub's documentation: no filter."""
    world.check(path)
    request.who()
    names = ("sha", "ref", "task", "environment")
    wanted = {name: request.query[name] for name in names if request.query.get(name, "none") != "none"}
    everything = list(world.store.records.deployments.values())[::-1]
    found = [d for d in everything if all(getattr(d, name) == value for name, value in wanted.items())]
    shown, headers = page_of(request, found)
    return Answer(200, [represent.deployment_object(world, request, d) for d in shown], headers)


def _deployment(world: GithubWorld, path: dict[str, str]) -> Deployment:
    world.check(path)
    found = world.store.records.deployments.get(int(path["id"])) if path["id"].isdecimal() else None
    if found is None:
        raise ApiError(*NOT_FOUND)
    return found


@routes.add("GET", f"{DEPLOYMENTS}/{{id}}")
def one(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    request.who()
    return Answer(200, represent.deployment_object(world, request, _deployment(world, path)))


def statuses_of(world: GithubWorld, deployment: int) -> list[DeploymentStatus]:
    """Newest first."""
    return [s for s in world.store.records.statuses.values() if s.deployment_id == deployment][::-1]


def _add_status(world: GithubWorld, deployment: Deployment, made: DeploymentStatus) -> None:
    world.store.records.statuses[made.id] = made
    world.store.records.deployments[deployment.id] = replace(deployment, updated_at=made.created_at)


def _retire_older(world: GithubWorld, newer: Deployment, by: str) -> None:
    """`auto_inactive`: only older, non-transient, non-production deployments of the environment that had a success."""
    for older in list(world.store.records.deployments.values()):
        if older.id >= newer.id or older.environment != newer.environment or older.transient or older.production:
            continue
        states = statuses_of(world, older.id)
        if any(s.state == "success" for s in states) and states[0].state != "inactive":
            number = world.store.next_id()
            gone = DeploymentStatus(number, older.id, "inactive", "", older.environment, "", "", by, now())
            _add_status(world, older, gone)


@routes.add("POST", f"{DEPLOYMENTS}/{{id}}/statuses")
def add_status(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    deployment = _deployment(world, path)
    creator = request.may_write()
    given = _checked(request, "state", "DeploymentStatus")
    if given["state"] not in get_args(DeploymentState):
        raise invalid("DeploymentStatus", "state", "custom", f"state is not included in the list: {given['state']}")
    made = DeploymentStatus(
        id=world.store.next_id(),
        deployment_id=deployment.id,
        state=given["state"],
        description=given.get("description") or "",
        environment=given.get("environment") or deployment.environment,
        environment_url=given.get("environment_url") or "",
        log_url=given.get("log_url") or given.get("target_url") or "",
        creator=creator.login,
        created_at=now(),
    )
    _add_status(world, deployment, made)
    if made.state == "success" and given.get("auto_inactive", True):
        _retire_older(world, deployment, creator.login)
    return Answer(201, represent.status_object(world, request, made))


@routes.add("GET", f"{DEPLOYMENTS}/{{id}}/statuses")
def statuses(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    request.who()
    shown, headers = page_of(request, statuses_of(world, _deployment(world, path).id))
    return Answer(200, [represent.status_object(world, request, s) for s in shown], headers)


@routes.add("GET", f"{DEPLOYMENTS}/{{id}}/statuses/{{status}}")
def one_status(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    request.who()
    for found in statuses_of(world, _deployment(world, path).id):
        if str(found.id) == path["status"]:
            return Answer(200, represent.status_object(world, request, found))
    raise ApiError(*NOT_FOUND)
