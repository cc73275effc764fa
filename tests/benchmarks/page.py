"""The page that holds the figures: everything behind its last heading is what the command printed."""

from __future__ import annotations

HEADING = "\n## Figures\n"


def with_figures(page: str, printed: str) -> str:
    """The page with these figures in place of the ones before. Raises ValueError where it has no such heading."""
    text, heading, _ = page.partition(HEADING)
    if not heading:
        raise ValueError(f"the page has no heading {HEADING.strip()!r}")
    return f"{text}{heading}```text\n{printed.rstrip()}\n```\n"
