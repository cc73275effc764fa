"""The files through which a step talks to the Actions runner: job summary and outputs."""

from __future__ import annotations

from pathlib import Path

LARGEST_SUMMARY = 1024 * 1024
"""Bytes per step; the runner drops a summary that is larger."""


def append_summary(path: str, markdown: str) -> bool:
    """Add to the job summary (``GITHUB_STEP_SUMMARY``); False where it would grow too large, and nothing is written."""
    file = Path(path)
    held = file.stat().st_size if file.exists() else 0
    data = markdown.encode("utf-8")
    if held + len(data) > LARGEST_SUMMARY:
        return False
    with file.open("ab") as written:
        written.write(data)
    return True


def append_outputs(path: str, entries: str) -> None:
    """Add entries, spelled by report.github_actions.outputs, to ``GITHUB_OUTPUT``."""
    with Path(path).open("a", encoding="utf-8", newline="\n") as written:
        written.write(entries)
