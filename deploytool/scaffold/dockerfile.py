"""The Dockerfile of a Next.js application."""

from __future__ import annotations

import json
from collections.abc import Iterator

from deploytool.scaffold.model import Modules, ProjectScan
from deploytool.scaffold.node import NodeApp, workspace_build, workspace_install
from deploytool.scaffold.scripts import BINARIES
from deploytool.scaffold.variables import PLACEHOLDER_DATABASE, PRISMA_CONFIGURATIONS, placeholder

PORT = 3000
KEEP_ALIVE = 65_000
"""Milliseconds. Longer than the load balancer's 60 s: it would send a request into a connection that the server, after
Node's 5 s, has just closed, and answer 502. https://nextjs.org/docs/app/api-reference/cli/next"""
SUPPORT = "docker"
"""Directory of what the image needs beside the application."""
STATIC_SERVER = "static.mjs"
"""Serves the files of `output: "export"`."""


def dockerfile(app: NodeApp, scan: ProjectScan) -> str:
    """Targets `app`, for web service and worker, and `migrate`."""
    stages = [_head(app), _base(app), _dependencies(app, scan), _build(app)]
    if app.migrate:
        stages.append(_migrate(app))
    if steps := _modules_steps(app):
        stages.append(_modules_stage(app, steps))
    return "\n\n".join("\n".join(stage) for stage in [*stages, _app(app)]) + "\n"


def _at(app: NodeApp, path: str = "") -> str:
    """A path in the image: what is in the package of the app is below that of its workspace."""
    return "/".join(part for part in ("/app", app.member, path) if part)


def _to(app: NodeApp, path: str) -> str:
    """The same from `/app`."""
    return "./" + "/".join(part for part in (app.member, path) if part)


def _head(app: NodeApp) -> Iterator[str]:
    worker = " and the worker" if app.worker else ""
    migrate = ", `migrate` the database migrations" if app.migrate else ""
    yield f"# Target `app` runs the web service{worker}{migrate}."
    if app.workspace:
        yield "# The build context is the root of the workspace."
    yield "# Written by deploytool init; edit it as needed. BASE: any Debian with Node."
    yield f"ARG BASE=node:{app.node}-bookworm-slim"


def _base(app: NodeApp) -> Iterator[str]:
    yield "FROM ${BASE} AS base"
    yield "WORKDIR /app"
    yield "ENV NEXT_TELEMETRY_DISABLED=1"
    # Modules of a workspace are in its root, or in the package.
    own = [_at(app, BINARIES)] if app.workspace else []
    data = [f"/app/{app.database_at}/{BINARIES}"] if app.database_at else []
    yield f"ENV PATH={':'.join([*own, *data, f'/app/{BINARIES}'])}:$PATH"
    if app.uses_pg:
        yield "# RDS requires TLS. A bare sslmode=require makes node-postgres verify against the authorities of Node."
        yield 'ENV DATABASE_PARAMETERS="uselibpqcompat=true&sslmode=require"'
    if app.database.urls:
        yield "# The entry script gives these the value of DATABASE_URL."
        yield f'ENV DATABASE_URL_NAMES="{" ".join(app.database.urls)}"'
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
    if app.is_static:
        return ("node", f"{_at(app) if _is_whole(app) else '/app'}/{SUPPORT}/{STATIC_SERVER}", "/app/site")
    if app.start:
        return app.start
    if app.standalone:
        return ("node", _to(app, "server.js").removeprefix("./"))
    next_ = "next" if app.workspace else f"{BINARIES}/next"
    return (next_, "start", "--keepAliveTimeout", str(KEEP_ALIVE))


def _entrypoint(app: NodeApp, *, whole: bool) -> str:
    """``whole``: the image has the checkout as it is, not what was traced."""
    return f'ENTRYPOINT ["sh", "{_at(app) if whole else "/app"}/{SUPPORT}/entry.sh"]'


