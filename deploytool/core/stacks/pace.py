"""How often CloudFormation is asked: often while there is news, seldom while there is none."""

from __future__ import annotations

SLOWEST = 6.0
"""Times the pace of a release's polls (0.65 s to 0.85 s): 4 s to 5 s, as CloudFormation's own limits suggest."""


def slower(factor: float, *, news: bool) -> float:
    """The factor for the next pause after a round with or without ``news``."""
    return 0.5 if news else min(SLOWEST, factor * 1.4)
