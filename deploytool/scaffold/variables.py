"""What a project reads from its environment, and the database that it expects."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from deploytool.scaffold.model import Command, ProjectScan
from deploytool.scaffold.scripts import BINARIES, as_command, dependencies, first, program, scripts

PRISMA_CONFIGURATIONS = tuple(f"prisma.config.{ending}" for ending in ("ts", "mts", "js", "mjs"))
_DRIZZLE_CONFIGURATIONS = tuple(f"drizzle.config.{ending}" for ending in ("ts", "mts", "js", "mjs", "json"))
_EXAMPLE = re.compile(
    r"(?:.*\.)?env[._-](?:example|sample|template|dist|defaults?)(?:\..*)?|\.?env\.(?:local|production)\.(?:example|sample)"
    r"|(?:example|sample)\.env"
)
_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$", re.MULTILINE)
_SCHEMA_FILE = re.compile(
    r"(?i)(?:[\w-]+/){0,3}(?:env|env[.-](?:server|client|mjs|config)|env/(?:server|client|index))\.[cm]?[jt]s"
)
_ENTRY = re.compile(r"^[ \t]*([A-Z][A-Z0-9_]{2,})[ \t]*:", re.MULTILINE)
_RULE = re.compile(r"\s*(?:z|v|t|s|str|url|Type|Joi)\b")
_OPTIONAL = re.compile(r"\.(?:optional|default|nullish|catch)\(|\boptional\(")
_PUBLIC = re.compile(r"\bNEXT_PUBLIC_\w+")
_SKIP = "SKIP_ENV_VALIDATION"
_SET_BY_STACKS = re.compile(
    r"(?:DATABASE|REDIS)_(?:URL|HOST|PORT|NAME|USER|PASSWORD|AUTH_TOKEN|TLS)|NODE_ENV|PORT|HOSTNAME|ENVIRONMENT|"
    r"ASSETS_BUCKET|OPENAI_API_KEY|VERSION|COMMIT|CI|TZ|SKIP_ENV_VALIDATION|ANALYZE|"
    r"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION|DEFAULT_REGION|PROFILE)|"
    r"(?:NEXT_PUBLIC_)?VERCEL(?:_\w+)?|COMPOSE_\w+|DOCKER_\w+"
)
_DATABASE_URL = re.compile(
    r"(?:POSTGRES(?:QL)?|PG|DATABASE|DB|DIRECT_DATABASE)(?:_(?:PRISMA|DIRECT|NON_POOLING|UNPOOLED|POOLED))*_UR[LI]"
    r"(?:_(?:NON_POOLING|NO_SSL|UNPOOLED))?|DIRECT_URL|SHADOW_DATABASE_URL"
)
_URL = re.compile(r"\w+_UR[LI](?:_\w+)?|\w+_CONNECTION(?:_STRING)?")
PLACEHOLDER_DATABASE = "postgresql://build:build@127.0.0.1:5432/build"


def example_files(paths: Iterable[str]) -> list[str]:
    """Files such as `.env.example`, at the top."""
    return sorted(path for path in paths if "/" not in path and _EXAMPLE.fullmatch(path))


@dataclass(frozen=True)
class Variables:
    """Names of environment variables, those that the stacks set left out."""

    public: tuple[str, ...] = ()
    """`NEXT_PUBLIC_…`, which become part of the build."""
    own: tuple[str, ...] = ()
    """Read by the server at run time, and possibly at build time."""
    file: str = ""
    """Where they are listed."""
    required: tuple[str, ...] = ()
    """Those of ``own`` without which a check of the project ends the server."""
    schema: str = ""
    """The file of that check."""
    skips_validation: bool = False
    """`SKIP_ENV_VALIDATION` turns off the check of the environment."""


def read_variables(scan: ProjectScan, urls: Iterable[str] = ()) -> Variables:
    """``urls`` are names of the database's address, which the entry script sets."""
    names: dict[str, None] = {}
    files = example_files(scan.paths)
    for file in files:
        names |= dict.fromkeys(name for name, _ in _LINE.findall(scan.texts.get(file, "")))
    sources = [text for path, text in scan.texts.items() if re.search(r"\.[cm]?[jt]sx?$", path)]
    required: dict[str, None] = {}
    checks = [path for path in sorted(scan.texts) if _SCHEMA_FILE.fullmatch(path)]
    for path in checks:
        required |= dict.fromkeys(_required(scan.texts[path]))
        files += [path]
    names |= required
    public = {name for text in sources for name in _PUBLIC.findall(text)} | {n for n in names if _PUBLIC.fullmatch(n)}
    own = [name for name in names if not _SET_BY_STACKS.fullmatch(name) and name not in {*public, *urls}]
    return Variables(
        public=tuple(sorted(name for name in public if not _SET_BY_STACKS.fullmatch(name))),
        own=tuple(own),
        file=files[0] if files else "",
        required=tuple(name for name in own if name in required),
        schema=next(iter(checks), ""),
        skips_validation=any(_SKIP in text for text in sources),
    )


