"""What a rollback would bring back once the change under way is live, what it takes back, what a release replaces."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.core.events import TakenBack, TakesOver, WayBack
from deploytool.core.ledger import Record, last_successful
from deploytool.core.model import Origin, Request


def way_back(newest_first: Sequence[Record], restores: str = "") -> WayBack | None:
    """The release to go back to: what is live now, or, for a rollback to ``restores``, what was live before that."""
    by_id = {record.release_id: record for record in newest_first if record.successful}
    last = last_successful(newest_first)
    wanted = by_id[restores].previous if restores in by_id else last.live_id if last and not restores else ""
    goal = by_id.get(wanted)
    return WayBack(goal.release_id, goal.commit) if goal else None


def taken_back(newest_first: Sequence[Record]) -> TakenBack | None:
    """The release that is live now, and will not be once a rollback is done."""
    last = last_successful(newest_first)
    found = next((record for record in newest_first if last and record.release_id == last.live_id), None)
    if found is None:
        return None
    origin = Origin(found.actor, found.run_url, found.run_id, found.pull_request)
    return TakenBack(Request(found.release_id, found.app, found.environment, found.commit, origin))


def taken_over(newest_first: Sequence[Record]) -> TakesOver | None:
    """What made live the version that is live now, and the comments that say so; ``None`` where there are none."""
    last = last_successful(newest_first)
    return TakesOver(last.release_id, last.github.comments) if last and last.github.comments else None
