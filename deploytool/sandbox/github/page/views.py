"""The pages and what their script asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError
from deploytool.sandbox.github.page.html import document, icon, label, login, sha, text, when
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.routes.comments import comment_named, edit
from deploytool.sandbox.github.routing import Request, Routes
from deploytool.sandbox.github.store import DEVELOPER

routes = Routes()
_HERE = Path(__file__).parent
_POLICY = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


def _page(world: GithubWorld, title: str, tab: str, main: str) -> Answer:
    body = document(world.repository, title, tab, main, len(world.store.records.pulls))
    return Answer(200, body, _POLICY, "text/html; charset=utf-8")


def _card(world: GithubWorld, title: str, tab: str, html: str) -> Answer:
    return _page(
        world, title, tab, f'<div class="column"><h1>{text(title)}</h1><section class="card pad">{html}</section></div>'
    )


@routes.add("GET", "/_page/style.css")
def style(_: GithubWorld, __: Request, ___: dict[str, str]) -> Answer:
    return Answer(200, (_HERE / "style.css").read_bytes(), _POLICY, "text/css; charset=utf-8")


@routes.add("GET", "/_page/page.js")
def script(_: GithubWorld, __: Request, ___: dict[str, str]) -> Answer:
    return Answer(200, (_HERE / "page.js").read_bytes(), _POLICY, "text/javascript; charset=utf-8")


@routes.add("GET", "/_page/avatar/{login}.svg")
def avatar(_: GithubWorld, __: Request, path: dict[str, str]) -> Answer:
    """A pattern of five by five, mirrored, from the login's hash."""
    bits = hashlib.sha256(path["login"].encode()).digest()
    cells = [(x, y) for y in range(5) for x in range(3) if bits[y * 3 + x] & 1]
    squares = "".join(f"M{c} {y}h1v1h-1z" for x, y in cells for c in {x, 4 - x})
    hue = bits[20] * 360 // 256
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 7 7">'
        f'<path fill="hsl({hue} 40% 92%)" d="M-1-1h7v7h-7z"/>'
        f'<path fill="hsl({hue} 55% 48%)" d="{squares}"/></svg>'
    )
    return Answer(200, svg.encode(), _POLICY, "image/svg+xml")


@routes.add("GET", "/")
def latest(world: GithubWorld, _: Request, __: dict[str, str]) -> Answer:
    if not world.store.records.pulls:
        return _card(world, "No pull requests yet", "Pull requests", "The first one will be shown here.")
    return Answer(302, b"", {"location": f"/{world.repository}/pull/{max(world.store.records.pulls)}"})


@routes.add("GET", "/{owner}/{repo}/pull/{number}")
def pull(world: GithubWorld, _: Request, path: dict[str, str]) -> Answer:
    from deploytool.sandbox.github.page.pull_request import parts

    world.check(path)
    found = world.pull(path["number"])
    shown = parts(world, found)
    tag = text(_tag(world))
    main = (
        f'<div id="live" data-source="/_page/pull/{found.number}" data-tag="{tag}">'
        f'<div id="title" data-part>{shown["title"]}</div><div class="columns"><div>'
        f'<div id="timeline" data-part>{shown["timeline"]}</div><div id="panel" data-part>{shown["panel"]}</div></div>'
        f'<aside id="side" data-part>{shown["side"]}</aside></div></div>'
    )
    return _page(world, f"{found.title} · Pull Request #{found.number}", "Pull requests", main)


