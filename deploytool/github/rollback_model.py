"""What a rollback by a tick in a comment is decided on, and what the decision can be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

OURS = "archdeck-deploy"
"""``payload.type`` of our deployments."""
_BOX = re.compile(r"^- \[([ xX])\] .*<!-- deploytool:rollback:([0-9]{1,18}):([0-9]{1,18}) -->[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class RollbackCheckbox:
    """What a box stands for: back to deployment ``goal``, if ``current`` is still what is live."""

    goal: int
    current: int
    ticked: bool = False

    def line(self, label: str) -> str:
        """The line of the comment; ``label`` is Markdown of one line."""
        return f"- [ ] {label} <!-- deploytool:rollback:{self.goal}:{self.current} -->"


@dataclass(frozen=True)
class CheckboxEvent:
    """An ``issue_comment`` event, as GitHub delivered it."""

    event: str
    action: str
    repository: str
    pull_request: int | None
    """Where the comment is; None on an issue."""
    sender: str
    sender_is_bot: bool
    comment: int
    before: str
    """The comment's text before the edit (``changes.body.from``); empty where the text was not edited."""
    after: str


@dataclass(frozen=True)
class Job:
    """Where we run: the workflow's repository and commit, and what was checked out."""

    repository: str
    ref: str
    default_branch: str
    sha: str
    checked_out: str
    environment: str = ""
    """The environment that the job is for; empty: any of the configuration."""


@dataclass(frozen=True)
class GithubDeployment:
    """A deployment, read again."""

    id: int
    repository: str
    environment: str
    type: str
    app: str
    release: str
    creator: str
    ref: str
    sha: str
    commit: str
    """The commit that its payload names."""
    states: tuple[str, ...]
    """Newest first."""


@dataclass(frozen=True)
class VerifiedState:
    """What GitHub says, whatever the comment or the event says."""

    author: str
    author_is_bot: bool
    own_login: str
    """Whose token we have; empty where GitHub does not tell, as of a workflow's own token."""
    body: str
    permission: str
    """Of the sender, in this repository."""
    pull_repository: str
    """The repository that the pull request's branch is in; empty where it is gone."""
    merged: bool
    goal: GithubDeployment | None
    current: GithubDeployment | None
    live: int | None
    """Our newest active deployment in the environment."""


@dataclass(frozen=True)
class Facts:
    """Everything that is decided on. ``markers`` is the first line of a comment → its environment; ``names`` an
    environment → what it is called on GitHub, where that is something else.
    """

    app: str
    markers: Mapping[str, str]
    job: Job
    tick: CheckboxEvent
    reread: VerifiedState
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Approve:
    """Roll back."""

    environment: str
    goal: GithubDeployment
    current: GithubDeployment


@dataclass(frozen=True)
class Ignore:
    """Nobody asked for anything."""

    reason: str


@dataclass(frozen=True)
class Deny:
    """Somebody asked, and must not get it; with ``again`` somebody else may."""

    reason: str
    again: bool = False


Decision = Approve | Ignore | Deny


def box_of(text: str) -> RollbackCheckbox | None:
    """The only box in a comment's text; None where there is none, or more than one."""
    boxes = _BOX.findall(unix_lines(text))
    if len(boxes) != 1:
        return None
    tick, goal, current = boxes[0]
    return RollbackCheckbox(int(goal), int(current), tick != " ")


def unix_lines(text: str) -> str:
    """With one kind of line end: GitHub's editor changes them."""
    return text.replace("\r\n", "\n")
