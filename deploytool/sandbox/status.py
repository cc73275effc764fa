"""What of the sandbox runs, asked of each part itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploytool.sandbox import engine
from deploytool.sandbox.cloud.account import Account
from deploytool.sandbox.cloud.example import ENVIRONMENTS, SERVICES
from deploytool.sandbox.ministack import HEALTH
from deploytool.sandbox.process import alive
from deploytool.sandbox.wait import answers

if TYPE_CHECKING:
    from deploytool.sandbox.state import SandboxState


@dataclass(frozen=True)
class Part:
    """One part: whether it runs, and what there is to say about it."""

    name: str
    runs: bool
    detail: str


def is_whole(state: SandboxState) -> bool:
    """Whether ``up`` was completed and all that it started still answers. Services may be broken: that is the point."""
    return state.ready and all(part.runs for part in _foundations(state))


def parts(state: SandboxState) -> list[Part]:
    """Every part, and, where MiniStack answers, every service."""
    found = _foundations(state)
    if any(part.name == "AWS" and part.runs for part in found):
        found += _services(state)
    return found


def _foundations(state: SandboxState) -> list[Part]:
    docker = engine.answers()
    listed = ("ps", "--filter", f"label={state.label}", "--format", "{{.Names}}")
    running = engine.docker(*listed).split() if docker else []
    aws = alive(state.processes.get("ministack")) and answers(state.aws_endpoint_url + HEALTH)
    github = alive(state.processes.get("github")) and answers(f"{state.github_web_url}/_sandbox/health")
    return [
        Part("Docker", docker, "started by the sandbox" if state.dockerd_started else "yours"),
        *(Part(server, name in running, name) for server, name in sorted(state.containers.items())),
        Part("AWS", aws, state.aws_endpoint_url),
        Part("GitHub", github, state.github_web_url),
        Part("rollback workflow", alive(state.processes.get("responder")), "runs when a box is ticked"),
    ]


def _services(state: SandboxState) -> list[Part]:
    ecs = Account(state.aws_endpoint_url, state.region).client("ecs")
    found = []
    for environment in state.environments:
        cluster = ENVIRONMENTS[environment].cluster
        described = ecs.describe_services(cluster=cluster, services=list(SERVICES))["services"]
        for service in described:
            running, desired = service["runningCount"], service["desiredCount"]
            revision = service["taskDefinition"].rpartition("/")[2]
            detail = f"{running}/{desired} running, {revision}"
            found.append(Part(f"{environment} {service['serviceName']}", running >= desired, detail))
    return found
