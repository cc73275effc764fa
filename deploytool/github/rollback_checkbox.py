"""A tick in the box of a release's comment: whether a rollback follows, and from what to what.

Whoever may edit a comment can write anything into it. So nothing is taken from it but the ids of two deployments; all
that is decided on is read again from GitHub. The numbers are those of the guards in docs/rollback.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.github.rollback_model import (
    OURS,
    Approve,
    CheckboxEvent,
    Decision,
    Deny,
    Facts,
    GithubDeployment,
    Ignore,
    Job,
    RollbackCheckbox,
    VerifiedState,
    box_of,
    unix_lines,
)
from deploytool.ledger.record import Record

MAY_ROLL_BACK = frozenset({"write", "maintain", "admin"})
_TICK = re.compile(r"^- \[[xX]\] ", re.MULTILINE)


def checkbox_event_for(
    tick: CheckboxEvent, job: Job, markers: Mapping[str, str]
) -> tuple[str, RollbackCheckbox] | Ignore | Deny:
    """Which environment and which box was ticked, as far as the event alone tells: enough to ignore most of them."""
    if (tick.event, tick.action) != ("issue_comment", "edited") or tick.pull_request is None:
        return Ignore("no comment of a pull request was edited")
    if tick.sender_is_bot:
        return Ignore(f"{tick.sender} is a bot")  # 2
    environment = markers.get(unix_lines(tick.after).partition("\n")[0].strip())
    if environment is None:
        return Ignore("the comment is not a release's")  # 2
    if job.environment and job.environment != environment:
        return Ignore(f"the comment is of {environment}, this job is for {job.environment}")  # 5
    before, after = box_of(tick.before), box_of(tick.after)
    if before is None or after is None or before.ticked or not after.ticked:
        return Ignore("no box was ticked")  # 2
    if _unticked(tick.before) != _unticked(tick.after):
        return Ignore("more than the tick was changed")  # 3
    if refused := next(_job_refused(tick, job), None):
        return Deny(refused)
    return environment, after


def decide(facts: Facts) -> Decision:
    """Whether to roll back, after all guards."""
    decision = checkbox_event_for(facts.tick, facts.job, facts.markers)
    if isinstance(decision, Ignore | Deny):
        return decision
    environment, box = decision
    reread = facts.reread
    if not _ours(reread):
        return Ignore(f"the comment is {reread.author}'s, not ours")  # 2
    if box_of(reread.body) != box:
        return Ignore("the checkbox was already handled")  # 7
    if facts.markers.get(unix_lines(reread.body).partition("\n")[0].strip()) != environment:
        return Ignore("the comment is not that release's any more")  # 3
    goal, current = reread.goal, reread.current
    if reread.permission not in MAY_ROLL_BACK:
        who = f"{facts.tick.sender} may not write to this repository ({reread.permission or 'no'} permission)"
        return Deny(who, again=True)  # 4
    if goal is None or current is None:
        missing = box.goal if goal is None else box.current
        return Deny(f"deployment {missing} is not in this repository")  # 3
    if refused := next(_refused(facts, environment, goal, current), None):
        return Deny(refused)
    return Approve(environment, goal, current)


def _job_refused(tick: CheckboxEvent, job: Job) -> Iterator[str]:
    if tick.repository.lower() != job.repository.lower():
        yield f"the comment is in {tick.repository}, the workflow runs in {job.repository}"
    if job.ref != f"refs/heads/{job.default_branch}":
        yield f"the workflow runs from {job.ref}, not from the default branch {job.default_branch}"  # 1
    if job.checked_out != job.sha:
        yield f"the checkout is at {job.checked_out[:7]}, the workflow is of {job.sha[:7]}: check nothing else out"  # 1


def _refused(facts: Facts, environment: str, goal: GithubDeployment, current: GithubDeployment) -> Iterator[str]:
    reread = facts.reread
    if reread.pull_repository.lower() != facts.job.repository.lower() and not reread.merged:
        yield "the pull request is from a fork and not merged: nothing of it was released"  # 1
    for deployment in (goal, current):
        yield from _unfit(deployment, facts, environment)
    if goal.release == current.release:
        yield f"release {goal.release} cannot go back to itself"
    if not reread.own_login and reread.author != current.creator:
        yield f"the comment is {reread.author}'s, the deployment {current.creator}'s"  # 2
    if reread.live != current.id:
        yield f"release {current.release} is not what is live any more"  # 6


def _unfit(deployment: GithubDeployment, facts: Facts, environment: str) -> Iterator[str]:
    name = f"deployment {deployment.id}"
    if deployment.repository.lower() != facts.job.repository.lower():
        yield f"{name} is of {deployment.repository}"  # 3
    if deployment.environment != (meant := facts.names.get(environment, environment)):
        yield f"{name} is of environment {deployment.environment}, the comment is of {meant}"  # 3
    if deployment.type != OURS or deployment.app != facts.app or not deployment.release:
        yield f"{name} is not a release of {facts.app} by deploytool"  # 3
    if "success" not in deployment.states:
        yield f"{name} never was live"  # 3
    if not deployment.ref == deployment.sha == deployment.commit:
        yield f"{name} is of {deployment.ref}, not of a commit"  # 8


def was_written_by(record: Record, comment: int) -> bool:
    """Whether the release of the record wrote this comment.

    Every workflow of a repository comments as the same bot; one that repeats what others wrote can show our marks.
    """
    return comment in record.github.comments


def _ours(reread: VerifiedState) -> bool:
    return reread.author == reread.own_login if reread.own_login else reread.author_is_bot


def _unticked(text: str) -> str:
    return _TICK.sub("- [ ] ", unix_lines(text)).rstrip()


def checkbox_event(event_name: str, event: Mapping[str, Any]) -> CheckboxEvent:
    """The event's facts; empty where it does not say."""
    comment, issue, sender = (mapping_at(event, name) for name in ("comment", "issue", "sender"))
    return CheckboxEvent(
        event=event_name,
        action=str(event.get("action", "")),
        repository=str(mapping_at(event, "repository").get("full_name", "")),
        pull_request=int(issue["number"]) if issue.get("pull_request") and issue.get("number") else None,
        sender=str(sender.get("login", "")),
        # Who is not said to be a person is not one.
        sender_is_bot=sender.get("type") != "User",
        comment=int(comment.get("id") or 0),
        before=str(mapping_at(mapping_at(event, "changes"), "body").get("from") or ""),
        after=str(comment.get("body") or ""),
    )


def mapping_at(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Empty where the key holds something else, or nothing."""
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}
