"""A Next.js application, as its own files describe it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.core.init.health_route import HealthRoute, health_route
from deploytool.core.init.model import Command, Surroundings
from deploytool.core.init.node_version import node_major
from deploytool.core.init.package_manager import PackageManager, package_manager
from deploytool.core.init.scripts import BINARIES, as_command, dependencies, first
from deploytool.core.init.worker import Worker, find_worker

NEXT_CONFIGURATIONS = tuple(f"next.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts"))
PRISMA_CONFIGURATIONS = tuple(f"prisma.config.{ending}" for ending in ("ts", "mts", "js", "mjs"))
_STANDALONE = re.compile(r"""^[^/\n]*\boutput\s*:\s*["'`]standalone["'`]""", re.MULTILINE)
_MIGRATES = ("migrate:deploy", "db:migrate:deploy", "migrate:prod", "db:migrate", "migrate")


@dataclass(frozen=True)
class NodeApp:
    """What its Dockerfile depends on."""

    node: int
    """Major version."""
    manager: PackageManager
    standalone: bool
    """`output: "standalone"`: the build traces what the server needs."""
    next_for_development: bool
    """`next` is among the development dependencies, so that these may not be taken out."""
    prisma: str
    """Directory of Prisma's schema; empty without Prisma."""
    migrate: Command
    """Migrates the database; empty where there is no such command."""
    migrations: str
    """Directory of the migration files; empty where it is not known."""
    worker: Worker | None
    health: HealthRoute
    uses_pg: bool
    """node-postgres, which reads `sslmode` in its own way."""


def node_app(around: Surroundings, package: Mapping[str, Any] | None) -> NodeApp | None:
    """The application that package.json describes; None where that is not of Next.js."""
    kept, for_development = dependencies(package or {}), dependencies(package or {}, "devDependencies")
    if package is None or "next" not in kept | for_development:
        return None
    prisma = _prisma(around, package) if {"prisma", "@prisma/client"} & (kept | for_development) else ""
    migrate, migrations = _migrate(around, package, prisma)
    return NodeApp(
        node=node_major(_node(around, package)),
        manager=package_manager(around, package),
        standalone=any(_STANDALONE.search(around.texts.get(name, "")) for name in NEXT_CONFIGURATIONS),
        next_for_development="next" not in kept,
        prisma=prisma,
        migrate=migrate,
        migrations=migrations,
        worker=find_worker(around, package),
        health=health_route(around),
        uses_pg=bool({"pg", "@prisma/adapter-pg"} & kept),
    )


def _node(around: Surroundings, package: Mapping[str, Any]) -> str:
    engines = package.get("engines")
    told = around.texts.get(".nvmrc") or around.texts.get(".node-version")
    return told or str(engines.get("node", "") if isinstance(engines, dict) else "")


def _prisma(around: Surroundings, package: Mapping[str, Any]) -> str:
    told = package.get("prisma")
    schema = str(told.get("schema", "")) if isinstance(told, dict) else ""
    if schema:
        return schema.removeprefix("./").rpartition("/")[0] or schema
    return "prisma" if around.has_under("prisma") else ""


def _migrate(around: Surroundings, package: Mapping[str, Any], prisma: str) -> tuple[Command, str]:
    if prisma:
        return (f"{BINARIES}/prisma", "migrate", "deploy"), f"{prisma}/migrations"
    script = first(package, *_MIGRATES)
    if not script:
        return (), ""
    return as_command(package, script), next((each for each in ("migrations", "drizzle") if around.has_under(each)), "")
