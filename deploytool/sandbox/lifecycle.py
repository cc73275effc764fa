"""Stop the sandbox: its processes, known by pid and start time, its containers, known by label, and no others."""

from __future__ import annotations

import hashlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from deploytool.sandbox import checkout, databases, docker, images, ministack, process, trust, webhook_runner
from deploytool.sandbox.account import ENVIRONMENTS, PRODUCTION, SERVICES, STAGING, Account, scale, wait_until_settled
from deploytool.sandbox.docker import daemon_answers, docker_client
from deploytool.sandbox.errors import CommandFailed, SandboxRefused
from deploytool.sandbox.github import client
from deploytool.sandbox.images import push_placeholder
from deploytool.sandbox.ministack import HEALTH
from deploytool.sandbox.process import HOST, alive, answers, cache, free_port, until
from deploytool.sandbox.state import FILE, SandboxState, StateFile, one_at_a_time
from deploytool.sandbox.trust import at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploytool.sandbox.account import ExampleEnvironment


# SEG sandbox.down
# Stop the sandbox: its processes, known by pid and start time, its containers, known by label, and no others.

SERVERS = ("ministack", "github", "responder")
ROUNDS = 5
PAUSE = 0.5
"""Seconds before Docker is asked again."""


def down(
    state: SandboxState, write_line: Callable[[str], None], *, keep_docker: bool = False, purge: bool = False
) -> None:
    """Stop and remove all of it. ``purge`` also removes what makes the next ``up`` fast: images and packages.

    Raises:
        CommandFailed: Docker did not remove a container; the state stays, so that ``down`` can be run again.
    """
    with ThreadPoolExecutor(len(SERVERS)) as pool:
        # Nothing of theirs is worth saving, and MiniStack would first stop its containers one by one.
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


def _remove_containers(state: SandboxState) -> None:
    # A task that MiniStack was just starting may appear after the first look, and one that it was just removing makes
    # Docker refuse.
    for left in reversed(range(ROUNDS)):
        ids = docker.containers(state.label) + docker.containers(state.ministack_label)
        if not ids:
            return
        try:
            docker.remove(ids)
        except CommandFailed:
            if not left:
                raise
            time.sleep(PAUSE)


def _remove_images(state: SandboxState) -> None:
    ours = (f"{state.registry}/{PRODUCTION.repository}", images.BASE, images.DATA, images.OWN_DEBIAN)
    ids = {found for image in ours for found in docker.docker_client("images", "-q", "--no-trunc", image).split()}
    if ids:
        docker.docker_client("rmi", "-f", *sorted(ids))


def _stop_docker(state: SandboxState, write_line: Callable[[str], None]) -> None:
    if docker.docker_client("ps", "-q").strip():
        write_line("Docker runs on: it has containers that are not the sandbox's")
        return
    process.stop_process(state.processes.get("dockerd"), patience=20)


# SEG sandbox.status
# What of the sandbox runs, asked of each part itself.


@dataclass(frozen=True)
class Part:
    """One part: whether it runs, and what there is to say about it."""

    name: str
    runs: bool
    detail: str


def is_whole(state: SandboxState) -> bool:
    """Whether ``up`` was completed and all that it started still answers. Services may be broken: that is the point."""
    return state.ready and all(part.runs for part in _foundations(state))


def sandbox_parts(state: SandboxState) -> list[Part]:
    """Every part, and, where MiniStack answers, every service."""
    found = _foundations(state)
    if any(part.name == "AWS" and part.runs for part in found):
        found += _services(state)
    return found


def _foundations(state: SandboxState) -> list[Part]:
    docker = daemon_answers()
    listed = ("ps", "--filter", f"label={state.label}", "--format", "{{.Names}}")
    running = docker_client(*listed).split() if docker else []
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


# SEG sandbox.up
# Start the sandbox: everything that does not need another part is started at the same time.

REPOSITORY = "archdeck/architecturedeck"


@dataclass(frozen=True)
class UpOptions:
    """What is asked for. Ports are where the search for a free one starts."""

    aws_port: int = 4566
    github_port: int = 4580
    staging: bool = False


class Apply(Protocol):
    """`infra apply`; the command line has it."""

    def __call__(self, state: SandboxState, environment: str, push: Callable[[], str]) -> str:
        """Make the stacks of an environment; ``push`` gives the image that runs first, once there is a repository.

        Returns one line about what was left out. Raises SandboxError.
        """


