"""Deployments by environment with the history of each."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from deploytool.sandbox.github.model import Deployment, DeploymentStatus
from deploytool.sandbox.github.page.parts import icon, label, login, sha, state_of, text, when
from deploytool.sandbox.github.routes.deployments import statuses_of
from deploytool.sandbox.github.world import World

SHOWN = 6
"""Deployments per environment."""


def _status(status: DeploymentStatus) -> str:
    named = (("View deployment", status.environment_url), ("Logs", status.log_url))
    links = "".join(
        f' <a href="{text(url)}">{name}</a>' for name, url in named if url.startswith(("http://", "https://"))
    )
    return f"<li>{label(status.state)}<span>{text(status.description)}</span>{links} {when(status.created_at)}</li>"


def _row(world: World, deployment: Deployment, *, own: bool, newest: bool) -> str:
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


def panel(world: World, own: AbstractSet[int] = frozenset()) -> str:
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
