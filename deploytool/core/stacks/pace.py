"""How often CloudFormation is asked: often while there is news, seldom while there is none."""

from __future__ import annotations

FASTEST, SLOWEST = 0.4, 6.0
"""Times the pace of a release's polls (0.65 s to 0.85 s): 0.3 s at first, 4 s to 5 s where nothing happens."""


def slower(factor: float, *, news: bool) -> float:
    """The factor for the next pause after a round with or without ``news``."""
    return FASTEST if news else min(SLOWEST, max(factor * 1.4, FASTEST))
