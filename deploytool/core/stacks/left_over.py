"""Change sets of ours that a run left which was killed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "deploytool-"
ABANDONED = timedelta(minutes=15)
"""A change set that no run of ours needs so long: it is made, judged and executed or deleted within minutes."""


@dataclass(frozen=True)
class ListedChangeSet:
    """A change set as ListChangeSets tells it."""

    arn: str
    name: str
    made_at: datetime


def left_over(listed: Iterable[ListedChangeSet], now: datetime) -> tuple[ListedChangeSet, ...]:
    """Ours, and so old that who made them is gone. ``now`` is AWS's own time."""
    return tuple(each for each in listed if each.name.startswith(PREFIX) and now - each.made_at >= ABANDONED)
