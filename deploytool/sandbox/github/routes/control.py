"""What the sandbox and tests change from outside, under `/_sandbox`: not part of GitHub, without a token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from deploytool.sandbox.github.faults import parse_fault
from deploytool.sandbox.github.http import ApiError, Response, not_found
from deploytool.sandbox.github.represent import pull_full
from deploytool.sandbox.github.routing import Request, Routes
from deploytool.sandbox.github.store import (
    DEVELOPER,
    CommitStatus,
    PullRequest,
    Run,
    Token,
    User,
    now,
    settings_from_json,
)

routes = Routes()


def _required(request: Request, *names: str) -> dict[str, Any]:
    body = request.fields()
    missing = [name for name in names if not body.get(name)]
    if missing:
        raise ApiError(422, f"missing: {', '.join(missing)}")
    return body


def _all(records: Iterable[Any]) -> Response:
    return Response(200, [asdict(record) for record in records])


@routes.add("GET", "/_sandbox/health")
def health(request: Request) -> Response:
    return Response(200, {"status": "ok", "repository": request.repository.full_name})


def _commit(request: Request, ref: str) -> str:
    sha = request.repository.checkout.sha(ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    return sha


@routes.add("POST", "/_sandbox/pulls")
def create_pull(request: Request) -> Response:
    """`head_sha` may be any ref of the checkout; with `merge_commit_sha` the pull request is already merged."""
    body = _required(request, "title", "head_sha")
    author = body.get("author", DEVELOPER)
    pull = PullRequest(
        number=body.get("number") or max(request.records.pulls, default=0) + 1,
        title=body["title"],
        body=body.get("body", ""),
        author=author,
        head_ref=body.get("head_ref", "topic"),
        head_sha=_commit(request, body["head_sha"]),
        base=body.get("base", request.repository.default_branch),
        created_at=now(),
        updated_at=now(),
    )
    if body.get("merge_commit_sha"):
        pull = _merged(request, pull, {"merged_by": author} | body)
    request.records.pulls[pull.number] = pull
    return Response(201, pull_full(request, pull))


def _merged(request: Request, pull: PullRequest, body: dict[str, Any]) -> PullRequest:
    sha, merged_by = _commit(request, body["merge_commit_sha"]), body.get("merged_by", DEVELOPER)
    return replace(pull, merged_at=now(), merged_by=merged_by, merge_commit_sha=sha, updated_at=now())


@routes.add("POST", "/_sandbox/pulls/{number}/merge")
def merge(request: Request, number: str) -> Response:
    """Record that `merge_commit_sha`, which is in the checkout already, is this pull request's merge."""
    body = _required(request, "merge_commit_sha")
    pull = _merged(request, request.repository.pull(number), body)
    request.records.pulls[pull.number] = pull
    return Response(200, pull_full(request, pull))


@routes.add("POST", "/_sandbox/tokens")
def add_token(request: Request) -> Response:
    body, records = _required(request, "token", "login"), request.records
    token, login = body["token"], body["login"]
    kind = body.get("type", "Bot" if login.endswith("[bot]") else "User")
    number = records.users[login].id if login in records.users else request.repository.store.next_id()
    records.users[login] = User(number, login, kind, body.get("permission", "write"))
    records.tokens[token] = Token(token, login, body.get("access", "write"))
    return Response(201, {"login": login})


@routes.add("POST", "/_sandbox/commit-statuses")
def add_commit_status(request: Request) -> Response:
    body = _required(request, "sha", "context", "state")
    status = CommitStatus(request.repository.store.next_id(), body["sha"], body["context"], body["state"])
    request.records.commit_statuses[status.id] = status
    return Response(201, asdict(status))


@routes.add("PATCH", "/_sandbox/settings")
def change_settings(request: Request) -> Response:
    request.records.settings = settings_from_json(asdict(request.records.settings) | request.fields())
    return Response(200, asdict(request.records.settings))


@routes.add("POST", "/_sandbox/runs")
def add_run(request: Request) -> Response:
    body = _required(request, "workflow", "actor", "sha")
    number = request.repository.store.next_id()
    run = Run(number, body["workflow"], body["sha"], body["actor"], "in_progress", None, now())
    request.records.runs[number] = run
    return Response(201, asdict(run))


@routes.add("PATCH", "/_sandbox/runs/{number}")
def update_run(request: Request, number: str) -> Response:
    run = request.records.runs.get(int(number)) if number.isdecimal() else None
    if run is None:
        raise not_found()
    request.records.runs[run.id] = replace(run, **request.fields())
    return Response(200, asdict(request.records.runs[run.id]))


@routes.add("GET", "/_sandbox/runs")
def list_runs(request: Request) -> Response:
    return _all(request.records.runs.values())


@routes.add("POST", "/_sandbox/faults")
def add_faults(request: Request) -> Response:
    """A list of faults, tried in order after those in force already."""
    if not isinstance(request.body, list):
        raise ApiError(422, "faults are a list")
    for fault in [parse_fault(rule) for rule in request.body]:
        request.records.faults[request.repository.store.next_id()] = fault
    return _all(request.records.faults.values())


@routes.add("DELETE", "/_sandbox/faults")
def clear_faults(request: Request) -> Response:
    request.records.faults.clear()
    return Response(204)


@routes.add("GET", "/_sandbox/log")
def get_log(request: Request) -> Response:
    """Every request of the API since the start, oldest first; tokens are not in it."""
    return Response(200, list(request.repository.log))


@routes.add("DELETE", "/_sandbox/log")
def clear_log(request: Request) -> Response:
    request.repository.log.clear()
    return Response(204)


@routes.add("GET", "/_sandbox/events")
def list_events(request: Request) -> Response:
    """`?after=ID` returns only later ones."""
    after = int(request.query.get("after", "0"))
    return _all(event for event in request.records.events.values() if event.id > after)


@routes.add("POST", "/_sandbox/reset")
def reset(request: Request) -> Response:
    request.repository.store.reset()
    return clear_log(request)
