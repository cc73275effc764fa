from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.variables import PLACEHOLDER_DATABASE, database, example_files, placeholder, read_variables
from tests.unit.scaffold.projects import scan

PRISMA = {"devDependencies": {"prisma": "7"}}
DRIZZLE = {"devDependencies": {"drizzle-kit": "1"}}


def test_examples_of_the_environment_have_many_names() -> None:
    names = [
        ".env.example",
        "env.sample",
        ".env.local.example",
        "example.env",
        ".env.dist",
        ".env-template",
        "a/.env.example",
    ]
    assert example_files([*names, ".env", "environment.ts", ".env.local"]) == sorted(names[:-1])


def test_variables_are_sorted_by_who_needs_them() -> None:
    text = (
        "DATABASE_URL=\nexport AUTH_SECRET=x\n# OPTIONAL=\nNEXT_PUBLIC_A=1\nPORT=3\nPOSTGRES_URL=\nMY KEY=2\n"
        "VERCEL_URL="
    )
    schema = """server: {
  TOKEN: z.string(),
  MAYBE: z.string().optional(),
  LATE: z
    .url()
    .default("x"),
  MANY: z.enum([
    "a",
  ]).default("a"),
  OWN: check(),
}"""
    place = scan(
        texts={
            ".env.example": text,
            "src/env.ts": schema,
            "app/page.tsx": "process.env.NEXT_PUBLIC_B; process.env.SKIP_ENV_VALIDATION",
        }
    )
    found = read_variables(place, ["POSTGRES_URL"])
    assert (found.public, found.own) == (("NEXT_PUBLIC_A", "NEXT_PUBLIC_B"), ("AUTH_SECRET", "TOKEN"))
    assert found.required == ("TOKEN",)
    assert (found.file, found.skips_validation) == (".env.example", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_URL", PLACEHOLDER_DATABASE),
        ("SITE_URL", "https://build.invalid"),
        ("SMTP_PORT", "1"),
        ("EMAIL_FROM", "build@build.invalid"),
        ("STRIPE_KEY", "only-for-the-build-of-the-image-0123456789"),
    ],
)
def test_a_check_at_build_time_has_a_value_of_the_right_kind(name: str, value: str) -> None:
    assert placeholder(name) == value


def schema(provider: str = "postgresql", url: str = "DATABASE_URL", more: str = "") -> str:
    return f'datasource db {{\n  provider = "{provider}"\n  url = env("{url}")\n{more}}}\n'