def _required(text: str) -> Iterator[str]:
    """Names whose rule, up to the next name, has no default."""
    entries = list(_ENTRY.finditer(text))
    ends = [*(entry.start() for entry in entries[1:]), len(text)]
    for entry, end in zip(entries, ends, strict=False):
        rule = text[entry.end() : end]
        if _RULE.match(rule) and not _OPTIONAL.search(rule):
            yield entry[1]


def placeholder(name: str) -> str:
    """A value that a check at build time accepts."""
    if _DATABASE_URL.fullmatch(name):
        return PLACEHOLDER_DATABASE
    if re.search(r"(?:^|_)(?:URL|URI|ENDPOINT|HOST|ORIGIN)(?:_|$)", name):
        return "https://build.invalid"
    if re.search(r"(?:^|_)(?:PORT|COUNT|LIMIT|TIMEOUT|TTL|SIZE)$", name):
        return "1"
    if re.search(r"(?:^|_)(?:EMAIL|FROM)(?:_|$)", name):
        return "build@build.invalid"
    return "only-for-the-build-of-the-image-0123456789"


Tool = Literal["", "prisma", "drizzle", "script"]
_PROVIDERS = {
    "postgresql": "postgresql", "postgres": "postgresql", "pg": "postgresql", "cockroachdb": "postgresql",
    "mysql": "mysql", "mysql2": "mysql", "singlestore": "mysql", "sqlite": "sqlite", "turso": "sqlite",
    "libsql": "sqlite", "mongodb": "mongodb", "sqlserver": "sqlserver", "mssql": "sqlserver",
}  # fmt: skip
_BY_PACKAGE = {
    "mongoose": "mongodb", "mongodb": "mongodb", "mysql2": "mysql", "mysql": "mysql", "better-sqlite3": "sqlite",
    "@libsql/client": "sqlite", "mssql": "sqlserver",
}  # fmt: skip
_MIGRATES = (
    "migrate:deploy", "db:migrate:deploy", "prisma:migrate:deploy", "migrate:prod", "db:migrate:prod", "db:migrate",
    "migrate", "migration:run", "migrations:run", "migrate:up", "migrate:latest", "db:deploy", "db:migrations:run",
)  # fmt: skip
_URL_IN_CODE = re.compile(r"""\benv\(\s*["'](\w+)["']\s*\)|process\.env\.(\w+)|\benv\.(\w+)""")


@dataclass(frozen=True)
class Database:
    """Empty where the project says nothing of one."""

    tool: Tool = ""
    provider: str = ""
    """`postgresql`, `mysql`, `sqlite`, `mongodb` or `sqlserver`; empty where nothing says it."""
    urls: tuple[str, ...] = ()
    """Names that the project has for its address, besides `DATABASE_URL`."""
    schema: str = ""
    """Directory of Prisma's schema."""
    migrate: Command = ()
    migrations: str = ""
    """Directory of the migration files; empty where there is none."""
    decisions: tuple[str, ...] = ()
    without_migrations: str = ""
    """What to decide where the tool has nothing to apply."""


def database(scan: ProjectScan, package: Mapping[str, Any], binaries: str = BINARIES) -> Database:
    """What the package in ``scan`` migrates."""
    names = dependencies(package) | dependencies(package, "devDependencies")
    drizzle = next((name for name in _DRIZZLE_CONFIGURATIONS if name in scan.paths), "")
    if {"prisma", "@prisma/client"} & names and (schema := _prisma_schema(scan, package)):
        return _prisma(scan, schema, binaries)
    if drizzle:
        return _drizzle(scan, package, drizzle, binaries)
    provider = next((_BY_PACKAGE[name] for name in _BY_PACKAGE if name in names), "")
    if {"pg", "postgres", "@neondatabase/serverless", "@vercel/postgres"} & names:
        provider = "postgresql"
    script = first(package, *_MIGRATES)
    urls = tuple(_other_urls(example_names(scan)))
    if not script:
        return Database("", provider, urls, decisions=tuple(_foreign(provider, "package.json")))
    folder = next((name for name in ("migrations", "drizzle", "src/migrations") if scan.has_under(name)), "")
    command = as_command(package, script, binaries)
    foreign = tuple(_foreign(provider, "package.json"))
    return Database("script", provider, urls, migrate=command, migrations=folder, decisions=foreign)


def example_names(scan: ProjectScan) -> list[str]:
    return [name for file in example_files(scan.paths) for name, _ in _LINE.findall(scan.texts.get(file, ""))]


def _prisma_schema(scan: ProjectScan, package: Mapping[str, Any]) -> str:
    """The file or directory of the schema; empty where there is none, or no instruction could name it."""
    path = _schema_path(scan, package)
    return path if re.fullmatch(r"[\w./@-]+", path) else ""


