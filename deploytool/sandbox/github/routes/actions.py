"""Workflows started by hand. The stand-in records them; it runs nothing."""

from __future__ import annotations

from deploytool.sandbox.github import represent, represent_release
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError, Request, Routes
from deploytool.sandbox.github.model import Run
from deploytool.sandbox.github.routes.repository import REPOSITORY
from deploytool.sandbox.github.store import now
from deploytool.sandbox.github.world import World

routes = Routes()
MOST_INPUTS = 25


@routes.add("POST", f"{REPOSITORY}/actions/workflows/{{workflow}}/dispatches")
def dispatch(world: World, request: Request, path: dict[str, str]) -> Answer:
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


@routes.add("GET", f"{REPOSITORY}/actions/runs/{{id}}")
def run(world: World, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = world.store.records.runs.get(int(path["id"])) if path["id"].isdecimal() else None
    if found is None:
        raise ApiError(*NOT_FOUND)
    return Answer(200, represent_release.run(world, request, found))