def _placeholders(app: NodeApp) -> Iterator[str]:
    """Arguments of a build are no part of the image's environment."""
    if app.prisma or app.migrate or app.database.urls:
        names = ("DATABASE_URL", *app.database.urls)
        yield "# Only so that checks of the build find a value: nothing connects to it, and the image lacks it."
        yield from (f"ARG {name}={PLACEHOLDER_DATABASE}" for name in names)


def _dependencies(app: NodeApp, scan: ProjectScan) -> Iterator[str]:
    manager = app.manager
    yield "FROM base AS dependencies"
    cache = f"RUN --mount=type=cache,target={manager.cache} "
    if app.workspace:
        yield "COPY . ."
        yield from _placeholders(app)
        yield cache + workspace_install(app, app.workspace)
        return
    if app.installs_by_scripts:
        yield "# Scripts of the installation may read any file."
        yield "COPY . ."
    else:
        configurations = PRISMA_CONFIGURATIONS if app.prisma else ()
        files = [path for path in (*manager.locks, *manager.files, *configurations) if path in scan.paths]
        yield f"COPY {' '.join(['package.json', *files])} ./"
        # Read by installation scripts.
        for directory in (".yarn", "patches", app.prisma):
            if directory and scan.has_under(directory):
                yield f"COPY {directory} ./{directory}"
    yield from _placeholders(app)
    yield cache + manager.install


def _build(app: NodeApp) -> Iterator[str]:
    yield "FROM dependencies AS build"
    if not app.workspace and not app.installs_by_scripts:
        yield "COPY . ."
    variables = app.variables
    if variables.public:
        yield "# They become part of the pages. deploytool.yml passes them on."
        yield from (f"ARG {name}" for name in variables.public)
    if variables.skips_validation or variables.own:
        yield "# Checks of the environment find what they ask for; the image itself has none of it."
    if variables.skips_validation:
        yield "ARG SKIP_ENV_VALIDATION=1"
    yield from (f"ARG {name}={placeholder(name)}" for name in variables.own)
    if app.config.variables:
        yield f"ENV {' '.join(f'{name}={value}' for name, value in app.config.variables)}"
    if app.prisma:
        run = "prisma generate" if app.workspace else f"{BINARIES}/prisma generate"
        place = app.database_at or app.member
        yield f"RUN cd {place} && {run}" if place else f"RUN {run}"
    # The image copies `public`, which a project may lack.
    public = f"mkdir -p {_to(app, 'public').removeprefix('./')}"
    if app.workspace:
        yield f"RUN {' && '.join([public, *workspace_build(app, app.workspace)])}"
    else:
        yield f"RUN {' && '.join([public, *app.build])}"
    if app.worker and app.worker.build:
        yield f"RUN {_within(app)}{app.manager.name} run {app.worker.build}"
    if app.worker and app.worker.entry:
        yield "# Fails the build instead of the start of the worker."
        yield f"RUN test -f {_to(app, app.worker.entry.removeprefix('./')).removeprefix('./')}"


def _within(app: NodeApp) -> str:
    return f"cd {app.member} && " if app.member else ""


def _migrate(app: NodeApp) -> Iterator[str]:
    yield "# With all dependencies of the build: a migration downloads nothing at run time."
    if app.workspace:
        yield "FROM build AS migrate"
        yield f"WORKDIR /app/{app.database_at or app.member}"
    else:
        yield "FROM dependencies AS migrate"
        if not app.installs_by_scripts:
            yield "COPY . ."
    if app.variables.skips_validation:
        yield "ENV SKIP_ENV_VALIDATION=1"
    if app.prisma:
        yield "# Downloads the schema engine, in case the installation ran no scripts."
        yield f"RUN {'prisma' if app.workspace else f'{BINARIES}/prisma'} version"
    yield "USER app"
    yield _entrypoint(app, whole=True)
    yield f"CMD {json.dumps(app.migrate)}"


