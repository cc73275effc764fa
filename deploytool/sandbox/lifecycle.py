"""Start, stop and inspect the sandbox.

Only its own parts are stopped: processes known by pid and start time, containers known by label.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from deploytool.sandbox import checkout, databases, docker, images, ministack, process, trust, webhook_runner
from deploytool.sandbox.account import (
    ENVIRONMENTS,
    PRODUCTION,
    SERVICES,
    STAGING,
    Account,
    ExampleEnvironment,
    is_steady,
    scale,
)
from deploytool.sandbox.errors import CommandFailed, SandboxRefused
from deploytool.sandbox.github import client
from deploytool.sandbox.images import push_placeholder
from deploytool.sandbox.process import HOST, WriteLine, alive, answers, cache, free_port, wait_until
from deploytool.sandbox.state import FILE, SandboxState, StateFile, one_at_a_time

REPOSITORY = "archdeck/architecturedeck"
SERVERS = ("ministack", "github", "responder")
ROUNDS = 5
PAUSE = 0.5
"""Seconds before Docker is called again."""


@dataclass(frozen=True)
class UpOptions:
    """Ports are the first ones to try."""

    aws_port: int = 4566
    github_port: int = 4580
    staging: bool = False
    steady: int | None = None
    """Seconds of `verify.steady` of the example's services; `None`: the default."""


class Apply(Protocol):
    """`infra apply`; the command line has it."""

    def __call__(self, state: SandboxState, environment: str, push: Callable[[], str]) -> str:
        """Create the stacks of an environment; ``push`` returns the first image, once there is a repository.

        Returns one line about what was left out. Raises SandboxError.
        """


def up(root: Path, options: UpOptions, write_line: WriteLine, apply: Apply) -> SandboxState:
    """Start the sandbox of this directory, or return the running one. An incomplete one is stopped first.

    What does not need another part is started at the same time.

    Raises:
        SandboxRefused: the directory, or an existing state, is not this user's own.
        SandboxError: a part could not be started; what was started is in the state, and ``down`` removes it.
    """
    if why := trust.why_not_own_directory(root):
        raise SandboxRefused(root, why, "run `deploytool sandbox up` in a directory of your own")
    previous = trust.load_sandbox(root)
    if previous:
        if is_complete(previous) and (STAGING.name in previous.environments or not options.staging):
            return previous
        write_line("removing the incomplete sandbox")
        down(previous, write_line, keep_docker=True)
    with one_at_a_time(write_line):
        record = StateFile(_new_state(root, options))
        if previous and previous.dockerd_started:
            record.change(dockerd_started=True, processes={"dockerd": previous.processes["dockerd"]})
        return _start(record, options.steady, write_line, apply)


def _start(record: StateFile, steady: int | None, write_line: WriteLine, apply: Apply) -> SandboxState:
    state = record.state
    if not docker.daemon_answers():
        record.add_process("dockerd", docker.start_daemon(state.log("dockerd"), write_line))
        record.change(dockerd_started=True)
    docker.remove(_containers(state))
    state.aws_config.write_text(trust.AWS_CONFIG)
    environments = [ENVIRONMENTS[name] for name in state.environments]
    with ThreadPoolExecutor(3) as pool:
        aws = pool.submit(_start_aws, record, write_line)
        stores = pool.submit(_start_databases, record, environments, write_line)
        checkout.create(state, environments, steady)
        github = pool.submit(_start_github, record)
        stores.result()
        aws.result()
        _create_stacks(record, environments, write_line, apply)
        github.result()
        client.create_example_pull_requests(state)
    record.add_process("responder", webhook_runner.start(state))
    record.change(ready=True)
    return record.state


def _new_state(root: Path, options: UpOptions) -> SandboxState:
    aws = free_port(options.aws_port, set())
    ports = {"aws": aws, "github": free_port(options.github_port, {aws})}
    endpoint, github = f"http://{HOST}:{aws}", f"http://{HOST}:{ports['github']}"
    return SandboxState(
        # The same for the same directory: what a lost state file forgot is still found by its label.
        id=hashlib.sha256(str(root).encode()).hexdigest()[:8],
        root=root,
        aws_endpoint_url=endpoint,
        # By name: Docker trusts a registry on localhost without TLS, whatever its port.
        registry=f"localhost:{aws}",
        github_api_url=github,
        github_web_url=github,
        repository=REPOSITORY,
        workdir=root / ".deploytool" / "workdir",
        app_url=PRODUCTION.url(endpoint),
        ports=ports,
        environments=[PRODUCTION.name, *([STAGING.name] if options.staging else [])],
    )


def _start_aws(record: StateFile, write_line: WriteLine) -> None:
    state, log = record.state, record.state.log("ministack")
    server = ministack.start(ministack.install(write_line), state.id, state.ports["aws"], log, state.addresses)
    record.add_process("ministack", server)
    ministack.wait(server, state.ports["aws"], log)


def _start_databases(record: StateFile, environments: list[ExampleEnvironment], write_line: WriteLine) -> None:
    images.ensure(write_line)
    record.change(containers=databases.container_names(record.state.id))
    stores = databases.start(record.state.id, [environment.database for environment in environments])
    databases.write_addresses(record.state.addresses, stores, environments)