def up(root: Path, options: UpOptions, write_line: Callable[[str], None], apply: Apply) -> SandboxState:
    """Start the sandbox of this directory, or return the one that runs. One that is not whole is taken down first.

    Raises:
        SandboxRefused: the directory, or a state that is there, is not this user's own.
        SandboxError: a part could not be started; what was started is in the state, and ``down`` removes it.
    """
    if why := trust.why_not_own_directory(root):
        raise SandboxRefused(root, why, "run `deploytool sandbox up` in a directory of your own")
    before = at(root)
    if before:
        if is_whole(before) and (STAGING.name in before.environments or not options.staging):
            return before
        write_line("taking down what is left of the sandbox before")
        down(before, write_line, keep_docker=True)
    with one_at_a_time(write_line):
        return _start(root, options, write_line, apply, before)


def _start(
    root: Path, options: UpOptions, write_line: Callable[[str], None], apply: Apply, before: SandboxState | None
) -> SandboxState:
    record = StateFile(_new_state(root, options))
    if before and before.dockerd_started:
        record.change(dockerd_started=True, processes={"dockerd": before.processes["dockerd"]})
    state = record.state
    if not docker.daemon_answers():
        record.add_process("dockerd", docker.start_daemon(state.directory / "logs", write_line))
        record.change(dockerd_started=True)
    docker.remove(docker.containers(state.label) + docker.containers(state.ministack_label))
    state.aws_config.write_text(trust.AWS_CONFIG)
    environments = [ENVIRONMENTS[name] for name in state.environments]
    with ThreadPoolExecutor(3) as pool:
        aws = pool.submit(_start_aws, record, write_line)
        stores = pool.submit(_start_stores, record, environments, write_line)
        checkout.create(state, environments)
        github = pool.submit(_start_github, record)
        stores.result()
        aws.result()
        _fill_account(record, environments, write_line, apply)
        github.result()
        client.tell_history(state)
    record.add_process("responder", webhook_runner.start(state))
    record.change(ready=True)
    return record.state


def _new_state(root: Path, options: UpOptions) -> SandboxState:
    aws = free_port(options.aws_port, set())
    ports = {"aws": aws, "github": free_port(options.github_port, {aws})}
    endpoint = f"http://{HOST}:{aws}"
    return SandboxState(
        # The same for the same directory: what a lost state file forgot is still found by its label.
        id=hashlib.sha256(str(root).encode()).hexdigest()[:8],
        root=root,
        aws_endpoint_url=endpoint,
        # By name: Docker trusts a registry on localhost without TLS, whatever its port.
        registry=f"localhost:{aws}",
        github_api_url=f"http://{HOST}:{ports['github']}",
        github_web_url=f"http://{HOST}:{ports['github']}",
        repository=REPOSITORY,
        workdir=root / ".deploytool" / "workdir",
        app_url=PRODUCTION.url(endpoint),
        ports=ports,
        environments=[PRODUCTION.name, *([STAGING.name] if options.staging else [])],
    )


def _start_aws(record: StateFile, write_line: Callable[[str], None]) -> None:
    state = record.state
    log = state.directory / "logs" / "ministack.log"
    server = ministack.start(ministack.install(write_line), state.id, state.ports["aws"], log, state.addresses)
    record.add_process("ministack", server)
    ministack.wait(server, state.ports["aws"], log)


def _start_stores(record: StateFile, environments: list[ExampleEnvironment], write_line: Callable[[str], None]) -> None:
    images.ensure(write_line)
    record.change(containers=databases.container_names(record.state.id))
    stores = databases.start(record.state.id, [each.database for each in environments])
    databases.write_addresses(record.state.addresses, stores, environments)


def _start_github(record: StateFile) -> None:
    server = client.start_server(record.state)
    record.add_process("github", server)
    client.wait_for_server(record.state, server)


def _fill_account(
    record: StateFile, environments: list[ExampleEnvironment], write_line: Callable[[str], None], apply: Apply
) -> None:
    state = record.state
    account = Account(state.aws_endpoint_url, state.region)
    log = state.directory / "logs" / "ministack.log"
    for each in environments:
        write_line(f"making {each.name} with CloudFormation, as `deploytool infra apply` does")
        left_out = apply(state, each.name, partial(push_placeholder, state.registry, each.repository))
        record.change(left_out=left_out)
        scale(account, each)
    write_line(left_out)
    for each in environments:
        health = f"{each.url(state.aws_endpoint_url)}/api/health"
        until(f"the application in {each.name}", partial(answers, health), seconds=60, log=log)
        until(f"ECS in {each.name}", partial(wait_until_settled, account, each.cluster), seconds=60, log=log)
