"""From `up` to `down`: what is there, what a second `up` does, and that nothing of ours, and only ours, goes away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from deploytool.sandbox.docker import containers, docker_client
from deploytool.sandbox.images import BASE
from deploytool.sandbox.process import alive
from deploytool.sandbox.state import load_state
from tests.e2e.sandbox.conftest import deploytool, started
from tests.support.json_documents import valid_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploytool.sandbox.state import SandboxState


pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def foreign_container() -> Iterator[str]:
    """A container that is none of the sandbox's business."""
    made = docker_client("run", "-d", "--init", BASE, "sleep", "600").strip()
    try:
        yield made
    finally:
        docker_client("rm", "-f", made)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_application_answers_with_no_version_before_the_first_release(sandbox: SandboxState) -> None:
    assert requests.get(f"{sandbox.app_url}/api/health", timeout=5).json()["version"] == "none"


def test_every_part_runs_in_both_environments_when_staging_is_asked_for(sandbox: SandboxState) -> None:
    done = deploytool(sandbox.root, "sandbox", "status", "--output", "json")
    assert done.returncode == 0, done.stderr
    parts = {part["name"]: part for part in valid_document(done.stdout)["parts"]}
    assert {"Docker", "postgres", "redis", "AWS", "GitHub", "production app", "staging worker"} <= parts.keys()
    assert parts["production app"]["detail"].startswith("2/2 running")


def test_everything_listens_on_this_machine_only(sandbox: SandboxState) -> None:
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout.split()
    for port in sandbox.ports.values():
        assert {place for place in listening if place.endswith(f":{port}")} == {f"127.0.0.1:{port}"}


def test_a_second_up_starts_nothing_when_all_runs(sandbox: SandboxState) -> None:
    began = time.monotonic()
    again = started(sandbox.root)
    assert again.processes == sandbox.processes
    assert time.monotonic() - began < 5


def test_the_shell_is_told_how_to_reach_it(sandbox: SandboxState) -> None:
    exports = deploytool(sandbox.workdir, "sandbox", "env").stdout
    script = f'{exports}\necho "$AWS_ENDPOINT_URL $GITHUB_API_URL ${{AWS_SESSION_TOKEN-unset}}"'
    output = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert output == [sandbox.aws_endpoint_url, sandbox.github_api_url, "unset"]


def test_nothing_is_left_and_nothing_else_is_touched_after_down(tmp_path: Path, foreign_container: str) -> None:
    state = started(tmp_path)
    tasks = containers(state.ministack_label)
    assert len(tasks) == 3, "two of the app, one worker"
    networks = docker_client("network", "ls", "-q")
    assert deploytool(tmp_path, "sandbox", "down").returncode == 0
    assert containers(state.label) == []
    assert containers(state.ministack_label) == []
    assert not any(alive(process) for process in state.processes.values())
    assert not any(listens(port) for port in state.ports.values())
    assert docker_client("network", "ls", "-q") == networks
    assert {file.name for file in (tmp_path / ".deploytool").iterdir()} <= {"lock"}
    assert docker_client("inspect", "--format", "{{.State.Running}}", foreign_container).strip() == "true"


def test_a_second_sandbox_lives_on_when_the_first_is_taken_down(sandbox: SandboxState, tmp_path: Path) -> None:
    other = started(tmp_path)
    assert other.ports["aws"] != sandbox.ports["aws"]
    assert deploytool(tmp_path, "sandbox", "down").returncode == 0
    assert deploytool(sandbox.root, "sandbox", "status").returncode == 0


def test_down_removes_everything_when_up_was_killed_half_way(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [*_command(), "sandbox", "up", "--aws-port", "4670", "--github-port", "4699"],
        cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while (state := load_state(tmp_path)) is None or "ministack" not in state.processes:
        assert time.monotonic() < deadline, "MiniStack was never started"
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert deploytool(tmp_path, "sandbox", "down").returncode == 0
    # What Docker had already been told to start may come up a moment later.
    time.sleep(1)
    assert deploytool(tmp_path, "sandbox", "up", "--aws-port", "4670", "--github-port", "4699").returncode == 0
    last = load_state(tmp_path)
    assert last is not None
    assert deploytool(tmp_path, "sandbox", "down").returncode == 0
    assert containers(last.label) == []
    assert not any(alive(process) for process in (*state.processes.values(), *last.processes.values()))


def test_a_command_is_refused_with_a_fix_when_there_is_no_sandbox(tmp_path: Path) -> None:
    done = deploytool(tmp_path, "sandbox", "status")
    assert done.returncode == 2
    assert "deploytool sandbox up" in done.stderr
    assert "Traceback" not in done.stderr


def _command() -> list[str]:
    from tests.e2e.sandbox.conftest import COMMAND

    return [str(COMMAND)]
