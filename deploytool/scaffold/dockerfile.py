"""The Dockerfile of a Next.js application, and the stages of an existing Dockerfile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploytool.scaffold.model import Modules, ProjectScan
from deploytool.scaffold.node import BINARIES, PRISMA_CONFIGURATIONS, NodeApp, run

PORT = 3000
KEEP_ALIVE = 65_000
"""Milliseconds. Longer than the load balancer's 60 s: it would send a request into a connection that the server, after
Node's 5 s, has just closed, and answer 502. https://nextjs.org/docs/app/api-reference/cli/next"""
SUPPORT = "docker"
"""Directory of what the image needs beside the application."""
_ENTRYPOINT = f'ENTRYPOINT ["sh", "/app/{SUPPORT}/entry.sh"]'


def dockerfile(app: NodeApp, scan: ProjectScan) -> str:
    """Targets `app`, for web service and worker, and `migrate`."""
    stages = [_head(app), _base(app), _dependencies(app, scan), _build(app)]
    if app.migrate:
        stages.append(_migrate(app))
    if steps := _modules_steps(app):
        stages.append(_modules_stage(app, steps))
    return "\n\n".join("\n".join(stage) for stage in [*stages, _app(app, scan)]) + "\n"


def _head(app: NodeApp) -> Iterator[str]:
    worker = " and the worker" if app.worker else ""
    migrate = ", `migrate` the database migrations" if app.migrate else ""
    yield f"# Target `app` runs the web service{worker}{migrate}."
    yield "# Written by deploytool init; edit it as needed. BASE: any Debian with Node."
    yield f"ARG BASE=node:{app.node}-bookworm-slim"


def _base(app: NodeApp) -> Iterator[str]:
    yield "FROM ${BASE} AS base"
    yield "WORKDIR /app"
    yield "ENV NEXT_TELEMETRY_DISABLED=1"
    if app.uses_pg:
        yield "# RDS requires TLS. A bare sslmode=require makes node-postgres verify against the authorities of Node."
        yield 'ENV DATABASE_PARAMETERS="uselibpqcompat=true&sslmode=require"'
    if app.prisma:
        yield "# Required by Prisma's engines, and not in slim images."
        yield "RUN apt-get update -q \\"
        yield " && apt-get install -qy --no-install-recommends ca-certificates openssl \\"
        yield " && rm -rf /var/lib/apt/lists/*"
    if app.manager.setup:
        yield f"RUN {app.manager.setup}"
    if app.manager.variables:
        yield f"ENV {app.manager.variables}"
    yield "RUN useradd --system --uid 1001 --user-group --create-home app"


def _server(app: NodeApp) -> tuple[str, ...]:
    if app.standalone:
        return ("node", "server.js")
    return (f"{BINARIES}/next", "start", "--keepAliveTimeout", str(KEEP_ALIVE))


def _dependencies(app: NodeApp, scan: ProjectScan) -> Iterator[str]:
    manager = app.manager
    configurations = PRISMA_CONFIGURATIONS if app.prisma else ()
    files = [path for path in (*manager.locks, *manager.files, *configurations) if path in scan.paths]
    yield "FROM base AS dependencies"
    yield f"COPY {' '.join(['package.json', *files])} ./"
    # Read by installation scripts.
    for directory in (".yarn", "patches", app.prisma):
        if directory and scan.has_under(directory):
            yield f"COPY {directory} ./{directory}"
    yield f"RUN --mount=type=cache,target={manager.cache} {manager.install}"


def _build(app: NodeApp) -> Iterator[str]:
    yield "FROM dependencies AS build"
    yield "COPY . ."
    if app.prisma:
        yield f"RUN {BINARIES}/prisma generate"
    # The image copies `public`, which a project may lack.
    yield f"RUN mkdir -p public && {run(app.manager, 'build')}"
    if app.worker and app.worker.build:
        yield f"RUN {run(app.manager, app.worker.build)}"
    if app.worker and app.worker.entry:
        yield "# Fails the build instead of the start of the worker."
        yield f"RUN test -f {app.worker.entry}"


