"""Where this process runs: who reads what it prints, and what time it is there."""

from __future__ import annotations

import os
import sys
from datetime import datetime


def interactive() -> bool:
    """A person watches this terminal."""
    return sys.stdout.isatty() and os.environ.get("CI") != "true" and os.environ.get("TERM") != "dumb"


def in_actions() -> bool:
    """The runner of GitHub Actions reads what is printed, and obeys the commands that it finds in it."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def now() -> datetime:
    """The time on this machine, with its zone."""
    return datetime.now().astimezone()
