"""One change to an environment, from the lock to what is told of it: what all verbs that bring a version share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.decide import Decided
    from deploytool.cli.project import Project
    from deploytool.cli.transaction import Transaction
    from deploytool.core.lease import IfBusy
    from deploytool.core.outcome import Outcome


def change(
    found: Project,
    clock: SystemClock,
    decide: Callable[[Transaction], Decided],
    *,
    if_busy: IfBusy | None,
    wait: float | None,
    reason: str = "",
    as_json: bool,
) -> Outcome:
    """Take the lock, decide under it, carry that out, and say what it came to.

    ``decide`` looks at what is live and makes the plan. ``wait`` is in seconds, as ``if_busy`` for a lock that another
    has. ``reason`` is what others read of the lock meanwhile. Raises DeployError where it is refused, NotSettled where
    it left an earlier release as it found it: with services between two versions.
    """
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.tell_github import told_github

    asked_by, name = origin(), release_id()
    with told_github(found, name) as github:
        # What loads boto3, while GitHub is told.
        from deploytool.cli.carry_out import carry_out, say
        from deploytool.cli.git import checkout, require_clean
        from deploytool.cli.transaction import Busy, transaction
        from deploytool.cli.watched import watched

        busy = Busy.asked(if_busy, wait)
        with (
            watched(github.tell, as_json=as_json) as tell,
            transaction(found, name, asked_by, clock, tell, busy, reason) as open_one,
        ):
            with open_one.minding_unsettled():
                decided = decide(open_one)
                if decided.plan.builds:
                    require_clean(checkout(found.root), found.commit)
            outcome = carry_out(open_one, decided, github)
        say(outcome, as_json=as_json)
    # Every service on one version is what settles an earlier release, too; a rollback of some is not that.
    if not outcome.live or decided.previous:
        open_one.require_settled()
    return outcome