@routes.add("GET", "/_page/pull/{number}")
def pull_parts(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    from deploytool.sandbox.github.page.pull_request import parts

    found = world.pull(path["number"])
    return _unless_known(world, request, lambda: parts(world, found))


def _tag(world: GithubWorld) -> str:
    return f'"{world.store.version}"'


def _unless_known(world: GithubWorld, request: Request, parts: Callable[[], dict[str, str]]) -> Answer:
    """304 while nothing was written: a page left open costs next to nothing."""
    tag = _tag(world)
    headers = {"etag": tag, "cache-control": "no-cache"}
    return Answer(304, None, headers) if request.headers.get("if-none-match") == tag else Answer(200, parts(), headers)


@routes.add("POST", "/_page/comments/{id}/task")
def tick(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """A box ticked on the page, by the developer who looks at it. 409 where the comment has changed meanwhile."""
    from deploytool.sandbox.github.page.html import ticked

    # Only our own page can send this header: from another origin a browser would first ask, and be refused.
    if request.headers.get("x-requested-with") != "page":
        raise ApiError(403, "only the page may do this")
    comment, given = comment_named(world, path["id"]), request.fields()
    line, checked = given.get("line"), given.get("checked")
    if not isinstance(line, int) or not isinstance(checked, bool):
        raise ApiError(422, "line and checked are needed")
    body = ticked(comment.body, line, checked=checked)
    if body is None:
        raise ApiError(409, "the comment has changed")
    edit(world, request, comment, body, world.store.records.users[DEVELOPER])
    return Answer(200, {"checked": checked})


@routes.add("GET", "/{owner}/{repo}/deployments")
def deployments(world: GithubWorld, _: Request, path: dict[str, str]) -> Answer:
    from deploytool.sandbox.github.page.pull_request import panel

    world.check(path)
    html = f'<h1>Deployments</h1><div id="panel" data-part>{panel(world)}</div>'
    main = f'<div class="column" id="live" data-source="/_page/deployments" data-tag="{text(_tag(world))}">{html}</div>'
    return _page(world, "Deployments", "Deployments", main)


@routes.add("GET", "/_page/deployments")
def deployment_parts(world: GithubWorld, request: Request, _: dict[str, str]) -> Answer:
    from deploytool.sandbox.github.page.pull_request import panel

    return _unless_known(world, request, lambda: {"panel": panel(world)})


def _run_line(world: GithubWorld, number: int) -> str:
    run = world.store.records.runs[number]
    state = {"success": "success", "failure": "failure"}.get(
        run.conclusion or "", "in_progress" if run.status != "completed" else "inactive"
    )
    link = f'<a href="/{world.repository}/actions/runs/{run.id}">{text(run.workflow)} #{run.id}</a>'
    said = f"{link} started by {login(run.actor)} {sha(world.repository, run.sha)} {when(run.created_at)}"
    return f'<div class="line"><span>{icon("play")} {said}</span>{label(state)}</div>'


@routes.add("GET", "/{owner}/{repo}/actions")
def actions(world: GithubWorld, _: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    rows = "".join(_run_line(world, number) for number in list(world.store.records.runs)[::-1])
    return _card(world, "Workflow runs", "Actions", rows or "No workflow was started by hand yet.")


@routes.add("GET", "/{owner}/{repo}/actions/workflows/{file}")
def workflow(world: GithubWorld, _: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    chosen = [n for n, run in world.store.records.runs.items() if run.workflow == path["file"]]
    rows = "".join(_run_line(world, number) for number in chosen[::-1])
    return _card(world, path["file"], "Actions", rows or "This workflow was not started by hand yet.")


@routes.add("GET", "/{owner}/{repo}/actions/runs/{id}")
def run(world: GithubWorld, _: Request, path: dict[str, str]) -> Answer:
    """A run that was not dispatched here (a laptop's, a test's) has nothing to show, but its links lead somewhere."""
    world.check(path)
    known = path["id"].isdecimal() and int(path["id"]) in world.store.records.runs
    if not known:
        return _card(
            world, f"Run {path['id']}", "Actions", "This run happened outside the sandbox; its log is where it ran."
        )
    found = world.store.records.runs[int(path["id"])]
    rows = "".join(f"<tr><th>{text(k)}</th><td><code>{text(str(v))}</code></td></tr>" for k, v in found.inputs.items())
    line = _run_line(world, found.id)
    return _card(
        world, f"{found.workflow} #{found.id}", "Actions", f'{line}<div class="markdown"><table>{rows}</table></div>'
    )


@routes.add("GET", "/{owner}/{repo}/commit/{sha}")
def commit(world: GithubWorld, _: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    found = world.checkout.commit(path["sha"])
    if found is None:
        raise ApiError(*NOT_FOUND)
    html = (
        f'<pre class="message">{text(found.message)}</pre><p class="dim">{text(found.author_name)} committed '
        f"{when(found.committed_at)} · <code>{found.sha}</code></p>"
    )
    return _card(world, f"Commit {found.sha[:7]}", "Pull requests", html)
