"""The parts of the pull request page, each replaced in the browser when it changes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from deploytool.sandbox.github.page.html import avatar, icon, label, login, plural, sha, state_of, text, when
from deploytool.sandbox.github.repository import Repository
from deploytool.sandbox.github.store import Comment, Deployment, DeploymentStatus, PullRequest

DEPLOYMENTS_SHOWN = 6
"""Per environment."""
_VERBS = {
    "success": "deployed",
    "inactive": "deployed",
    "failure": "had a problem deploying",
    "error": "had a problem deploying",
}
"""GitHub's timeline by a deployment's newest state; for any other, that it was requested."""


def parts(repository: Repository, pull: PullRequest) -> dict[str, str]:
    """Element id to inner HTML."""
    return {
        "title": _title(repository, pull),
        "timeline": _timeline(repository, pull),
        "panel": panel(repository, {deployment.id for deployment in _deployments(repository, pull)}),
        "side": _side(repository, pull),
    }


def panel(repository: Repository, own: AbstractSet[int] = frozenset()) -> str:
    """Every environment, its newest deployments first; the ones whose ids are `own` are marked."""
    by_environment: dict[str, list[Deployment]] = {}
    for deployment in list(repository.store.records.deployments.values())[::-1]:
        by_environment.setdefault(deployment.environment, []).append(deployment)
    if not by_environment:
        return '<section class="card"><h2>Deployments</h2><p class="dim pad">No deployments yet.</p></section>'
    cards = []
    for environment, deployments in by_environment.items():
        rows = "".join(
            _deployment_row(repository, deployment, own=deployment.id in own, newest=position == 0)
            for position, deployment in enumerate(deployments[:DEPLOYMENTS_SHOWN])
        )
        cards.append(f'<section class="card"><h2>{icon("rocket")} {text(environment)}</h2>{rows}</section>')
    return "".join(cards)


def _deployment_row(repository: Repository, deployment: Deployment, *, own: bool, newest: bool) -> str:
    statuses = repository.store.records.statuses_of(deployment.id)
    commit = repository.checkout.commit(deployment.sha)
    subject = text(commit.subject) if commit else ""
    mark = ' <span class="pill">this pull request</span>' if own else ""
    return (
        f'<details class="deployment" data-key="deployment-{deployment.id}"{" open" if newest else ""}><summary>'
        f"{label(state_of(statuses))} {sha(repository.full_name, deployment.sha)} "
        f'<span class="subject">{subject}</span>{mark} '
        f'<span class="right">{login(deployment.creator)} {when(deployment.created_at)}</span></summary>'
        f'<ol class="history">{"".join(_status(status) for status in statuses)}</ol></details>'
    )


def _status(status: DeploymentStatus) -> str:
    urls = {"View deployment": status.environment_url, "Logs": status.log_url}
    links = "".join(
        f' <a href="{text(url)}">{name}</a>' for name, url in urls.items() if url.startswith(("http://", "https://"))
    )
    return f"<li>{label(status.state)}<span>{text(status.description)}</span>{links} {when(status.created_at)}</li>"


def _title(repository: Repository, pull: PullRequest) -> str:
    commits = plural(len(repository.commits_of(pull)), "commit")
    badge = f'<span class="badge merged">{icon("merge")} Merged</span>'
    sentence = f"{login(pull.merged_by or pull.author)} merged {commits} into"
    if not pull.merged_at:
        badge = f'<span class="badge open">{icon("open")} Open</span>'
        sentence = f"{login(pull.author)} wants to merge {commits} into"
    branches = f"<code>{text(pull.base)}</code> from <code>{text(pull.head_ref)}</code>"
    return (
        f'<h1>{text(pull.title)} <span class="dim">#{pull.number}</span></h1><p class="subtitle">{badge} {sentence} '
        f"{branches} {when(pull.merged_at or pull.created_at)}</p>"
    )


def _bubble(author: str, moment: str, body: str, comment: Comment | None = None) -> str:
    from deploytool.sandbox.github.page.markdown import render

    edited = ' <span class="dim">· edited</span>' if comment and comment.updated_at != comment.created_at else ""
    anchor = f' id="issuecomment-{comment.id}"' if comment else ""
    verb = "commented" if comment else "opened this pull request"
    empty = '<p class="dim"><em>No description provided.</em></p>'
    html = render(body, comment.id if comment else None) if body else empty
    return (
        f'<article class="comment"{anchor}>{avatar(author)}<div class="bubble"><div class="by">{login(author)} '
        f'<span class="dim">{verb}</span> {when(moment)}{edited}</div>'
        f'<div class="markdown">{html}</div></div></article>'
    )


def _event(glyph: str, html: str, kind: str = "") -> str:
    return f'<div class="event {kind}"><span class="glyph">{icon(glyph)}</span><div>{html}</div></div>'


def _commits(repository: Repository, pull: PullRequest) -> str:
    rows = []
    for commit_sha in repository.commits_of(pull):
        commit = repository.checkout.commit(commit_sha)
        subject, link = text(commit.subject if commit else pull.title), sha(repository.full_name, commit_sha)
        rows.append(f'<div class="line"><span>{subject}</span>{link}</div>')
    return _event("commit", "".join(rows))


def _deployments(repository: Repository, pull: PullRequest) -> list[Deployment]:
    """Deployments of this pull request's commits, oldest first."""
    shas = {*repository.commits_of(pull), pull.merge_commit_sha}
    return [deployment for deployment in repository.store.records.deployments.values() if deployment.sha in shas]


def _timeline(repository: Repository, pull: PullRequest) -> str:
    records = repository.store.records
    rows: list[tuple[str, int, str]] = []
    if pull.merged_at:
        link = sha(repository.full_name, pull.merge_commit_sha or "")
        sentence = f"{login(pull.merged_by or pull.author)} merged commit {link} into <code>{text(pull.base)}</code>"
        rows.append((pull.merged_at, 0, _event("merge", f"{sentence} {when(pull.merged_at)}", "purple")))
    for deployment in _deployments(repository, pull):
        state = state_of(records.statuses_of(deployment.id))
        verb = _VERBS.get(state, "requested a deployment")
        sentence = f"{login(deployment.creator)} {verb} to <strong>{text(deployment.environment)}</strong>"
        html = f"{sentence} {when(deployment.created_at)} {label(state)}"
        rows.append((deployment.created_at, deployment.id, _event("rocket", html)))
    for comment in records.comments_of(pull.number):
        bubble = _bubble(comment.author, comment.created_at, comment.body, comment)
        rows.append((comment.created_at, comment.id, bubble))
    opening = _bubble(pull.author, pull.created_at, pull.body) + _commits(repository, pull)
    return opening + "".join(html for _, _, html in sorted(rows))


def _side(repository: Repository, pull: PullRequest) -> str:
    records = repository.store.records
    newest = {deployment.environment: deployment for deployment in records.deployments.values()}
    environments = "".join(
        f'<p><strong>{text(name)}</strong><span class="right">{label(state_of(records.statuses_of(deployment.id)))} '
        f"{sha(repository.full_name, deployment.sha)}</span></p>"
        for name, deployment in sorted(newest.items(), key=lambda item: -item[1].id)
    )
    commenters = [comment.author for comment in records.comments_of(pull.number)]
    people = dict.fromkeys(name for name in (pull.author, pull.merged_by, *commenters) if name)
    faces = "".join(avatar(name, 26) for name in people)
    none = '<p class="dim">None yet</p>'
    return f"<h3>Environments</h3>{environments or none}<h3>{plural(len(people), 'participant')}</h3><p>{faces}</p>"
