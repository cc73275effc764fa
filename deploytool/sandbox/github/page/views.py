"""The pages, and what their script fetches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from deploytool.sandbox.github.http import ApiError, Response, not_found
from deploytool.sandbox.github.page.html import document, icon, label, login, set_task, sha, text, when
from deploytool.sandbox.github.page.pull_request import panel, parts
from deploytool.sandbox.github.routes.comments import edit, find_comment
from deploytool.sandbox.github.routing import Request, Routes
from deploytool.sandbox.github.store import DEVELOPER, Run

routes = Routes()
_DIRECTORY = Path(__file__).parent
_POLICY = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


def _page(request: Request, title: str, tab: str, main: str) -> Response:
    body = document(request.repository.full_name, title, tab, main, len(request.records.pulls))
    return Response(200, body, _POLICY, "text/html; charset=utf-8")


def _card(request: Request, title: str, tab: str, html: str) -> Response:
    card = f'<div class="column"><h1>{text(title)}</h1><section class="card pad">{html}</section></div>'
    return _page(request, title, tab, card)


@routes.add("GET", "/_page/style.css")
def style(_: Request) -> Response:
    return Response(200, (_DIRECTORY / "style.css").read_bytes(), _POLICY, "text/css; charset=utf-8")


@routes.add("GET", "/_page/page.js")
def script(_: Request) -> Response:
    return Response(200, (_DIRECTORY / "page.js").read_bytes(), _POLICY, "text/javascript; charset=utf-8")


@routes.add("GET", "/_page/avatar/{name}.svg")
def avatar(_: Request, name: str) -> Response:
    """A pattern of five by five, mirrored, from the login's hash."""
    bits = hashlib.sha256(name.encode()).digest()
    cells = [(x, y) for y in range(5) for x in range(3) if bits[y * 3 + x] & 1]
    squares = "".join(f"M{column} {y}h1v1h-1z" for x, y in cells for column in {x, 4 - x})
    hue = bits[20] * 360 // 256
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 7 7">'
        f'<path fill="hsl({hue} 40% 92%)" d="M-1-1h7v7h-7z"/>'
        f'<path fill="hsl({hue} 55% 48%)" d="{squares}"/></svg>'
    )
    return Response(200, svg.encode(), _POLICY, "image/svg+xml")


@routes.add("GET", "/")
def latest(request: Request) -> Response:
    pulls = request.records.pulls
    if not pulls:
        return _card(request, "No pull requests yet", "Pull requests", "The first one will be shown here.")
    return Response(302, b"", {"location": f"/{request.repository.full_name}/pull/{max(pulls)}"})


@routes.add("GET", "/{owner}/{repo}/pull/{number}")
def pull_request(request: Request, number: str) -> Response:
    pull = request.repository.pull(number)
    html = parts(request.repository, pull)
    main = (
        f'<div id="live" data-source="/_page/pull/{pull.number}" data-tag="{text(_tag(request))}">'
        f'<div id="title" data-part>{html["title"]}</div><div class="columns"><div>'
        f'<div id="timeline" data-part>{html["timeline"]}</div><div id="panel" data-part>{html["panel"]}</div></div>'
        f'<aside id="side" data-part>{html["side"]}</aside></div></div>'
    )
    return _page(request, f"{pull.title} · Pull Request #{pull.number}", "Pull requests", main)


@routes.add("GET", "/_page/pull/{number}")
def pull_request_parts(request: Request, number: str) -> Response:
    pull = request.repository.pull(number)
    return _unless_current(request, lambda: parts(request.repository, pull))


def _tag(request: Request) -> str:
    return f'"{request.repository.store.version}"'


def _unless_current(request: Request, render: Callable[[], dict[str, str]]) -> Response:
    """304 while nothing was written: a page left open costs next to nothing."""
    tag = _tag(request)
    headers = {"etag": tag, "cache-control": "no-cache"}
    current = request.headers.get("if-none-match") == tag
    return Response(304, None, headers) if current else Response(200, render(), headers)


@routes.add("POST", "/_page/comments/{number}/task")
def tick(request: Request, number: str) -> Response:
    """A box ticked on the page, by the developer. 409 where the comment has changed meanwhile."""
    # Only our own page can send this header: from another origin a browser would first ask, and be refused.
    if request.headers.get("x-requested-with") != "page":
        raise ApiError(403, "only the page may do this")
    comment, fields = find_comment(request, number), request.fields()
    line, checked = fields.get("line"), fields.get("checked")
    if not isinstance(line, int) or not isinstance(checked, bool):
        raise ApiError(422, "line and checked are required")
    body = set_task(comment.body, line, checked=checked)
    if body is None:
        raise ApiError(409, "the comment has changed")
    edit(request, comment, body, request.records.users[DEVELOPER])
    return Response(200, {"checked": checked})


@routes.add("GET", "/{owner}/{repo}/deployments")
def deployments(request: Request) -> Response:
    html = f'<h1>Deployments</h1><div id="panel" data-part>{panel(request.repository)}</div>'
    tag = text(_tag(request))
    main = f'<div class="column" id="live" data-source="/_page/deployments" data-tag="{tag}">{html}</div>'
    return _page(request, "Deployments", "Deployments", main)


@routes.add("GET", "/_page/deployments")
def deployment_parts(request: Request) -> Response:
    return _unless_current(request, lambda: {"panel": panel(request.repository)})


def _run_line(request: Request, run: Run) -> str:
    unfinished = "in_progress" if run.status != "completed" else "inactive"
    state = run.conclusion if run.conclusion in {"success", "failure"} else unfinished
    repository = request.repository.full_name
    link = f'<a href="/{repository}/actions/runs/{run.id}">{text(run.workflow)} #{run.id}</a>'
    sentence = f"{link} started by {login(run.actor)} {sha(repository, run.sha)} {when(run.created_at)}"
    return f'<div class="line"><span>{icon("play")} {sentence}</span>{label(state)}</div>'


@routes.add("GET", "/{owner}/{repo}/actions")
def actions(request: Request) -> Response:
    rows = "".join(_run_line(request, run) for run in list(request.records.runs.values())[::-1])
    return _card(request, "Workflow runs", "Actions", rows or "No workflow runs yet.")


@routes.add("GET", "/{owner}/{repo}/actions/workflows/{file}")
def workflow(request: Request, file: str) -> Response:
    runs = [run for run in request.records.runs.values() if run.workflow == file]
    rows = "".join(_run_line(request, run) for run in runs[::-1])
    return _card(request, file, "Actions", rows or "No runs of this workflow yet.")


@routes.add("GET", "/{owner}/{repo}/actions/runs/{number}")
def run(request: Request, number: str) -> Response:
    """A run elsewhere (a laptop's, a test's) has nothing to show, but links to it work."""
    run = request.records.runs.get(int(number)) if number.isdecimal() else None
    if run is None:
        message = "This run happened outside the sandbox; its log is where it ran."
        return _card(request, f"Run {number}", "Actions", message)
    return _card(request, f"{run.workflow} #{run.id}", "Actions", _run_line(request, run))


@routes.add("GET", "/{owner}/{repo}/commit/{ref}")
def commit(request: Request, ref: str) -> Response:
    commit = request.repository.checkout.commit(ref)
    if commit is None:
        raise not_found()
    html = (
        f'<pre class="message">{text(commit.message)}</pre><p class="dim">{text(commit.author_name)} committed '
        f"{when(commit.committed_at)} · <code>{commit.sha}</code></p>"
    )
    return _card(request, f"Commit {commit.sha[:7]}", "Pull requests", html)
