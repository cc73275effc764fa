"""An app in a monorepo: its Dockerfile builds from the root, with the filter of its package manager."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploytool.scaffold.dockerfile import dockerfile
from deploytool.scaffold.model import ProjectScan
from deploytool.scaffold.node import NodeApp, node_app
from deploytool.scaffold.output import facts
from tests.unit.scaffold.drafts import options, settings
from tests.unit.scaffold.test_dockerfile import stages

WEB = {
    "name": "@acme/web",
    "dependencies": {"next": "16.0.0", "@acme/ui": "workspace:*"},
    "scripts": {"build": "next build"},
}
UI = {"name": "@acme/ui", "dependencies": {"@acme/db": "workspace:*"}, "scripts": {"build": "tsup"}}
DB = {"name": "@acme/db", "devDependencies": {"prisma": "7"}}
ROOT = {"name": "acme", "workspaces": ["apps/*", "packages/*"]}
LOCKS = {"pnpm": "pnpm-lock.yaml", "npm": "package-lock.json", "yarn": "yarn.lock", "bun": "bun.lock"}


def monorepo(lock: str, *paths: str, root: dict[str, Any] | None = None, **packages: dict[str, Any]) -> ProjectScan:
    """The app in apps/web; ``packages`` are package.json files by directory, with `__` for `/`."""
    whole = {"apps__web": WEB, "packages__ui": UI, "packages__db": DB, **packages}
    texts = {f"{name.replace('__', '/')}/package.json": json.dumps(package) for name, package in whole.items()}
    texts |= {"package.json": json.dumps(root or ROOT), lock: "", **dict.fromkeys(paths, "")}
    inner = {path.removeprefix("apps/web/"): text for path, text in texts.items() if path.startswith("apps/web/")}
    top = ProjectScan("acme", frozenset(texts), texts)
    return ProjectScan("web", frozenset(inner), inner, "apps/web", top, "apps/web", repository="acme/shop")


def app_of(scan: ProjectScan) -> NodeApp:
    app = node_app(scan, scan.package())
    assert app is not None
    return app


def built(scan: ProjectScan) -> dict[str, list[str]]:
    return stages(dockerfile(app_of(scan), scan))


@pytest.mark.parametrize(
    ("manager", "install", "build"),
    [
        (
            "pnpm",
            'pnpm install --frozen-lockfile --filter "@acme/web..." --filter "acme"',
            'pnpm --filter "@acme/web..." --if-present run build',
        ),
        ("npm", "npm ci", "npm run build --workspace=packages/ui && npm run build --workspace=apps/web"),
        (
            "yarn",
            "yarn install --frozen-lockfile",
            "yarn workspace @acme/ui run build && yarn workspace @acme/web run build",
        ),
        ("bun", "bun install --frozen-lockfile", "(cd packages/ui && bun run build) && (cd apps/web && bun run build)"),
    ],
)
def test_the_packages_that_the_app_needs_are_built_before_it(manager: str, install: str, build: str) -> None:
    made = built(monorepo(LOCKS[manager]))
    assert made["dependencies"][1] == "COPY . ."
    assert made["dependencies"][-1].endswith(f" {install}")
    assert f"RUN mkdir -p apps/web/public && {build}" in made["build"]


def test_turbo_builds_where_the_workspace_has_it() -> None:
    scan = monorepo("pnpm-lock.yaml", "turbo.json", root={**ROOT, "devDependencies": {"turbo": "2"}})
    command = 'node_modules/.bin/turbo run build --filter="@acme/web" --env-mode=loose'
    assert built(scan)["build"][-1] == f"RUN mkdir -p apps/web/public && {command}"


def test_a_build_that_migrates_is_taken_apart() -> None:
    migrating = {**WEB, "scripts": {"build": "prisma migrate deploy && next build"}}
    for lock, command in (
        ("pnpm-lock.yaml", 'pnpm --filter "@acme/web^..." --if-present run build'),
        ("package-lock.json", "npm run build --workspace=packages/ui"),
    ):
        made = built(monorepo(lock, apps__web=migrating))
        assert made["build"][-1].endswith(f"{command} && (cd apps/web && next build)")
    turbo = monorepo("bun.lock", "turbo.json", root={**ROOT, "dependencies": {"turbo": "2"}}, apps__web=migrating)
    assert '--filter="@acme/web^..."' in built(turbo)["build"][-1]


def test_the_image_has_all_of_the_workspace_and_starts_in_the_package() -> None:
    made = built(monorepo("pnpm-lock.yaml"))
    assert "COPY --from=modules /app ./" in made["app"]
    assert "COPY --from=modules --chown=app:app /app/apps/web/.next ./apps/web/.next" in made["app"]
    assert "WORKDIR /app/apps/web" in made["app"]
    assert 'ENTRYPOINT ["sh", "/app/apps/web/docker/entry.sh"]' in made["app"]
    assert 'CMD ["next", "start", "--keepAliveTimeout", "65000"]' in made["app"]
    assert "ENV PATH=/app/apps/web/node_modules/.bin:/app/node_modules/.bin:$PATH" in made["base"]


def test_the_standalone_server_is_below_the_root() -> None:
    scan = monorepo("pnpm-lock.yaml", "apps/web/next.config.js")
    inner = {**scan.texts, "next.config.js": "module.exports = { output: 'standalone' }"}
    made = built(ProjectScan("web", scan.paths, inner, "apps/web", scan.root, "apps/web"))
    assert "COPY --from=build --chown=app:app /app/apps/web/.next/standalone ./" in made["app"]
    assert "COPY --from=build /app/apps/web/public ./apps/web/public" in made["app"]
    assert "COPY apps/web/docker ./docker" in made["app"]
    assert 'CMD ["node", "apps/web/server.js"]' in made["app"]


def test_the_database_of_another_package_migrates_there() -> None:
    scan = monorepo("pnpm-lock.yaml", "packages/db/prisma/schema.prisma", "packages/db/prisma/migrations/1/m.sql")
    app, made = app_of(scan), built(scan)
    assert (app.prisma, app.database_at, app.migrations) == (
        "prisma",
        "packages/db",
        "../../packages/db/prisma/migrations",
    )
    assert "RUN cd packages/db && prisma generate" in made["build"]
    assert made["migrate"][:2] == ["FROM build AS migrate", "WORKDIR /app/packages/db"]
    assert made["migrate"][-1] == 'CMD ["prisma", "migrate", "deploy"]'
    assert "/app/packages/db/node_modules/.bin" in made["base"][3]


# https://github.com/karakeep-app/karakeep has apps/web and apps/workers.
def test_a_package_of_the_workspace_is_the_worker() -> None:
    worker = {"name": "@acme/workers", "scripts": {"start": "tsx index.ts", "build": "tsc"}}
    app = app_of(monorepo("pnpm-lock.yaml", apps__workers=worker))
    assert app.worker is not None
    assert app.worker.command == ("sh", "-c", "cd /app/apps/workers && exec tsx index.ts")
    made = built(monorepo("pnpm-lock.yaml", apps__workers=worker))
    assert '--filter "@acme/workers..."' in made["dependencies"][-1]
    assert '--filter "@acme/workers..."' in made["build"][-1]
    assert (
        "npm run build --workspace=apps/workers"
        in built(monorepo("package-lock.json", apps__workers=worker))["build"][-1]
    )


def test_a_worker_of_the_package_itself_comes_first() -> None:
    web = {**WEB, "scripts": {"build": "next build", "start:worker": "node worker.mjs", "build:worker": "tsc"}}
    made = built(monorepo("pnpm-lock.yaml", apps__web=web))
    assert "RUN cd apps/web && pnpm run build:worker" in made["build"]
    assert made["build"][-1] == "RUN test -f apps/web/worker.mjs"


def test_a_name_that_no_filter_takes_is_replaced_by_the_path() -> None:
    made = built(monorepo("pnpm-lock.yaml", root={"workspaces": ["apps/*"]}, apps__web={**WEB, "name": 'x" && y'}))
    assert made["dependencies"][-1].endswith(" pnpm install --frozen-lockfile")
    assert '--filter "./apps/web..."' in made["build"][-1]


def test_packages_that_depend_on_each_other_end() -> None:
    db = {**DB, "dependencies": {"@acme/ui": "workspace:*"}}
    app = app_of(monorepo("pnpm-lock.yaml", packages__db=db))
    assert app.workspace is not None
    assert app.workspace.needs == ("packages/db", "packages/ui")


def test_node_and_package_manager_are_those_of_the_root() -> None:
    scan = monorepo("yarn.lock", root={**ROOT, "engines": {"node": "22"}, "packageManager": "yarn@1.22.19"})
    app = app_of(scan)
    assert (app.node, app.manager.name) == (22, "yarn")
    assert "built from the workspace root for @acme/web" in next(iter(facts(scan, app, _draft(scan))))


def _draft(scan: ProjectScan) -> Any:
    from deploytool.scaffold.new_infrastructure import Subjects, draft_infrastructure

    return draft_infrastructure(scan, scan.package(), node_app(scan, scan.package()), options(), Subjects("acme/shop"))


def test_the_configuration_names_the_root_as_context() -> None:
    made = settings(_draft(monorepo("pnpm-lock.yaml")))
    assert (made.images["app"].context, made.images["app"].dockerfile) == ("../..", "Dockerfile")