def _start_github(record: StateFile) -> None:
    server = client.start_server(record.state)
    record.add_process("github", server)
    client.wait_for_server(record.state, server)


def _create_stacks(
    record: StateFile, environments: list[ExampleEnvironment], write_line: WriteLine, apply: Apply
) -> None:
    state = record.state
    account = Account(state.aws_endpoint_url, state.region)
    for environment in environments:
        write_line(f"creating {environment.name} with CloudFormation, as `deploytool infra apply` does")
        left_out = apply(state, environment.name, partial(push_placeholder, state.registry, environment.repository))
        record.change(left_out=left_out)
        scale(account, environment)
    write_line(record.state.left_out)
    wait = partial(wait_until, seconds=60, log=state.log("ministack"))
    for environment in environments:
        health = f"{environment.url(state.aws_endpoint_url)}/api/health"
        wait(f"the application in {environment.name}", partial(answers, health))
        wait(f"ECS in {environment.name}", partial(is_steady, account, environment.cluster))


def down(state: SandboxState, write_line: WriteLine, *, keep_docker: bool = False, purge: bool = False) -> None:
    """Stop and remove all of it. ``purge`` also removes what makes the next ``up`` fast: images and packages.

    Raises:
        CommandFailed: Docker did not remove a container; the state stays, so that ``down`` can be run again.
    """
    with ThreadPoolExecutor(len(SERVERS)) as pool:
        # They have nothing to save, and MiniStack would first stop its containers one by one.
        list(pool.map(lambda name: process.stop_process(state.processes.get(name), patience=0.5), SERVERS))
    if docker.daemon_answers():
        _remove_containers(state)
        if purge:
            _remove_images(state)
        if state.dockerd_started and not keep_docker:
            _stop_docker(state, write_line)
    if purge:
        shutil.rmtree(cache())
    shutil.rmtree(state.workdir, ignore_errors=True)
    shutil.rmtree(state.directory / "logs", ignore_errors=True)
    for file in (state.aws_config, state.addresses, state.directory / "github.json", state.directory / FILE):
        file.unlink(missing_ok=True)


def _containers(state: SandboxState) -> list[str]:
    return docker.containers(state.label) + docker.containers(state.ministack_label)


def _remove_containers(state: SandboxState) -> None:
    # A task that MiniStack was just starting may appear after the first listing, and one that it was just removing
    # makes Docker refuse.
    for remaining in reversed(range(ROUNDS)):
        ids = _containers(state)
        if not ids:
            return
        try:
            docker.remove(ids)
        except CommandFailed:
            if not remaining:
                raise
            time.sleep(PAUSE)


def _remove_images(state: SandboxState) -> None:
    names = (f"{state.registry}/{PRODUCTION.repository}", images.BASE, images.DATA, images.OWN_DEBIAN)
    ids = {id_ for name in names for id_ in docker.docker_client("images", "-q", "--no-trunc", name).split()}
    if ids:
        docker.docker_client("rmi", "-f", *sorted(ids))


def _stop_docker(state: SandboxState, write_line: WriteLine) -> None:
    if docker.docker_client("ps", "-q").strip():
        write_line("Docker keeps running: it has containers that are not the sandbox's")
        return
    process.stop_process(state.processes.get("dockerd"), patience=20)


@dataclass(frozen=True)
class Part:
    name: str
    runs: bool
    detail: str


def is_complete(state: SandboxState) -> bool:
    """Whether ``up`` was completed and all that it started still answers. Services may be broken: that is the point."""
    return state.ready and all(part.runs for part in _infrastructure(state))


def sandbox_parts(state: SandboxState) -> list[Part]:
    """Every part, and, where MiniStack answers, every service."""
    parts = _infrastructure(state)
    if any(part.name == "AWS" and part.runs for part in parts):
        parts += _services(state)
    return parts


def _infrastructure(state: SandboxState) -> list[Part]:
    docker_answers = docker.daemon_answers()
    listing = ("ps", "--filter", f"label={state.label}", "--format", "{{.Names}}")
    running = docker.docker_client(*listing).split() if docker_answers else []
    aws = alive(state.processes.get("ministack")) and answers(state.aws_endpoint_url + ministack.HEALTH)
    github = alive(state.processes.get("github")) and answers(state.github_web_url + client.HEALTH)
    return [
        Part("Docker", docker_answers, "started by the sandbox" if state.dockerd_started else "yours"),
        *(Part(server, name in running, name) for server, name in sorted(state.containers.items())),
        Part("AWS", aws, state.aws_endpoint_url),
        Part("GitHub", github, state.github_web_url),
        Part("rollback workflow", alive(state.processes.get("responder")), "runs when a checkbox is ticked"),
    ]


def _services(state: SandboxState) -> list[Part]:
    ecs = Account(state.aws_endpoint_url, state.region).client("ecs")
    parts = []
    for environment in state.environments:
        cluster = ENVIRONMENTS[environment].cluster
        for service in ecs.describe_services(cluster=cluster, services=list(SERVICES))["services"]:
            running, desired = service["runningCount"], service["desiredCount"]
            detail = f"{running}/{desired} running, {service['taskDefinition'].rpartition('/')[2]}"
            parts.append(Part(f"{environment} {service['serviceName']}", running >= desired, detail))
    return parts
