"""A tick that is followed. Each test changes one thing about it."""

from __future__ import annotations

from dataclasses import replace

from deploytool.github.rollback_model import (
    CheckboxEvent,
    Facts,
    GithubDeployment,
    Job,
    RollbackCheckbox,
    VerifiedState,
)

MAIN = "a" * 40
OLD, NEW = "1" * 40, "2" * 40
MARKER = "<!-- deploytool:shop:production -->"
MARKERS = {MARKER: "production", "<!-- deploytool:shop:staging -->": "staging"}
BOT = "github-actions[bot]"


def body(goal: int = 41, current: int = 42, ticked: bool = False, marker: str = MARKER) -> str:
    """The comment of release r2, that can go back to r1."""
    line = RollbackCheckbox(goal, current).line("Roll back to `1111111` (release `r1`)")
    return f"{marker}\n### ✅ Live in production\n\n{line.replace('[ ]', '[x]') if ticked else line}\n\nmore"


TICK = CheckboxEvent("issue_comment", "edited", "acme/shop", 12, "mona", False, 7, body(), body(ticked=True))
JOB = Job("acme/shop", "refs/heads/main", "main", MAIN, MAIN)
GOAL = GithubDeployment(
    41, "acme/shop", "production", "archdeck-deploy", "shop", "r1", BOT, OLD, OLD, OLD, ("inactive", "success")
)
CURRENT = replace(GOAL, id=42, release="r2", ref=NEW, sha=NEW, commit=NEW, states=("success", "in_progress"))
REREAD = VerifiedState(BOT, True, "", body(ticked=True), "write", "acme/shop", True, GOAL, CURRENT, 42)
FACTS = Facts("shop", MARKERS, JOB, TICK, REREAD)


def ticked(**changes: object) -> Facts:
    """The same with another event."""
    return replace(FACTS, tick=replace(TICK, **changes))  # type: ignore[arg-type]  # passed on as given


def ran(**changes: object) -> Facts:
    """The same in another job."""
    return replace(FACTS, job=replace(JOB, **changes))  # type: ignore[arg-type]  # passed on as given


def read(**changes: object) -> Facts:
    """The same, where GitHub says something else."""
    return replace(FACTS, reread=replace(REREAD, **changes))  # type: ignore[arg-type]  # passed on as given


def goal(**changes: object) -> Facts:
    """The same, where the deployment to go back to is another."""
    return read(goal=replace(GOAL, **changes))  # type: ignore[arg-type]  # passed on as given


def current(**changes: object) -> Facts:
    """The same, where the deployment shown as live is another."""
    return read(current=replace(CURRENT, **changes))  # type: ignore[arg-type]  # passed on as given
