"""Start the sandbox: everything that does not need another part is started at the same time."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from deploytool.sandbox import checkout, cloud, data, engine, images, ministack, registry, responder, standin
from deploytool.sandbox.cloud.account import Account
from deploytool.sandbox.cloud.network import app_url
from deploytool.sandbox.cloud.stack import PRODUCTION, STACKS, STAGING
from deploytool.sandbox.down import down
from deploytool.sandbox.record import Record
from deploytool.sandbox.state import SandboxState, load
from deploytool.sandbox.status import is_whole
from deploytool.sandbox.wait import HOST, answers, free_port, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploytool.sandbox.cloud.stack import Stack

REPOSITORY = "archdeck/architecturedeck"


@dataclass(frozen=True)
class Wish:
    """What is asked for. Ports are where the search for a free one starts."""

    aws_port: int = 4566
    github_port: int = 4580
    staging: bool = False


def up(root: Path, wish: Wish, say: Callable[[str], None]) -> SandboxState:
    """Start the sandbox of this directory, or return the one that runs. One that is not whole is taken down first.

    Raises:
        SandboxError: a part could not be started; what was started is in the state, and ``down`` removes it.
    """
    before = load(root)
    if before:
        if is_whole(before) and (STAGING.environment in before.environments or not wish.staging):
            return before
        say("taking down what is left of the sandbox before")
        down(before, say, keep_docker=True)
    record = Record(_planned(root, wish))
    if before and before.dockerd_started:
        record.change(dockerd_started=True, processes={"dockerd": before.processes["dockerd"]})
    state = record.state
    if not engine.answers():
        record.add_process("dockerd", engine.start(state.directory / "logs", say))
        record.change(dockerd_started=True)
    engine.remove(engine.containers(state.label) + engine.containers(state.ministack_label))
    state.aws_config.write_text("[default]\n")
    stacks = [STACKS[name] for name in state.environments]
    with ThreadPoolExecutor(3) as pool:
        aws = pool.submit(_start_aws, record, say)
        stores = pool.submit(_start_stores, record, stacks, say)
        github = pool.submit(_start_github, record, stacks)
        addresses = stores.result()
        aws.result()
        _fill_account(state, stacks, addresses, say)
        github.result()
        standin.tell_history(state)
    record.add_process("responder", responder.start(state))
    record.change(ready=True)
    return record.state


def _planned(root: Path, wish: Wish) -> SandboxState:
    aws = free_port(wish.aws_port, set())
    ports = {"aws": aws, "github": free_port(wish.github_port, {aws})}
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
        app_url=app_url(endpoint, PRODUCTION),
        ports=ports,
        environments=[PRODUCTION.environment, *([STAGING.environment] if wish.staging else [])],
    )


def _start_aws(record: Record, say: Callable[[str], None]) -> None:
    state = record.state
    log = state.directory / "logs" / "ministack.log"
    server = ministack.start(ministack.install(say), state.id, state.ports["aws"], log)
    record.add_process("ministack", server)
    ministack.wait(server, state.ports["aws"], log)


def _start_stores(record: Record, stacks: list[Stack], say: Callable[[str], None]) -> cloud.Addresses:
    images.ensure(say)
    record.change(containers=data.container_names(record.state.id))
    stores = data.start(record.state.id, [stack.database for stack in stacks])
    return cloud.Addresses(postgres=stores["postgres"].address, redis=stores["redis"].address)


def _start_github(record: Record, stacks: list[Stack]) -> None:
    checkout.create(record.state, stacks)
    server = standin.start(record.state)
    record.add_process("github", server)
    standin.wait(record.state, server)


def _fill_account(
    state: SandboxState, stacks: list[Stack], addresses: cloud.Addresses, say: Callable[[str], None]
) -> None:
    say("filling the AWS account: services, load balancer, database, secrets")
    account = Account(state.aws_endpoint_url, state.region)
    cloud.seed(account, stacks, addresses, lambda: registry.push_placeholder(state.registry, PRODUCTION.repository))
    log = state.directory / "logs" / "ministack.log"
    for stack in stacks:
        health = f"{app_url(state.aws_endpoint_url, stack)}/api/health"
        until(f"the application in {stack.environment}", partial(answers, health), seconds=60, log=log)
        until(f"ECS in {stack.environment}", partial(cloud.settled, account, stack.name), seconds=60, log=log)