def _schema_path(scan: ProjectScan, package: Mapping[str, Any]) -> str:
    for name in PRISMA_CONFIGURATIONS:
        match = re.search(
            r"""\bschema\s*:\s*(?:path\.join\(\s*|join\(\s*)?((?:["'`][^"'`\n]+["'`](?:\s*,\s*)?)+)""",
            scan.texts.get(name, ""),
        )
        if match:
            return posixpath.normpath("/".join(re.findall(r"""["'`]([^"'`]+)["'`]""", match[1])))
    settings = package.get("prisma")
    named = str(settings.get("schema", "")) if isinstance(settings, dict) else ""
    in_scripts = re.search(r"prisma\b[^&|;]*\s--schema[= ](\S+)", "\n".join(scripts(package).values()))
    path = named or (in_scripts[1].strip("'\"") if in_scripts else "")
    if path:
        return posixpath.normpath(path)
    if "schema.prisma" in scan.paths:
        return "schema.prisma"
    return next((folder for folder in ("prisma", "src/prisma", "lib/prisma") if scan.has_under(folder)), "")


def _prisma(scan: ProjectScan, schema: str, binaries: str) -> Database:
    folder = posixpath.dirname(schema) if schema.endswith(".prisma") else schema
    files = [path for path in scan.texts if path.endswith(".prisma") and (path == schema or path.startswith(folder))]
    text = "\n".join(scan.texts[path] for path in sorted(files))
    source = re.search(r"\bdatasource\s+\w+\s*\{(.*?)\}", text, re.DOTALL)
    inner = source[1] if source else ""
    configured = "\n".join(scan.texts[name] for name in PRISMA_CONFIGURATIONS if name in scan.texts)
    provider = re.search(r'\bprovider\s*=\s*"(\w+)"', inner)
    kind = _PROVIDERS.get(provider[1], provider[1]) if provider else ""
    place = next((f"{name}/migrations" for name in (folder, posixpath.dirname(folder)) if name), "migrations")
    own = re.search(r"""\bmigrations\s*:\s*\{[^}]*?\bpath\s*:\s*["'`]([^"'`\n]+)["'`]""", configured)
    place = posixpath.normpath(own[1]) if own else place
    run = f"{binaries}/prisma" if binaries else "prisma"
    usual = not configured and schema in ("prisma", "schema.prisma", "prisma/schema.prisma")
    more = () if usual or configured else (f"--schema={schema}",)
    without = (
        f"{place} has no migration, so `prisma migrate deploy` creates no table: create one with "
        "`prisma migrate dev --name init` and commit it"
    )
    return Database(
        "prisma",
        kind,
        tuple(_other_urls(_names_in(inner + configured), _URL)),
        folder or ".",
        (run, "migrate", "deploy", *more),
        place if scan.has_under(place) else "",
        tuple(_foreign(kind, schema)),
        "" if scan.has_under(place) else without,
    )


def _drizzle(scan: ProjectScan, package: Mapping[str, Any], file: str, binaries: str) -> Database:
    text = scan.texts.get(file, "")
    match = re.search(r"""["']?\b(?:dialect|driver)["']?\s*:\s*["'`]([\w-]+)["'`]""", text)
    kind = _PROVIDERS.get(match[1], "") if match else ""
    out = re.search(r"""["']?\bout["']?\s*:\s*["'`]([^"'`\n]+)["'`]""", text)
    place = posixpath.normpath(out[1]) if out else "drizzle"
    # Drizzle's own tool applies what is in `out`: https://orm.drizzle.team/docs/drizzle-kit-migrate
    run = f"{binaries}/drizzle-kit" if binaries else "drizzle-kit"
    command: Command = (run, "migrate", *(() if file.startswith("drizzle.config.ts") else (f"--config={file}",)))
    script = first(package, *_MIGRATES)
    plain = program(scripts(package)[script]) if script else None
    if plain and plain.words[0] != "drizzle-kit":
        command = as_command(package, script, binaries)
    exists = scan.has_under(place)
    without = (
        f"{place} has no migration ({file}), so nothing creates the tables: create one with `drizzle-kit generate` and "
        "commit it"
    )
    urls = dict.fromkeys((*_other_urls(_names_in(text), _URL), *_other_urls(example_names(scan))))
    return Database(
        "drizzle",
        kind,
        tuple(urls),
        migrate=command if exists else (),
        migrations=place if exists else "",
        decisions=tuple(_foreign(kind, file)),
        without_migrations="" if exists else without,
    )


def _foreign(provider: str, file: str) -> Iterator[str]:
    if provider and provider != "postgresql":
        yield (
            f"the database is {provider} ({file}), but the stacks create PostgreSQL: change to PostgreSQL, or run "
            f"your own {provider} database and give its address to the services"
        )


def _names_in(text: str) -> list[str]:
    return [name for groups in _URL_IN_CODE.findall(text) for name in groups if name]


def _other_urls(names: Iterable[str], shape: re.Pattern[str] = _DATABASE_URL) -> Iterator[str]:
    """Those that name the address of the database, besides `DATABASE_URL`."""
    for name in dict.fromkeys(names):
        if shape.fullmatch(name) and name != "DATABASE_URL" and "SHADOW" not in name:
            yield name
