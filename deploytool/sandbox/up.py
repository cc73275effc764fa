"""Start the sandbox: everything that does not need another part is started at the same time."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from deploytool.sandbox import (
    checkout,
    cloud,
    data,
    discover,
    engine,
    images,
    ministack,
    registry,
    responder,
    standin,
    trust,
)
from deploytool.sandbox.cloud.account import Account
from deploytool.sandbox.cloud.example import ENVIRONMENTS, PRODUCTION, STAGING
from deploytool.sandbox.down import down
from deploytool.sandbox.errors import SandboxRefused
from deploytool.sandbox.record import Record, in_turn
from deploytool.sandbox.state import SandboxState
from deploytool.sandbox.status import is_whole
from deploytool.sandbox.wait import HOST, answers, free_port, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploytool.sandbox.cloud.example import Environment

REPOSITORY = "archdeck/architecturedeck"


@dataclass(frozen=True)
class Wish:
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


def up(root: Path, wish: Wish, say: Callable[[str], None], apply: Apply) -> SandboxState:
    """Start the sandbox of this directory, or return the one that runs. One that is not whole is taken down first.

    Raises:
        SandboxRefused: the directory, or a state that is there, is not this user's own.
        SandboxError: a part could not be started; what was started is in the state, and ``down`` removes it.
    """
    if why := trust.why_not_own_directory(root):
        raise SandboxRefused(root, why, "run `deploytool sandbox up` in a directory of your own")
    before = discover.at(root)
    if before:
        if is_whole(before) and (STAGING.name in before.environments or not wish.staging):
            return before
        say("taking down what is left of the sandbox before")
        down(before, say, keep_docker=True)
    with in_turn(say):
        return _started(root, wish, say, apply, before)


def _started(
    root: Path, wish: Wish, say: Callable[[str], None], apply: Apply, before: SandboxState | None
) -> SandboxState:
    record = Record(_planned(root, wish))
    if before and before.dockerd_started:
        record.change(dockerd_started=True, processes={"dockerd": before.processes["dockerd"]})
    state = record.state
    if not engine.answers():
        record.add_process("dockerd", engine.start(state.directory / "logs", say))
        record.change(dockerd_started=True)
    engine.remove(engine.containers(state.label) + engine.containers(state.ministack_label))
    state.aws_config.write_text(trust.AWS_CONFIG)
    environments = [ENVIRONMENTS[name] for name in state.environments]
    with ThreadPoolExecutor(3) as pool:
        aws = pool.submit(_start_aws, record, say)
        stores = pool.submit(_start_stores, record, environments, say)
        checkout.create(state, environments)
        github = pool.submit(_start_github, record)
        stores.result()
        aws.result()
        _fill_account(record, environments, say, apply)
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
        app_url=PRODUCTION.url(endpoint),
        ports=ports,
        environments=[PRODUCTION.name, *([STAGING.name] if wish.staging else [])],
    )


def _start_aws(record: Record, say: Callable[[str], None]) -> None:
    state = record.state
    log = state.directory / "logs" / "ministack.log"
    server = ministack.start(ministack.install(say), state.id, state.ports["aws"], log, state.addresses)
    record.add_process("ministack", server)
    ministack.wait(server, state.ports["aws"], log)


def _start_stores(record: Record, environments: list[Environment], say: Callable[[str], None]) -> None:
    images.ensure(say)
    record.change(containers=data.container_names(record.state.id))
    stores = data.start(record.state.id, [each.database for each in environments])
    data.write_addresses(record.state.addresses, stores, environments)


def _start_github(record: Record) -> None:
    server = standin.start(record.state)
    record.add_process("github", server)
    standin.wait(record.state, server)


def _fill_account(record: Record, environments: list[Environment], say: Callable[[str], None], apply: Apply) -> None:
    state = record.state
    account = Account(state.aws_endpoint_url, state.region)
    log = state.directory / "logs" / "ministack.log"
    for each in environments:
        say(f"making {each.name} with CloudFormation, as `deploytool infra apply` does")
        left_out = apply(state, each.name, partial(registry.push_placeholder, state.registry, each.repository))
        record.change(left_out=left_out)
        cloud.scale(account, each)
    say(left_out)
    for each in environments:
        health = f"{each.url(state.aws_endpoint_url)}/api/health"
        until(f"the application in {each.name}", partial(answers, health), seconds=60, log=log)
        until(f"ECS in {each.name}", partial(cloud.settled, account, each.cluster), seconds=60, log=log)
