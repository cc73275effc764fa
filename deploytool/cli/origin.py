"""Who asks for a release, and under which name: GitHub's actor and run, else the person at this machine."""

from __future__ import annotations

import getpass
import os
import secrets
from datetime import UTC, datetime

from deploytool.core.model import Origin


def origin() -> Origin:
    """From the variables GitHub Actions sets, else the login name."""
    run_id = os.environ.get("GITHUB_RUN_ID", "")
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return Origin(
        actor=os.environ.get("GITHUB_ACTOR") or _login(),
        run_id=run_id,
        run_url=f"{server}/{repository}/actions/runs/{run_id}" if run_id and repository else "",
    )


def release_id() -> str:
    """Sorts by time, and is short enough for RunTask's client token (64 characters)."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a uid that no passwd entry names.
        return "unknown"