def _is_whole(app: NodeApp) -> bool:
    """The image `app` has all of the build: the server or the worker may read any of its files."""
    runs_source = app.worker is not None and (app.worker.is_source or app.workspace is not None)
    return runs_source or not (app.standalone or app.is_static)


def _can_prune(app: NodeApp) -> bool:
    """Nothing at run time needs what is for development."""
    if app.workspace or app.next_for_development or not app.manager.prune or app.start:
        return False
    return app.standalone or not app.config.reads_more


def _modules(app: NodeApp) -> Modules:
    """Which of node_modules go into the image `app`; none where the standalone server has those it needs."""
    kind: Modules = app.worker.modules if app.worker else "none"
    if kind == "none" and _is_whole(app):
        kind = "production"
    return "all" if kind == "production" and not _can_prune(app) else kind


def _modules_steps(app: NodeApp) -> list[str]:
    """Commands for the build before it goes into the image `app`."""
    kind = _modules(app)
    steps = [app.manager.prune] if kind == "production" else []
    if app.standalone and kind != "none" and not app.workspace:
        steps.append(f"rm -rf {app.config.directory}/standalone/node_modules")
    if _is_whole(app):
        steps.append(f"rm -rf {_to(app, app.config.directory).removeprefix('./')}/cache")
    return steps


def _modules_stage(app: NodeApp, steps: list[str]) -> Iterator[str]:
    if app.standalone and not app.workspace:
        yield "# Modules of the worker; they include those of the standalone server, which would be duplicates."
    yield "FROM build AS modules"
    yield from (f"RUN {step}" for step in steps)


def _app(app: NodeApp) -> Iterator[str]:
    built = "modules" if _modules_steps(app) else "build"
    whole = _is_whole(app)
    yield "FROM base AS app"
    yield f"ENV NODE_ENV=production PORT={PORT} HOSTNAME=0.0.0.0"
    if app.standalone or app.is_static or app.start:
        yield f"ENV KEEP_ALIVE_TIMEOUT={KEEP_ALIVE}"
    if app.config.variables:
        yield f"ENV {' '.join(f'{name}={value}' for name, value in app.config.variables)}"
    directory = app.config.directory
    if whole:
        yield "# All of the build: next.config, the server and the worker may read any of its files."
        yield f"COPY --from={built} /app ./"
        yield f"COPY --from={built} --chown=app:app {_at(app, directory)} {_to(app, directory)}"
    if app.is_static:
        yield f"COPY --from={built} {_at(app, _exported(app))} ./site"
    elif app.standalone:
        yield from _standalone(app, built, whole=whole)
    if app.worker and not whole:
        yield f"COPY --from={built} /app/{app.worker.directory} ./{app.worker.directory}"
    if not whole:
        yield f"COPY {_to(app, SUPPORT).removeprefix('./')} ./{SUPPORT}"
    if app.workspace and whole and not app.standalone:
        yield f"WORKDIR {_at(app)}"
    yield "USER app"
    yield f"EXPOSE {PORT}"
    yield _entrypoint(app, whole=whole)
    yield f"CMD {json.dumps(_server(app))}"
    yield f"# Last, since it changes with every commit. {app.health.path} returns it."
    yield "ARG COMMIT=unknown"
    yield "ENV VERSION=${COMMIT}"


def _exported(app: NodeApp) -> str:
    return "out" if app.config.directory == ".next" else app.config.directory


def _standalone(app: NodeApp, built: str, *, whole: bool) -> Iterator[str]:
    directory = app.config.directory
    yield f"COPY --from={built} --chown=app:app {_at(app, directory)}/standalone ./"
    yield f"COPY --from={built} --chown=app:app {_at(app, directory)}/static {_to(app, directory)}/static"
    if whole:
        return
    yield f"COPY --from={built} {_at(app, 'public')} {_to(app, 'public')}"
    if _modules(app) != "none":
        yield f"COPY --from={built} /app/node_modules ./node_modules"
