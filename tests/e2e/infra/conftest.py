"""A sandbox, whose account is made of the product's stacks, and the installed command in its checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from deploytool.sandbox.account import Account
from deploytool.sandbox.state import SandboxState, load_state
from tests.support.at_rest import await_rest
from tests.support.json_documents import valid_document

COMMAND = Path(sys.executable).parent / "deploytool"
CLUSTER = "architecturedeck"


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    code: int
    out: str
    told: str

    @property
    def document(self) -> dict[str, Any]:
        """What `--output json` printed."""
        return valid_document(self.out)


@dataclass(frozen=True)
class Site:
    """The sandbox, as a developer sees it."""

    state: SandboxState

    def run(self, *words: str) -> Ran:
        """The installed command, in the checkout."""
        return deploytool(self.state.workdir, *words)

    def client(self, service: str) -> Any:
        """A client of the sandbox's account."""
        return Account(self.state.aws_endpoint_url, self.state.region).client(service)

    def running(self) -> dict[str, dict[str, Any]]:
        """Service to the first container of the task definition that it runs; its revision among that as `revision`.

        A release ends when the new tasks serve, a moment before the last old one is gone: that is waited for.
        """
        await_rest(self.state)
        ecs = self.client("ecs")
        result = {}
        for service in ecs.describe_services(cluster=CLUSTER, services=["app", "worker"])["services"]:
            definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            result[service["serviceName"]] = {
                **definition["containerDefinitions"][0],
                "revision": definition["revision"],
            }
        return result

    def images(self) -> dict[str, str]:
        """Service to the image that it runs."""
        return {name: container["image"] for name, container in self.running().items()}

    def version(self) -> str:
        """What the application says it is."""
        answer = requests.get(f"{self.state.app_url}/api/health", timeout=5)
        assert answer.status_code == requests.codes.ok, answer.text
        return str(answer.json()["version"])


def deploytool(directory: Path, *words: str) -> Ran:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    done = subprocess.run(
        [COMMAND, *words], cwd=directory, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output, output
    return Ran(done.returncode, done.stdout, output)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("infra")
    try:
        up = deploytool(directory, "sandbox", "up", "--steady", "0s", "--aws-port", "4840", "--github-port", "4860")
        assert up.code == 0, up.told
        state = load_state(directory)
        assert state is not None
        yield Site(state)
    finally:
        deploytool(directory, "sandbox", "down")