@pytest.mark.parametrize(
    ("texts", "package", "expected"),
    [
        (
            {"prisma/schema.prisma": schema("mysql")},
            PRISMA,
            {"provider": "mysql", "says": ["the database is mysql (prisma)"]},
        ),
        (
            {"prisma/schema.prisma": schema("oracle")},
            PRISMA,
            {"provider": "oracle", "says": ["the database is oracle"]},
        ),
        (
            {"prisma/schema.prisma": schema(url="POSTGRES_PRISMA_URL", more='directUrl = env("DIRECT_URL")\n')},
            PRISMA,
            {"urls": ("POSTGRES_PRISMA_URL", "DIRECT_URL")},
        ),
        ({"prisma/schema.prisma": schema(more='shadowDatabaseUrl = env("SHADOW_URL")\n')}, PRISMA, {"urls": ()}),
        (
            {"prisma/schema.prisma": schema(), "prisma/migrations/1/m.sql": ""},
            PRISMA,
            {"migrations": "prisma/migrations", "without_migrations": "", "schema": "prisma"},
        ),
        ({"prisma/schema.prisma": schema()}, PRISMA, {"migrations": ""}),
        ({"schema.prisma": schema(), "migrations/1/m.sql": ""}, PRISMA, {"schema": ".", "migrations": "migrations"}),
        # A directory of schemas, as https://github.com/mfts/papermark has
        (
            {"prisma/schema/a.prisma": schema(url="PG_URL"), "prisma/migrations/1/m.sql": ""},
            {**PRISMA, "scripts": {"g": "prisma generate --schema=./prisma/schema"}},
            {
                "schema": "prisma/schema",
                "urls": ("PG_URL",),
                "migrate": ("node_modules/.bin/prisma", "migrate", "deploy", "--schema=prisma/schema"),
            },
        ),
        (
            {
                "prisma.config.ts": "schema: join('db', 'main.prisma'), migrations: { path: 'db/m' }, x: env('DB_URL')",
                "db/main.prisma": schema(),
                "db/m/1/m.sql": "",
            },
            PRISMA,
            {
                "schema": "db",
                "migrations": "db/m",
                "urls": ("DB_URL",),
                "migrate": ("node_modules/.bin/prisma", "migrate", "deploy"),
            },
        ),
        ({"prisma.config.ts": "schema: 'x y'"}, PRISMA, {"tool": "", "schema": ""}),
        ({"prisma.config.ts": "schema: 'x/y'"}, PRISMA, {"schema": "x/y", "provider": ""}),
        (
            {
                "drizzle.config.ts": "dialect: 'postgresql', out: './db/m', url: process.env.POSTGRES_URL!",
                "db/m/1.sql": "",
            },
            DRIZZLE,
            {
                "tool": "drizzle",
                "migrations": "db/m",
                "urls": ("POSTGRES_URL",),
                "migrate": ("node_modules/.bin/drizzle-kit", "migrate"),
            },
        ),
        (
            {"drizzle.config.js": "dialect: 'turso'", "drizzle/1.sql": ""},
            DRIZZLE,
            {
                "provider": "sqlite",
                "says": ["the database is sqlite (drizzle.config.js)"],
                "migrate": ("node_modules/.bin/drizzle-kit", "migrate", "--config=drizzle.config.js"),
            },
        ),
        # https://github.com/vercel/ai-chatbot migrates by a program of its own.
        (
            {"drizzle.config.ts": "", "drizzle/1.sql": ""},
            {**DRIZZLE, "scripts": {"db:migrate": "node lib/migrate.js"}},
            {"migrate": ("node", "lib/migrate.js")},
        ),
        ({"drizzle.config.ts": "out: './x'"}, DRIZZLE, {"migrate": (), "migrations": ""}),
        ({}, {"dependencies": {"mongoose": "8"}}, {"tool": "", "says": ["the database is mongodb (package.json)"]}),
        (
            {".env.example": "POSTGRES_URL=\nREDIS_URL="},
            {"dependencies": {"pg": "8", "mysql2": "3"}},
            {"provider": "postgresql", "urls": ("POSTGRES_URL",), "says": []},
        ),
        (
            {"src/migrations/1.ts": ""},
            {"dependencies": {"pg": "8"}, "scripts": {"migration:run": "node m.js"}},
            {"tool": "script", "migrate": ("node", "m.js"), "migrations": "src/migrations"},
        ),
    ],
)
def test_the_database_is_the_one_that_the_tools_are_configured_for(
    texts: dict[str, str], package: Any, expected: dict[str, Any]
) -> None:
    made = database(scan(package=package, texts=texts), package)
    says = expected.pop("says", [])
    assert {name: getattr(made, name) for name in expected} == expected
    assert all(text in decision for text, decision in zip(says, made.decisions, strict=True))


@pytest.mark.parametrize(
    ("texts", "package", "said"),
    [
        ({"prisma/schema.prisma": schema()}, PRISMA, "`prisma migrate dev --name init`"),
        # https://github.com/blefnk/relivator-nextjs-template only pushes.
        ({"drizzle.config.ts": ""}, {**DRIZZLE, "scripts": {"db:push": "drizzle-kit push"}}, "`drizzle-kit generate`"),
    ],
)
def test_a_tool_without_migrations_creates_no_table(texts: dict[str, str], package: Any, said: str) -> None:
    assert said in database(scan(package=package, texts=texts), package).without_migrations


def test_a_package_of_a_workspace_finds_its_tools_on_the_path() -> None:
    texts = {"prisma/schema.prisma": schema(), "prisma/migrations/1/m.sql": ""}
    assert database(scan(texts=texts), PRISMA, "").migrate == ("prisma", "migrate", "deploy")
    drizzle = scan(texts={"drizzle.config.ts": "", "drizzle/1.sql": ""})
    assert database(drizzle, DRIZZLE, "").migrate == ("drizzle-kit", "migrate")
