"""Deployments by environment with the history of each."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from deploytool.sandbox.github.page.html import avatar, icon, label, login, render, sha, state_of, text, when
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.routes.deployments import statuses_of
from deploytool.sandbox.github.store import Comment, Deployment, DeploymentStatus, PullRequest

# SEG sandbox.github.page.panel
# Deployments by environment with the history of each.

SHOWN = 6
"""Deployments per environment."""


def _status(status: DeploymentStatus) -> str:
    named = (("View deployment", status.environment_url), ("Logs", status.log_url))
    links = "".join(
        f' <a href="{text(url)}">{name}</a>' for name, url in named if url.startswith(("http://", "https://"))
    )
    return f"<li>{label(status.state)}<span>{text(status.description)}</span>{links} {when(status.created_at)}</li>"


def _row(world: GithubWorld, deployment: Deployment, *, own: bool, newest: bool) -> str:
    statuses = statuses_of(world, deployment.id)
    commit = world.checkout.commit(deployment.sha)
    subject = text(commit.subject) if commit else ""
    mark = ' <span class="pill">this pull request</span>' if own else ""
    return (
        f'<details class="deployment" data-key="deployment-{deployment.id}"{" open" if newest else ""}><summary>'
        f"{label(state_of(statuses))} {sha(world.repository, deployment.sha)} "
        f'<span class="subject">{subject}</span>{mark} '
        f'<span class="right">{login(deployment.creator)} {when(deployment.created_at)}</span></summary>'
        f'<ol class="history">{"".join(_status(status) for status in statuses)}</ol></details>'
    )


def panel(world: GithubWorld, own: AbstractSet[int] = frozenset()) -> str:
    """Every environment, its newest deployments first; the ones whose ids are `own` are marked."""
    by_environment: dict[str, list[Deployment]] = {}
    for deployment in list(world.store.records.deployments.values())[::-1]:
        by_environment.setdefault(deployment.environment, []).append(deployment)
    if not by_environment:
        return '<section class="card"><h2>Deployments</h2><p class="dim pad">Nothing was deployed yet.</p></section>'
    blocks = []
    for environment, deployments in by_environment.items():
        rows = [
            _row(world, deployment, own=deployment.id in own, newest=position == 0)
            for position, deployment in enumerate(deployments[:SHOWN])
        ]
        blocks.append(f'<section class="card"><h2>{icon("rocket")} {text(environment)}</h2>{"".join(rows)}</section>')
    return "".join(blocks)


# SEG sandbox.github.page.pull_view
# The pull request: its parts as HTML, each replaced in the browser when it changes.

_HAPPENED = {
    "success": "deployed",
    "inactive": "deployed",
    "failure": "had a problem deploying",
    "error": "had a problem deploying",
}
"""Newest state of a deployment to what GitHub's timeline says of it; of any other, that it was requested."""


def parts(world: GithubWorld, pull: PullRequest) -> dict[str, str]:
    """Element id to inner HTML."""
    return {
        "title": _title(world, pull),
        "timeline": _timeline(world, pull),
        "panel": panel(world, {d.id for d in pull_deployments(world, pull)}),
        "side": _side(world, pull),
    }


def _title(world: GithubWorld, pull: PullRequest) -> str:
    commits = world.commits_of(pull)
    many = f"{len(commits)} commit{'s' if len(commits) != 1 else ''}"
    badge = f'<span class="badge merged">{icon("merge")} Merged</span>'
    said = f"{login(pull.merged_by or pull.author)} merged {many} into"
    if not pull.merged_at:
        badge = f'<span class="badge open">{icon("open")} Open</span>'
        said = f"{login(pull.author)} wants to merge {many} into"
    branches = f"<code>{text(pull.base)}</code> from <code>{text(pull.head_ref)}</code>"
    return (
        f'<h1>{text(pull.title)} <span class="dim">#{pull.number}</span></h1><p class="subtitle">{badge} {said} '
        f"{branches} {when(pull.merged_at or pull.created_at)}</p>"
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
        f'<span class="dim">{said}</span> {when(moment)}{edited}</div>'
        f'<div class="markdown">{html}</div></div></article>'
    )


def _event(glyph: str, html: str, kind: str = "") -> str:
    return f'<div class="event {kind}"><span class="glyph">{icon(glyph)}</span><div>{html}</div></div>'


def _commits(world: GithubWorld, pull: PullRequest) -> str:
    rows = []
    for found in world.commits_of(pull):
        commit = world.checkout.commit(found)
        subject = commit.subject if commit else pull.title
        rows.append(f'<div class="line"><span>{text(subject)}</span>{sha(world.repository, found)}</div>')
    return _event("commit", "".join(rows))


def pull_deployments(world: GithubWorld, pull: PullRequest) -> list[Deployment]:
    """Deployments of this pull request's commits, oldest first."""
    shas = {*world.commits_of(pull), pull.merge_commit_sha}
    return [d for d in world.store.records.deployments.values() if d.sha in shas]


def _timeline(world: GithubWorld, pull: PullRequest) -> str:
    opened = _box(pull.author, pull.created_at, pull.body) + _commits(world, pull)
    later: list[tuple[str, int, str]] = []
    if pull.merged_at:
        merge = sha(world.repository, pull.merge_commit_sha or "")
        said = f"{login(pull.merged_by or pull.author)} merged commit {merge} into <code>{text(pull.base)}</code>"
        later.append((pull.merged_at, 0, _event("merge", f"{said} {when(pull.merged_at)}", "purple")))
    for deployment in pull_deployments(world, pull):
        state = state_of(statuses_of(world, deployment.id))
        verb = _HAPPENED.get(state, "requested a deployment")
        said = f"{login(deployment.creator)} {verb} to <strong>{text(deployment.environment)}</strong>"
        html = f"{said} {when(deployment.created_at)} {label(state)}"
        later.append((deployment.created_at, deployment.id, _event("rocket", html)))
    later += [
        (c.created_at, c.id, _box(c.author, c.created_at, c.body, c))
        for c in world.store.records.comments.values()
        if c.issue == pull.number
    ]
    return opened + "".join(html for _, _, html in sorted(later))


def _side(world: GithubWorld, pull: PullRequest) -> str:
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
    many = f"{len(people)} participant{'s' if len(people) != 1 else ''}"
    return f"<h3>Environments</h3>{environments}<h3>{many}</h3><p>{faces}</p>"
