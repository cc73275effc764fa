"""The sandbox that all is measured on, with two commits of the example whose images are there already."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from deploytool.sandbox import checkout, trust
from deploytool.sandbox.account import PRODUCTION, Account
from deploytool.sandbox.state import SandboxState, load_state
from tests.benchmarks import timed
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.observer import Observer

PROGRAM = Path(sys.executable).parent / "deploytool"
SERVICES = ("app", "worker")
AWS_PORT, GITHUB_PORT = 4630, 4650


@dataclass(frozen=True)
class Version:
    """A commit, and its images as task definitions name them."""

    commit: str
    app: str
    migrate: str


@dataclass
class BenchmarkEnv:
    """Where runs take place. ``live`` is what was released last."""

    state: SandboxState
    write_line: Callable[[str], None]
    live: Version | None = None
    versions: list[Version] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a program that talks to the sandbox and to nothing else; none of the user's own AWS ones."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_", "CI"))}
        return ours | {name: value for name, value in trust.sandbox_environment(self.state).items() if value}

    @cached_property
    def ecs(self) -> Any:
        """A client for the benchmark's own calls."""
        return Account(self.state.aws_endpoint_url, self.state.region).client("ecs")

    def deploytool(self, *arguments: str, exit_code: int = 0) -> timed.Timed:
        """Run the installed command in the example's checkout."""
        return timed.run([PROGRAM, *arguments], self.environment, self.state.workdir, exit_code=exit_code)

    def observer(self) -> Observer:
        """One for the example's services."""
        return Observer(self.ecs, PRODUCTION.cluster, SERVICES)

    @property
    def other(self) -> Version:
        """The version that is not live: the next to release."""
        return next(version for version in self.versions if version != self.live)

    def require_live(self, version: Version) -> None:
        """Both services run this version's image, whoever released it. Raises MeasurementFailed."""
        for service in self.described():
            shown = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            image = shown["containerDefinitions"][0]["image"]
            if image != version.app:
                raise MeasurementFailed(f"{service['serviceName']} runs {image}, not {version.app}")
        self.live = version

    def described(self) -> list[dict[str, Any]]:
        """DescribeServices of the example's services."""
        answer = self.ecs.describe_services(cluster=PRODUCTION.cluster, services=list(SERVICES))
        services: list[dict[str, Any]] = answer["services"]
        return services

    def prepare(self) -> None:
        """Build and release both versions once: what is measured later finds their images."""
        for revision in (checkout.MAIN, checkout.SECOND):
            self.write_line(f"building and releasing {revision}")
            checkout.git(self.state.workdir, "checkout", "-q", revision)
            release = self.deploytool("release", "--output", "json")
            version = _version(_json(release.output), f"{self.state.registry}/{PRODUCTION.repository}")
            self.require_live(version)
            self.versions.append(version)
        checkout.git(self.state.workdir, "checkout", "-q", checkout.MAIN)


def _json(output: str) -> Mapping[str, Any]:
    """The document among the lines of progress and the warnings, which come from standard error."""
    start = output.index("\n{\n") + 1
    read: Mapping[str, Any] = json.JSONDecoder().raw_decode(output, start)[0]
    return read


def _version(outcome: Mapping[str, Any], repository: str) -> Version:
    digests = {image["name"]: image["digest"] for image in outcome["images"]}
    return Version(outcome["commit"]["sha"], f"{repository}@{digests['app']}", f"{repository}@{digests['migrate']}")


@contextmanager
def benchmark_env(write_line: Callable[[str], None]) -> Iterator[BenchmarkEnv]:
    """A sandbox in a directory of its own, gone when the block ends, however it ends."""
    with tempfile.TemporaryDirectory(prefix="deploytool-bench-") as directory:
        root = Path(directory).resolve()
        write_line("starting the sandbox")
        try:
            ports = ["--aws-port", str(AWS_PORT), "--github-port", str(GITHUB_PORT)]
            timed.run([PROGRAM, "sandbox", "up", "--steady", "0s", *ports], os.environ, root, timeout=900)
            state = load_state(root)
            if state is None:
                raise MeasurementFailed(f"`deploytool sandbox up` left no state in {root}")
            yield BenchmarkEnv(state, write_line)
        finally:
            write_line("taking down the sandbox")
            timed.run([PROGRAM, "sandbox", "down"], os.environ, root)
