"""Deployments and their statuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from deploytool.sandbox.github.http import ApiError, Response, invalid, not_found
from deploytool.sandbox.github.represent import deployment_object, status_object
from deploytool.sandbox.github.routing import REPOSITORY, Request, Routes, page_of
from deploytool.sandbox.github.store import Deployment, DeploymentState, DeploymentStatus, now

routes = Routes()
DEPLOYMENTS = f"{REPOSITORY}/deployments"
LONGEST_DESCRIPTION = 140
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("ref", "task", "environment", "state", "log_url", "target_url", "environment_url"), (str,)),
    **dict.fromkeys(("auto_merge", "transient_environment", "production_environment", "auto_inactive"), (bool,)),
    "required_contexts": (list,),
    "payload": (dict, str),
    "description": (str, type(None)),
}


def _validated(request: Request, required: str, resource: str) -> dict[str, Any]:
    """The body, its fields of the right types. Raises ApiError (422)."""
    body = request.fields()
    if not body.get(required):
        raise ApiError(422, f'Invalid request.\n\n"{required}" wasn\'t supplied.')
    for name, value in body.items():
        if name in _TYPES and not isinstance(value, _TYPES[name]):
            raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not of the right type.")
    if len(body.get("description") or "") > LONGEST_DESCRIPTION:
        message = f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)"
        raise invalid(resource, "description", "custom", message)
    return body


def _require_checks(request: Request, body: dict[str, Any], sha: str) -> None:
    """Raises ApiError (409) unless every required check of the commit succeeded; with none named, all it has."""
    latest = {status.context: status.state for status in request.records.commit_statuses.values() if status.sha == sha}
    required = body.get("required_contexts", list(latest))
    contexts = [{"context": name, "state": latest.get(name, "pending")} for name in required]
    if any(context["state"] != "success" for context in contexts):
        error = {"contexts": contexts, "resource": "Deployment", "field": "required_contexts", "code": "invalid"}
        raise ApiError(409, f"Conflict: Commit status checks failed for {body['ref']}.", error)


@routes.add("POST", DEPLOYMENTS)
def create(request: Request) -> Response:
    creator = request.writer()
    body = _validated(request, "ref", "Deployment")
    ref: str = body["ref"]
    checkout, default_branch = request.repository.checkout, request.repository.default_branch
    sha = checkout.sha(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    if body.get("auto_merge", True) and checkout.is_branch(ref) and checkout.between(ref, default_branch):
        # GitHub merges and deploys nothing; the merge itself is not done in the user's checkout.
        return Response(202, {"message": f"Auto-merged {default_branch} into {ref} on deployment."})
    _require_checks(request, body, sha)
    environment = body.get("environment") or "production"
    deployment = Deployment(
        id=request.repository.store.next_id(),
        sha=sha,
        ref=ref,
        task=body.get("task") or "deploy",
        environment=environment,
        description=body.get("description"),
        payload=body.get("payload", {}),
        transient_environment=body.get("transient_environment", False),
        production_environment=body.get("production_environment", environment == "production"),
        creator=creator.login,
        created_at=now(),
        updated_at=now(),
    )
    request.records.deployments[deployment.id] = deployment
    return Response(201, deployment_object(request, deployment))


@routes.add("GET", DEPLOYMENTS)
def list_deployments(request: Request) -> Response:
    """Newest first. The filter `none` means what it says in GitHub's documentation: no filter."""
    request.caller()
    names = ("sha", "ref", "task", "environment")
    filters = {name: request.query[name] for name in names if request.query.get(name, "none") != "none"}
    newest_first = list(request.records.deployments.values())[::-1]
    matching = [d for d in newest_first if all(getattr(d, name) == value for name, value in filters.items())]
    page, headers = page_of(request, matching)
    return Response(200, [deployment_object(request, deployment) for deployment in page], headers)


def _deployment(request: Request, number: str) -> Deployment:
    request.caller()
    deployment = request.records.deployments.get(int(number)) if number.isdecimal() else None
    if deployment is None:
        raise not_found()
    return deployment


@routes.add("GET", f"{DEPLOYMENTS}/{{number}}")
def get(request: Request, number: str) -> Response:
    return Response(200, deployment_object(request, _deployment(request, number)))


def _add_status(request: Request, deployment: Deployment, status: DeploymentStatus) -> None:
    request.records.statuses[status.id] = status
    request.records.deployments[deployment.id] = replace(deployment, updated_at=status.created_at)


def _deactivate_older(request: Request, newer: Deployment, creator: str) -> None:
    """`auto_inactive`: only older, non-transient, non-production deployments of the environment that had a success."""
    for older in list(request.records.deployments.values()):
        fixed = older.transient_environment or older.production_environment
        if older.id >= newer.id or older.environment != newer.environment or fixed:
            continue
        statuses = request.records.statuses_of(older.id)
        if any(status.state == "success" for status in statuses) and statuses[0].state != "inactive":
            number, environment = request.repository.store.next_id(), older.environment
            inactive = DeploymentStatus(number, older.id, "inactive", "", environment, "", "", creator, now())
            _add_status(request, older, inactive)


@routes.add("POST", f"{DEPLOYMENTS}/{{number}}/statuses")
def create_status(request: Request, number: str) -> Response:
    deployment = _deployment(request, number)
    creator = request.writer()
    body = _validated(request, "state", "DeploymentStatus")
    if body["state"] not in get_args(DeploymentState):
        raise invalid("DeploymentStatus", "state", "custom", f"state is not included in the list: {body['state']}")
    status = DeploymentStatus(
        id=request.repository.store.next_id(),
        deployment_id=deployment.id,
        state=body["state"],
        description=body.get("description") or "",
        environment=body.get("environment") or deployment.environment,
        environment_url=body.get("environment_url") or "",
        log_url=body.get("log_url") or body.get("target_url") or "",
        creator=creator.login,
        created_at=now(),
    )
    _add_status(request, deployment, status)
    if status.state == "success" and body.get("auto_inactive", True):
        _deactivate_older(request, deployment, creator.login)
    return Response(201, status_object(request, status))


@routes.add("GET", f"{DEPLOYMENTS}/{{number}}/statuses")
def list_statuses(request: Request, number: str) -> Response:
    page, headers = page_of(request, request.records.statuses_of(_deployment(request, number).id))
    return Response(200, [status_object(request, status) for status in page], headers)
