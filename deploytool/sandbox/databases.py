"""The example's PostgreSQL and Redis, as containers on Docker's default bridge, where the tasks' containers are too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploytool.sandbox.account import ExampleEnvironment
from deploytool.sandbox.docker import docker_client, succeeds
from deploytool.sandbox.images import DATA
from deploytool.sandbox.process import wait_until

POSTGRES_PORT = 5432
REDIS = "redis-server --bind 0.0.0.0 --protected-mode no --save '' --dir /tmp --port"
# Paths of the servers contain their version: the shell expands them. Each environment has its own Redis, as in AWS.
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
    """Write the addresses of the data stacks' databases for MiniStack (``ministack_server.STORES``).

    Both take any password: PostgreSQL trusts the bridge, and Redis' user `default` has none of its own.
    """
    postgres, redis = stores["postgres"].address, stores["redis"].address
    addresses = {
        environment.store: {"rds": [postgres, POSTGRES_PORT], "elasticache": [redis, environment.redis_port]}
        for environment in environments
    }
    file.write_text(json.dumps(addresses, indent=2) + "\n")


def _start(sandbox_id: str, server: str) -> Store:
    name = container_names(sandbox_id)[server]
    options = ("--init", "--name", name, "--label", f"deploytool.sandbox={sandbox_id}", "--user", server)
    docker_client("run", "-d", *options, DATA, "sh", "-c", SERVERS[server])
    wait_until(name, lambda: succeeds("exec", name, *CHECKS[server], timeout=5), seconds=30)
    address = docker_client("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).strip()
    return Store(container=name, address=address)
