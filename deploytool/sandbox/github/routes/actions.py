"""Workflow runs started by hand. The server records them; it runs nothing."""

from __future__ import annotations

from deploytool.sandbox.github.http import ApiError, Response, not_found
from deploytool.sandbox.github.represent import run_object
from deploytool.sandbox.github.routing import REPOSITORY, Request, Routes
from deploytool.sandbox.github.store import Run, now

routes = Routes()
MOST_INPUTS = 25


@routes.add("POST", f"{REPOSITORY}/actions/workflows/{{workflow}}/dispatches")
def dispatch(request: Request, workflow: str) -> Response:
    actor = request.writer()
    checkout, body = request.repository.checkout, request.fields()
    ref, inputs = body.get("ref"), body.get("inputs", {})
    if not isinstance(ref, str) or not isinstance(inputs, dict):
        raise ApiError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.')
    sha = checkout.sha(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    if not checkout.has_file(request.repository.default_branch, f".github/workflows/{workflow}"):
        raise not_found()
    if len(inputs) > MOST_INPUTS:
        count = f"No more than {MOST_INPUTS} properties are allowed; {len(inputs)} were supplied."
        raise ApiError(422, f"Invalid request.\n\n{count}")
    number = request.repository.store.next_id()
    run = Run(number, workflow, ref, sha, inputs, actor.login, "queued", None, now(), now())
    request.records.runs[number] = run
    if not body.get("return_run_details"):
        return Response(204)
    path = f"actions/runs/{number}"
    urls = {"run_url": f"{request.repository_url}/{path}", "html_url": f"{request.web_url}/{path}"}
    return Response(200, {"workflow_run_id": number} | urls)


def find_run(request: Request, number: str) -> Run:
    """Raises ApiError (404)."""
    run = request.records.runs.get(int(number)) if number.isdecimal() else None
    if run is None:
        raise not_found()
    return run


@routes.add("GET", f"{REPOSITORY}/actions/runs/{{number}}")
def get(request: Request, number: str) -> Response:
    return Response(200, run_object(request, find_run(request, number)))