def _migrate(app: NodeApp) -> Iterator[str]:
    yield "# With all dependencies of the build: a migration downloads nothing at run time."
    yield "FROM dependencies AS migrate"
    yield "COPY . ."
    if app.prisma:
        yield "# Downloads the schema engine, in case the installation ran no scripts."
        yield f"RUN {BINARIES}/prisma version"
    yield "USER app"
    yield _ENTRYPOINT
    yield f"CMD {json.dumps(app.migrate)}"


def _modules(app: NodeApp) -> Modules:
    """Which of node_modules go into the image `app`; none where the standalone server has those it needs."""
    kind: Modules = app.worker.modules if app.worker else "none"
    if kind == "none" and not app.standalone:
        kind = "production"
    can_prune = app.manager.prune and not app.next_for_development
    return "all" if kind == "production" and not can_prune else kind


def _modules_steps(app: NodeApp) -> list[str]:
    """Commands for the modules of the build before they go into the image `app`."""
    kind = _modules(app)
    steps = [app.manager.prune] if kind == "production" else []
    return [*steps, "rm -rf .next/standalone/node_modules"] if app.standalone and kind != "none" else steps


def _modules_stage(app: NodeApp, steps: list[str]) -> Iterator[str]:
    if app.standalone:
        yield "# Modules of the worker; they include those of the standalone server, which would be duplicates."
    yield "FROM build AS modules"
    yield from (f"RUN {step}" for step in steps)


def _app(app: NodeApp, scan: ProjectScan) -> Iterator[str]:
    built = "modules" if _modules_steps(app) else "build"
    yield "FROM base AS app"
    yield f"ENV NODE_ENV=production PORT={PORT} HOSTNAME=0.0.0.0"
    if app.standalone:
        yield f"ENV KEEP_ALIVE_TIMEOUT={KEEP_ALIVE}"
    runs_source = app.worker is not None and app.worker.is_source
    if runs_source:
        yield "COPY . ."
    if app.standalone:
        yield f"COPY --from={built} --chown=app:app /app/.next/standalone ./"
        yield f"COPY --from={built} --chown=app:app /app/.next/static ./.next/static"
    else:
        configurations = sorted(path for path in scan.paths if path.startswith("next.config."))
        if not runs_source:
            yield f"COPY {' '.join(['package.json', *configurations])} ./"
        yield f"COPY --from={built} --chown=app:app /app/.next ./.next"
    yield f"COPY --from={built} /app/public ./public"
    if _modules(app) != "none":
        yield f"COPY --from={built} /app/node_modules ./node_modules"
    if app.worker and not app.worker.is_source:
        yield f"COPY --from={built} /app/{app.worker.directory} ./{app.worker.directory}"
    yield f"COPY {SUPPORT} ./{SUPPORT}"
    yield "USER app"
    yield f"EXPOSE {PORT}"
    yield _ENTRYPOINT
    yield f"CMD {json.dumps(_server(app))}"
    yield "# Last, since it changes with every commit. /api/health returns it."
    yield "ARG COMMIT=unknown"
    yield "ENV VERSION=${COMMIT}"


_STAGE = re.compile(r"^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?\S+[ \t]+AS[ \t]+(\S+)", re.MULTILINE | re.IGNORECASE)
_COMMIT = re.compile(r"^[ \t]*ARG[ \t]+COMMIT\b", re.MULTILINE | re.IGNORECASE)
_APP = ("app", "runner", "production", "prod", "release", "web")
_MIGRATE = ("migrate", "migrator", "migrations", "migration")


@dataclass(frozen=True)
class ExistingDockerfile:
    """The parts of it that `deploytool.yml` names."""

    app: str
    """Target of the web service; empty: the last stage."""
    migrate: str
    """Target of the migration, or empty."""
    declares_commit: bool


def read_dockerfile(text: str) -> ExistingDockerfile:
    """Stages are recognized by their usual names."""
    stages = _STAGE.findall(text)
    return ExistingDockerfile(_first(_APP, stages), _first(_MIGRATE, stages), bool(_COMMIT.search(text)))


def target_for(text: str, name: str) -> str:
    """The stage with this name, or empty."""
    return _first((name,), _STAGE.findall(text))


def _first(names: tuple[str, ...], stages: list[str]) -> str:
    return next((stage for name in names for stage in stages if stage.lower() == name), "")
