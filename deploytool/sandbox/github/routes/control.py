"""What a sandbox and tests do to the stand-in from outside, under `/_sandbox`: no part of GitHub, no token."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.faults import parse
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.routing import Request, Routes
from deploytool.sandbox.github.store import DEVELOPER, CommitStatus, PullRequest, Run, Token, User, now, settings

routes = Routes()


def _required(request: Request, *names: str) -> dict[str, Any]:
    given = request.fields()
    missing = [name for name in names if not given.get(name)]
    if missing:
        raise ApiError(422, f"missing: {', '.join(missing)}")
    return given


@routes.add("GET", "/_sandbox/health")
def health(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    return Answer(200, {"status": "ok", "repository": world.repository})


@routes.add("POST", "/_sandbox/pulls")
def create_pull(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    """`head_sha` may be any ref of the checkout; with `merge_commit_sha` the pull request is born merged."""
    given = _required(request, "title", "head_sha")
    head = world.checkout.sha(given["head_sha"])
    if head is None:
        raise ApiError(422, f"No commit found for SHA: {given['head_sha']}")
    author = given.get("author", DEVELOPER)
    made = PullRequest(
        number=given.get("number") or max(world.store.records.pulls, default=0) + 1,
        title=given["title"],
        body=given.get("body", ""),
        author=author,
        head_ref=given.get("head_ref", "topic"),
        head_sha=head,
        base=given.get("base", world.default_branch),
        created_at=now(),
        updated_at=now(),
    )
    if given.get("merge_commit_sha"):
        made = _merged(world, made, given["merge_commit_sha"], given.get("merged_by", author))
    world.store.records.pulls[made.number] = made
    return Answer(201, represent.pull_full(world, request, made))


def _merged(world: GithubWorld, pull: PullRequest, ref: str, by: str) -> PullRequest:
    sha = world.checkout.sha(ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    return replace(pull, merged_at=now(), merged_by=by, merge_commit_sha=sha, updated_at=now())


@routes.add("POST", "/_sandbox/pulls/{number}/merge")
def merge(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """Record that `merge_commit_sha`, which is in the checkout already, is this pull request's merge."""
    given = _required(request, "merge_commit_sha")
    pull = _merged(world, world.pull(path["number"]), given["merge_commit_sha"], given.get("merged_by", DEVELOPER))
    world.store.records.pulls[pull.number] = pull
    return Answer(200, represent.pull_full(world, request, pull))


@routes.add("POST", "/_sandbox/tokens")
def add_token(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    given = _required(request, "token", "login")
    records = world.store.records
    type_ = given.get("type", "Bot" if given["login"].endswith("[bot]") else "User")
    known = records.users.get(given["login"])
    number = known.id if known else world.store.next_id()
    records.users[given["login"]] = User(number, given["login"], type_, given.get("permission", "write"))
    records.tokens[given["token"]] = Token(given["token"], given["login"], given.get("access", "write"))
    return Answer(201, {"login": given["login"]})


@routes.add("POST", "/_sandbox/commit-statuses")
def add_commit_status(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    given = _required(request, "sha", "context", "state")
    made = CommitStatus(world.store.next_id(), given["sha"], given["context"], given["state"])
    world.store.records.commit_statuses[made.id] = made
    return Answer(201, asdict(made))


@routes.add("PATCH", "/_sandbox/settings")
def change_settings(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    records = world.store.records
    records.settings = settings(asdict(records.settings) | request.fields())
    return Answer(200, asdict(records.settings))


@routes.add("POST", "/_sandbox/runs")
def add_run(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    """A run that an event started; one that was dispatched is there already."""
    given = _required(request, "workflow", "actor", "sha")
    number = world.store.next_id()
    made = Run(
        number, given["workflow"], world.default_branch, given["sha"], {}, given["actor"], "in_progress", None,
        now(), now(),
    )  # fmt: skip
    world.store.records.runs[number] = made
    return Answer(201, asdict(made))


@routes.add("PATCH", "/_sandbox/runs/{id}")
def move_run(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    found = world.store.records.runs.get(int(path["id"])) if path["id"].isdecimal() else None
    if found is None:
        raise ApiError(*NOT_FOUND)
    given = request.fields()
    status, conclusion = given.get("status", found.status), given.get("conclusion", found.conclusion)
    moved = replace(found, status=status, conclusion=conclusion, updated_at=now())
    world.store.records.runs[found.id] = moved
    return Answer(200, asdict(moved))


@routes.add("GET", "/_sandbox/runs")
def runs(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    return Answer(200, [asdict(run) for run in world.store.records.runs.values()])


@routes.add("POST", "/_sandbox/faults")
def add_faults(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    """A list of faults, tried in order after those in force already."""
    if not isinstance(request.body, list):
        raise ApiError(422, "faults are a list")
    for fault in [parse(given) for given in request.body]:
        world.store.records.faults[world.store.next_id()] = fault
    return faults(world, request, {})


@routes.add("GET", "/_sandbox/faults")
def faults(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    return Answer(200, [asdict(fault) for fault in world.store.records.faults.values()])


@routes.add("DELETE", "/_sandbox/faults")
def clear_faults(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    world.store.records.faults.clear()
    return Answer(204)


@routes.add("GET", "/_sandbox/log")
def log(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    """Every request of the API since the start, oldest first; tokens are not in it."""
    return Answer(200, [asdict(exchange) for exchange in list(world.log)])


@routes.add("DELETE", "/_sandbox/log")
def clear_log(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    world.log.clear()
    return Answer(204)


@routes.add("GET", "/_sandbox/events")
def events(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    """`?after=ID` gives only those that came later."""
    after = int(request.query.get("after", "0"))
    return Answer(200, [asdict(event) for event in world.store.records.events.values() if event.id > after])


@routes.add("POST", "/_sandbox/reset")
def reset(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    world.store.reset()
    world.log.clear()
    return Answer(204)
