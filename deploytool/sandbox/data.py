"""The example's PostgreSQL and Redis, as containers on Docker's default bridge, where the tasks' containers are too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploytool.sandbox.engine import docker
from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.images import DATA
from deploytool.sandbox.wait import until

# Paths of the servers carry their version: the shell finds them.
SERVERS = {
    "postgres": "exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/data",
    "redis": "exec redis-server --bind 0.0.0.0 --protected-mode no --save '' --dir /tmp",
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
        docker("exec", started["postgres"].container, "createdb", "-h", "127.0.0.1", database)
    return started


def _start(sandbox_id: str, server: str) -> Store:
    name = container_names(sandbox_id)[server]
    docker(
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
    address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).strip()
    return Store(container=name, address=address)


def _succeeds(*arguments: str) -> bool:
    try:
        docker(*arguments, timeout=5)
    except CommandFailed:
        return False
    return True
