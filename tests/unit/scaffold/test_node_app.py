from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.next_config import candidates, health_route
from deploytool.scaffold.node import node_app
from tests.unit.scaffold.projects import NEXT, next_app, scan


@pytest.mark.parametrize("package", [None, {}, {"dependencies": {"express": "5"}}])
def test_what_is_not_of_nextjs_is_no_application_of_ours(package: Any) -> None:
    assert node_app(scan(package=package), package) is None


@pytest.mark.parametrize(
    ("text", "standalone"),
    [
        ('export default { output: "standalone" };', True),
        ("module.exports = {\n  output: 'standalone',\n}", True),
        ('export default { output: "export" };', False),
        ('export default {\n  // output: "standalone",\n};', False),
        ("", False),
    ],
)
def test_standalone_output_is_read_from_the_configuration(text: str, standalone: bool) -> None:
    assert next_app(texts={"next.config.mjs": text}).standalone is standalone


@pytest.mark.parametrize(
    ("texts", "package", "node"),
    [
        ({".nvmrc": "v22.1.0\n"}, {"engines": {"node": ">=20"}}, 22),
        ({".node-version": "20"}, {}, 20),
        ({}, {"engines": {"node": "22.x"}}, 22),
        ({}, {"engines": "22"}, 24),
    ],
)
def test_the_version_of_node_is_the_one_that_the_project_says(
    texts: dict[str, str], package: dict[str, Any], node: int
) -> None:
    assert next_app(texts=texts, **package).node == node


def test_prisma_migrates_with_its_own_command_when_its_schema_exists() -> None:
    paths = ("prisma/schema.prisma", "prisma/migrations/1/migration.sql")
    found = next_app(*paths, devDependencies={"prisma": "7"}, scripts={"migrate": "node other.js"})
    assert found.migrate == ("node_modules/.bin/prisma", "migrate", "deploy")
    assert (found.prisma, found.migrations) == ("prisma", "prisma/migrations")


@pytest.mark.parametrize(
    ("schema", "directory"),
    [("db/schema.prisma", "db"), ("./db/prisma/schema.prisma", "db/prisma"), ("schemas", "schemas")],
)
def test_prismas_schema_is_where_package_json_says(schema: str, directory: str) -> None:
    assert next_app(devDependencies={"prisma": "6"}, prisma={"schema": schema}).prisma == directory


def test_prisma_without_a_schema_migrates_nothing() -> None:
    found = next_app(devDependencies={"prisma": "6"}, prisma="text")
    assert (found.prisma, found.migrate) == ("", ())


@pytest.mark.parametrize(
    ("paths", "migrations"), [((), ""), (("migrations/1.sql",), "migrations"), (("drizzle/1.sql",), "drizzle")]
)
def test_a_script_migrates_where_there_is_no_prisma(paths: tuple[str, ...], migrations: str) -> None:
    found = next_app(*paths, scripts={"db:migrate": "node migrate.mjs"})
    assert (found.migrate, found.migrations) == (("node", "migrate.mjs"), migrations)


def test_next_among_the_development_dependencies_is_noticed() -> None:
    found = node_app(scan(), {"devDependencies": {"next": "16"}})
    assert found is not None
    assert found.next_for_development
    assert not next_app().next_for_development


@pytest.mark.parametrize(("name", "uses"), [("pg", True), ("@prisma/adapter-pg", True), ("mysql2", False)])
def test_node_postgres_is_noticed(name: str, uses: bool) -> None:
    assert next_app(dependencies={**NEXT["dependencies"], name: "1"}).uses_pg is uses


@pytest.mark.parametrize(
    ("paths", "file"),
    [
        ((), "app/api/health/route.js"),
        (("app/page.jsx",), "app/api/health/route.js"),
        (("src/app/page.tsx", "tsconfig.json"), "src/app/api/health/route.ts"),
        (("pages/index.js",), "pages/api/health.js"),
        (("src/pages/index.tsx", "tsconfig.json"), "src/pages/api/health.ts"),
    ],
)
def test_a_missing_health_route_goes_into_the_router_of_the_project(paths: tuple[str, ...], file: str) -> None:
    found = health_route(scan(*paths))
    assert (found.file, found.exists, found.returns_version) == (file, False, True)


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("{ status, version: process.env.VERSION }", True),
        ("{ version: process.env['VERSION'] }", True),
        ("{ conversions: process.env.VERSION }", False),
        ("import { version } from '../package.json'", False),
        ("{ version: process.env.npm_package_version }", False),
    ],
)
def test_a_health_route_that_exists_is_read_for_the_version(text: str, tells: bool) -> None:
    found = health_route(scan(texts={"src/app/api/health/route.ts": text}))
    assert (found.file, found.exists, found.returns_version) == ("src/app/api/health/route.ts", True, tells)


def test_health_routes_are_looked_for_in_both_routers() -> None:
    assert {"app/api/health/route.ts", "src/pages/api/health/index.js"} <= set(candidates())
