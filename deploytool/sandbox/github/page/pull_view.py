"""The pull request: its parts as HTML, each replaced in the browser when it changes."""

from __future__ import annotations

from deploytool.sandbox.github.model import Comment, Deployment, PullRequest
from deploytool.sandbox.github.page.markdown import render
from deploytool.sandbox.github.page.parts import avatar, icon, label, login, sha, state_of, text, when
from deploytool.sandbox.github.routes.deployments import statuses_of
from deploytool.sandbox.github.world import World

DEPLOYMENTS_SHOWN = 6
"""Per environment, in the panel."""


def parts(world: World, pull: PullRequest) -> dict[str, str]:
    """Element id to inner HTML."""
    return {
        "title": _title(world, pull),
        "timeline": _timeline(world, pull),
        "panel": panel(world, pull),
        "side": _side(world, pull),
    }


def _title(world: World, pull: PullRequest) -> str:
    commits = world.commits_of(pull)
    many = f"{len(commits)} commit{'s' if len(commits) != 1 else ''}"
    badge = f'<span class="badge merged">{icon("merge")} Merged</span>'
    said = f"{login(pull.merged_by or pull.author)} merged {many} into"
    if not pull.merged_at:
        badge = f'<span class="badge open">{icon("open")} Open</span>'
        said = f"{login(pull.author)} wants to merge {many} into"
    return (
        f'<h1>{text(pull.title)} <span class="dim">#{pull.number}</span></h1><p class="subtitle">{badge} {said} '
        f"<code>{text(pull.base)}</code> from <code>{text(pull.head_ref)}</code> {when(pull.merged_at or pull.created_at)}</p>"
    )


def _box(author: str, moment: str, body: str, comment: Comment | None = None) -> str:
    edited = ' <span class="dim">· edited</span>' if comment and comment.updated_at != comment.created_at else ""
    anchor = f' id="issuecomment-{comment.id}"' if comment else ""
    said = "commented" if comment else "opened this pull request"
    html = (
        render(body, comment.id if comment else None)
        if body
        else '<p class="dim"><em>No description provided.</em></p>'
    )
    return (
        f'<article class="comment"{anchor}>{avatar(author)}<div class="bubble"><div class="by">{login(author)} '
        f'<span class="dim">{said}</span> {when(moment)}{edited}</div><div class="markdown">{html}</div></div></article>'
    )


def _event(glyph: str, html: str, kind: str = "") -> str:
    return f'<div class="event {kind}"><span class="glyph">{icon(glyph)}</span><div>{html}</div></div>'


def _commits(world: World, pull: PullRequest) -> str:
    rows = []
    for found in world.commits_of(pull):
        commit = world.checkout.commit(found)
        subject = commit.subject if commit else pull.title
        rows.append(f'<div class="line"><span>{text(subject)}</span>{sha(world.repository, found)}</div>')
    return _event("commit", "".join(rows))


def mine(world: World, pull: PullRequest) -> list[Deployment]:
    """Deployments of this pull request's commits, oldest first."""
    shas = {*world.commits_of(pull), pull.merge_commit_sha}
    return [d for d in world.store.records.deployments.values() if d.sha in shas]


def _timeline(world: World, pull: PullRequest) -> str:
    opened = _box(pull.author, pull.created_at, pull.body) + _commits(world, pull)
    later: list[tuple[str, int, str]] = []
    if pull.merged_at:
        into = f"<code>{text(pull.base)}</code>"
        merged = f"{login(pull.merged_by or pull.author)} merged commit {sha(world.repository, pull.merge_commit_sha or '')} into {into}"
        later.append((pull.merged_at, 0, _event("merge", f"{merged} {when(pull.merged_at)}", "purple")))
    for deployment in mine(world, pull):
        state = state_of(statuses_of(world, deployment.id))
        verb = {"success": "deployed", "inactive": "deployed"}.get(state, "requested a deployment")
        said = f"{login(deployment.creator)} {verb} to <strong>{text(deployment.environment)}</strong> {when(deployment.created_at)}"
        later.append((deployment.created_at, deployment.id, _event("rocket", f"{said} {label(state)}")))
    for comment in world.store.records.comments.values():
        if comment.issue == pull.number:
            later.append(
                (comment.created_at, comment.id, _box(comment.author, comment.created_at, comment.body, comment))
            )
    return opened + "".join(html for _, _, html in sorted(later))


def _history(world: World, deployment: Deployment) -> str:
    rows = []
    for status in statuses_of(world, deployment.id):
        links = "".join(
            f' <a href="{text(url)}">{name}</a>'
            for name, url in (("View deployment", status.environment_url), ("Logs", status.log_url))
            if url.startswith(("http://", "https://"))
        )
        rows.append(
            f"<li>{label(status.state)}<span>{text(status.description)}</span>{links} {when(status.created_at)}</li>"
        )
    return f'<ol class="history">{"".join(rows)}</ol>'


def panel(world: World, pull: PullRequest | None = None) -> str:
    """Every environment, its newest deployments first; the ones of this pull request are marked."""
    own = {d.id for d in mine(world, pull)} if pull else set()
    by_environment: dict[str, list[Deployment]] = {}
    for deployment in list(world.store.records.deployments.values())[::-1]:
        by_environment.setdefault(deployment.environment, []).append(deployment)
    if not by_environment:
        return '<section class="card"><h2>Deployments</h2><p class="dim pad">Nothing was deployed yet.</p></section>'
    blocks = []
    for environment, deployments in by_environment.items():
        rows = [f"<h2>{icon('rocket')} {text(environment)}</h2>"]
        for position, deployment in enumerate(deployments[:DEPLOYMENTS_SHOWN]):
            state = state_of(statuses_of(world, deployment.id))
            here = ' <span class="pill">this pull request</span>' if deployment.id in own else ""
            commit = world.checkout.commit(deployment.sha)
            subject = text(commit.subject) if commit else ""
            rows.append(
                f'<details class="deployment" data-key="deployment-{deployment.id}"{" open" if position == 0 else ""}><summary>{label(state)} '
                f'{sha(world.repository, deployment.sha)} <span class="subject">{subject}</span>{here} '
                f'<span class="right">{login(deployment.creator)} {when(deployment.created_at)}</span></summary>'
                f"{_history(world, deployment)}</details>"
            )
        blocks.append(f'<section class="card">{"".join(rows)}</section>')
    return "".join(blocks)


def _side(world: World, pull: PullRequest) -> str:
    active: dict[str, str] = {}
    for deployment in list(world.store.records.deployments.values())[::-1]:
        state = state_of(statuses_of(world, deployment.id))
        if deployment.environment not in active:
            row = f"{label(state)} {sha(world.repository, deployment.sha)}"
            active[deployment.environment] = (
                f'<p><strong>{text(deployment.environment)}</strong><span class="right">{row}</span></p>'
            )
    comments = [c for c in world.store.records.comments.values() if c.issue == pull.number]
    people = dict.fromkeys([pull.author, *([pull.merged_by] if pull.merged_by else []), *(c.author for c in comments)])
    faces = "".join(avatar(name, 26) for name in people)
    environments = "".join(active.values()) or '<p class="dim">None yet</p>'
    return f"<h3>Environments</h3>{environments}<h3>{len(people)} participant{'s' if len(people) != 1 else ''}</h3><p>{faces}</p>"
