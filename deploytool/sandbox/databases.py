"""The example's PostgreSQL and Redis, as containers on Docker's default bridge, where the tasks' containers are too."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploytool.sandbox.docker import docker_client
from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.images import DATA
from deploytool.sandbox.process import until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from deploytool.sandbox.account import ExampleEnvironment


POSTGRES_PORT = 5432
REDIS = "redis-server --bind 0.0.0.0 --protected-mode no --save '' --dir /tmp --port"
# Paths of the servers carry their version: the shell finds them. Each environment has a Redis of its own, as in AWS.
SERVERS = {
    "postgres": "exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/data",
    "redis": f"{REDIS} 6380 --daemonize yes && exec {REDIS} 6379",
}
CHECKS = {
    "postgres": ["sh", "-c", "exec /usr/lib/postgresql/*/bin/pg_isready -q -h 127.0.0.1"],
    "redis": ["redis-cli", "ping"],
}


@dataclass(frozen=True)
class Store:
    """One running database: its container, and its address on the bridge."""

    container: str
    address: str


def container_names(sandbox_id: str) -> dict[str, str]:
    """What the containers are called, by server."""
    return {server: f"deploytool-{sandbox_id}-{server}" for server in SERVERS}


def start(sandbox_id: str, databases: list[str]) -> dict[str, Store]:
    """Start both and return them once they answer, with these databases in PostgreSQL.

    Raises:
        CommandFailed, StartTimedOut
    """
    with ThreadPoolExecutor(len(SERVERS)) as pool:
        stores = pool.map(lambda server: _start(sandbox_id, server), SERVERS)
        started = dict(zip(SERVERS, stores, strict=True))
    for database in databases:
        docker_client("exec", started["postgres"].container, "createdb", "-h", "127.0.0.1", database)
    return started


def write_addresses(file: Path, stores: dict[str, Store], environments: Iterable[ExampleEnvironment]) -> None:
    """Tell MiniStack what stands behind the databases that the data stacks make (``ministack_server.STORES``).

    Both take any password: PostgreSQL trusts the bridge, and Redis' user `default` has none of its own.
    """
    postgres, redis = stores["postgres"].address, stores["redis"].address
    known = {
        each.store: {"rds": [postgres, POSTGRES_PORT], "elasticache": [redis, each.redis_port]} for each in environments
    }
    file.write_text(json.dumps(known, indent=2) + "\n")


def _start(sandbox_id: str, server: str) -> Store:
    name = container_names(sandbox_id)[server]
    docker_client(
        "run",
        "-d",
        "--init",
        "--name",
        name,
        "--label",
        f"deploytool.sandbox={sandbox_id}",
        "--user",
        "postgres" if server == "postgres" else "redis",
        DATA,
        "sh",
        "-c",
        SERVERS[server],
    )
    until(name, lambda: _succeeds("exec", name, *CHECKS[server]), seconds=30)
    address = docker_client("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).strip()
    return Store(container=name, address=address)


def _succeeds(*arguments: str) -> bool:
    try:
        docker_client(*arguments, timeout=5)
    except CommandFailed:
        return False
    return True
