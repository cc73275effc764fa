"""Who asked for the release: GitHub's actor and run, else the person at this machine."""

from __future__ import annotations

import getpass
import os

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


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a uid that no passwd entry names.
        return "unknown"
