"""The sandbox's runner for one workflow: a ticked checkbox starts `deploytool handle-comment`, as on GitHub."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import requests

from deploytool.sandbox import checkout, trust
from deploytool.sandbox.github.client import ControlClient
from deploytool.sandbox.process import SandboxProcess, start_process
from deploytool.sandbox.state import SandboxState, load_state

INTERVAL = 0.5
"""Seconds between two polls of the GitHub server's events."""
WORKFLOW = "rollback.yml"


def start(state: SandboxState) -> SandboxProcess:
    command = [sys.executable, "-m", "deploytool.sandbox.webhook_runner", str(state.root)]
    return start_process(command, log=state.log("responder"))


def main() -> None:
    """Until SIGTERM, one event after the other: the workflow's `concurrency` queues them too."""
    root = Path(sys.argv[1])
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    last = 0
    while not stopping.wait(INTERVAL):
        state = load_state(root)
        if state is None:
            return
        try:
            events = ControlClient(state.github_web_url).events(last)
        except requests.RequestException:
            # The GitHub server starts or stops.
            continue
        for event in events:
            last = max(last, int(event["id"]))
            if starts_a_workflow(event):
                handle_comment(state, event, stopping)


def starts_a_workflow(event: dict[str, Any]) -> bool:
    """Edited comments, except by a workflow's own token: as on GitHub, that starts no other workflow."""
    sender = event["payload"].get("sender", {})
    return (event["event"], event["action"]) == ("issue_comment", "edited") and sender.get("type") != "Bot"


def handle_comment(state: SandboxState, event: dict[str, Any], stopping: threading.Event) -> None:
    """Run the workflow's step in the checkout; its run is shown on the GitHub server's page."""
    payload = event["payload"]
    control = ControlClient(state.github_web_url)
    run = control.start_run(WORKFLOW, payload["sender"]["login"], checkout.head(state.workdir))
    path = state.directory / "logs" / f"event-{event['id']}.json"
    path.write_text(json.dumps(payload))
    step = subprocess.Popen(
        [sys.executable, "-m", "deploytool", "handle-comment", "--event-path", path],
        cwd=state.workdir,
        env=_environment(state, payload, run),
        stdin=subprocess.DEVNULL,
    )
    while step.poll() is None:
        if stopping.wait(INTERVAL):
            # The sandbox stops, and with it all that this rollback could reach.
            step.kill()
            step.wait()
            return
    path.unlink(missing_ok=True)
    control.move_run(run, "completed", "failure" if step.returncode else "success")


def _environment(state: SandboxState, payload: dict[str, Any], run: int) -> dict[str, str]:
    """The runner's variables. The job checks out the default branch: here, whatever is checked out."""
    sandbox = trust.sandbox_environment(state)
    inherited = {name: value for name, value in os.environ.items() if name not in sandbox}
    return {
        **inherited,
        **{name: value for name, value in sandbox.items() if value},
        "GITHUB_EVENT_NAME": "issue_comment",
        "GITHUB_REF": f"refs/heads/{payload['repository']['default_branch']}",
        "GITHUB_SHA": checkout.head(state.workdir),
        "GITHUB_ACTOR": payload["sender"]["login"],
        "GITHUB_RUN_ID": str(run),
        "PYTHONUNBUFFERED": "1",
    }


if __name__ == "__main__":
    main()
