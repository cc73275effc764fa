"""An application of another kind than Next.js: its framework, health route, migration and background processes."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.scaffold.model import Command, ProjectScan
from deploytool.scaffold.scripts import as_command, dependencies, find_worker
from deploytool.scaffold.variables import Database, database

PROCFILE = "Procfile"


@dataclass(frozen=True)
class Framework:
    """How projects of one kind are recognized, and what they usually do."""

    name: str
    port: int = 0
    """Where its server listens by default; 0: no default."""
    health_path: str = ""
    """A route that every new project has."""


_FRAMEWORKS = {
    "rails": Framework("Rails", 3000),
    "laravel": Framework("Laravel"),
    "django": Framework("Django", 8000),
    "fastapi": Framework("FastAPI", 8000),
    "flask": Framework("Flask", 5000),
    "nest": Framework("NestJS", 3000),
    "express": Framework("Express"),
    "fastify": Framework("Fastify", 3000),
    "hono": Framework("Hono", 3000),
    "remix": Framework("Remix", 3000),
    "go": Framework("Go"),
    "node": Framework("Node.js"),
    "python": Framework("Python"),
    "ruby": Framework("Ruby"),
    "php": Framework("PHP"),
    "": Framework(""),
}
_BY_DEPENDENCY = (
    ("@nestjs/core", "nest"), ("@remix-run/node", "remix"), ("@react-router/node", "remix"), ("fastify", "fastify"),
    ("hono", "hono"), ("express", "express"),
)  # fmt: skip
_PYTHON_FILES = re.compile(r"(?:.*/)?(?:requirements[\w./-]*\.(?:txt|in)|pyproject\.toml|Pipfile|setup\.(?:py|cfg))")


@dataclass(frozen=True)
class OtherApp:
    """What the files of the project say; empty where they say nothing."""

    framework: Framework
    health_path: str = ""
    health_file: str = ""
    migrate: Command = ()
    migrations: str = ""
    workers: tuple[tuple[str, Command], ...] = ()
    """Where each is named, and its command."""
    notes: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    without_migrations: str = ""
    doubt: str = ""
    """A health route of which only the end is known, with its file."""


def other_app(scan: ProjectScan, package: Mapping[str, Any], started: str = "") -> OtherApp:
    """``started``: what its Dockerfile starts."""
    kind = _kind(scan, package)
    processes = procfile(scan.texts.get(PROCFILE, ""))
    prefix = _prefix(started)
    health_path, health_file, doubt = _health(scan, kind)
    release = processes.get("release", "")
    data = _migration(scan, package, kind, prefix)
    return OtherApp(
        framework=_FRAMEWORKS[kind],
        health_path=health_path,
        health_file=health_file,
        migrate=command_of(release) if release else data.migrate,
        migrations=data.migrations,
        workers=tuple(_workers(scan, package, kind, processes, prefix)),
        notes=tuple(_notes(scan, kind)),
        decisions=data.decisions,
        without_migrations=data.without_migrations,
        doubt=doubt,
    )


def procfile(text: str) -> dict[str, str]:
    """Process types with their commands: https://devcenter.heroku.com/articles/procfile"""
    lines = (re.match(r"^([A-Za-z0-9_-]+):\s*(\S.*)$", line.strip()) for line in text.splitlines())
    return {match[1]: match[2].strip() for match in lines if match}


def command_of(text: str) -> Command:
    """Its words; a shell runs what needs one."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words or re.search(r"[|&;<>$`*()]", text) or re.match(r"\w+=", words[0]):
        return ("sh", "-c", text)
    return tuple(words)


def _kind(scan: ProjectScan, package: Mapping[str, Any]) -> str:
    gems = scan.texts.get("Gemfile", "")
    if scan.has("bin/rails", "config/routes.rb") and (not gems or re.search(r"['\"]rails['\"]", gems)):
        return "rails"
    if "artisan" in scan.paths:
        return "laravel"
    if _manage(scan):
        return "django"
    requirements = "\n".join(text for path, text in scan.texts.items() if _PYTHON_FILES.fullmatch(path)).lower()
    for name in ("fastapi", "django", "flask"):
        if re.search(rf"(?<![\w-]){name}(?![\w-])", requirements):
            return name
    names = dependencies(package)
    for name, kind in _BY_DEPENDENCY:
        if name in names:
            return kind
    if package:
        return "node"
    for file, kind in (("go.mod", "go"), ("Gemfile", "ruby"), ("composer.json", "php")):
        if file in scan.paths:
            return kind
    return "python" if requirements else ""


def _manage(scan: ProjectScan) -> str:
    """Path of Django's manage.py."""
    return _uppermost(scan, "manage.py")


def _uppermost(scan: ProjectScan, name: str) -> str:
    """The path of a file with this name; empty without one."""
    paths = [path for path in scan.paths if posixpath.basename(path) == name and path.count("/") <= 2]
    return min(paths, key=lambda path: (path.count("/"), path), default="")


def _prefix(started: str) -> Command:
    """What stands before a program so that it is found, such as `uv run`."""
    match = re.match(r"(?:\S*/)?(uv run|poetry run|pipenv run|bundle exec)\b", started)
    return tuple(match[1].split()) if match and match[1] != "bundle exec" else ()


_HEALTH_PATH = re.compile(
    r"""["'`](?P<path>/?(?:api/|v1/|api/v1/|-/|_/)?(?:healthz?|health[-_]?check|livez|liveness|alive|readyz|heartbeat|ping|up))"""
    r"""(?P<end>/?)\$?["'`]"""
)
_SOURCE = re.compile(r".+\.(?:py|rb|php|go|[cm]?[jt]s)$")
_TEST = re.compile(
    r"(?:^|/)(?:tests?|spec|__tests__|e2e|docs?|examples?|client|frontend|web|scripts)/|[._-](?:test|spec)\.|_test\."
)
_DECLARES = re.compile(
    r"\.(?:get|all|use|route|head|handle|handlefunc|controller|any|add_api_route|add_url_rule)(?:<[^()]*>)?\s*\($|"
    r"\b(?:r?e?_?path|url|get|match|controller|route|handle|handlefunc|uri|health|include)\s*[(:]?\s*$|"
    r"@\w+\s*\($|@\w+\.\w+\s*\($|\"(?:get|GET) $|health:\s*$|\[\s*$|=\s*$",
    re.IGNORECASE,
)


_ADDRESS = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::[\w${}:-]+)?(/[\w./-]+)")
_CHECK = re.compile(r"\btest:[ \t]*((?:\[[^\]]*\])|(?:[^\n]+)|(?:(?:\r?\n[ \t]+-[^\n]*)+))")
_COMPOSE = re.compile(r"(?:[\w-]+/)?(?:docker-)?compose[\w.-]*\.ya?ml")


def _checked(scan: ProjectScan) -> list[str]:
    """Paths that health checks of Compose files request."""
    files = {**(scan.root.texts if scan.root else {}), **scan.texts}
    checks = [check for path in sorted(files) if _COMPOSE.fullmatch(path) for check in _CHECK.findall(files[path])]
    return list(dict.fromkeys(path for check in checks for path in _ADDRESS.findall(check)))


def _health(scan: ProjectScan, kind: str) -> tuple[str, str, str]:
    """A route that answers for the health of the app, the file that declares it, and what is only known in part."""
    if kind == "rails" and "rails/health#show" in (routes := scan.texts.get("config/routes.rb", "")):
        match = re.search(r"""get\s*\(?["']([\w/-]+)["'].*rails/health#show""", routes)
        return (f"/{match[1].lstrip('/')}" if match else "/up"), "config/routes.rb", ""
    if kind == "laravel":
        match = re.search(r"""\bhealth\s*:\s*["']([^"']+)["']""", scan.texts.get("bootstrap/app.php", ""))
        if match:
            return "/" + match[1].strip("/"), "bootstrap/app.php", ""
    checked = _checked(scan)
    declared: list[tuple[int, int, str, str]] = []
    for path, text in sorted(scan.texts.items()):
        if not _SOURCE.fullmatch(path) or _TEST.search(path):
            continue
        for match in _HEALTH_PATH.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if _DECLARES.search(line.rstrip(" r")) or _DECLARES.search(line):
                route = "/" + match["path"].strip("/") + match["end"]
                declared.append((_rank(route), path.count("/"), route, path))
    if not declared:
        # One check that is not of another service, which has a path of its own, is the app's.
        return (checked[0], "a Compose file", "") if len(checked) == 1 else ("", "", "")
    _, _, route, file = min(declared)
    for path in checked:
        if path.rstrip("/").endswith(route.rstrip("/")):
            return path, file, ""
    if kind != "nest" and _is_mounted(scan, kind, file):
        return "", "", f"{route} in {file}"
    return _mounted(scan, kind, route), file, ""


_PART = re.compile(
    r"\b(?:APIRouter|Blueprint|Router|Hono|OpenAPIHono|Route::prefix|express\.Router|fastify\.register)\s*\("
)


def _is_mounted(scan: ProjectScan, kind: str, file: str) -> bool:
    """The file declares a part of the routes, which others put below a prefix."""
    text = scan.texts.get(file, "")
    if kind == "django":
        roots = [path for path in scan.paths if posixpath.basename(path) == "urls.py"]
        beside = [path for path in roots if posixpath.join(posixpath.dirname(path), "wsgi.py") in scan.paths]
        return posixpath.basename(file) == "urls.py" and file not in (beside or roots[:1])
    if kind == "laravel":
        return file != "routes/web.php"
    is_whole = re.search(r"\b(?:FastAPI|Flask|express|fastify|Fastify|createServer|serve|listen)\s*\(", text)
    return bool(_PART.search(text)) and not is_whole


def _rank(route: str) -> int:
    return next(
        (
            index
            for index, word in enumerate(("health", "live", "alive", "up", "heartbeat", "ping", "ready"))
            if word in route
        ),
        9,
    )


def _mounted(scan: ProjectScan, kind: str, route: str) -> str:
    """NestJS has a prefix for all controllers: https://docs.nestjs.com/faq/global-prefix"""
    if kind != "nest":
        return route
    for path in ("src/main.ts", "main.ts"):
        match = re.search(r"""setGlobalPrefix\(\s*["'`]([\w/-]+)["'`]""", scan.texts.get(path, ""))
        if match:
            return f"/{match[1].strip('/')}{route}"
    return route


def _migration(scan: ProjectScan, package: Mapping[str, Any], kind: str, prefix: Command) -> Database:
    if kind == "rails":
        return Database(migrate=("bin/rails", "db:migrate"), migrations=_existing(scan, "db/migrate"))
    if kind == "laravel":
        command: Command = ("php", "artisan", "migrate", "--force")
        return Database(migrate=command, migrations=_existing(scan, "database/migrations"))
    if kind == "django" and (manage := _manage(scan)):
        return Database(migrate=(*prefix, "python", manage, "migrate", "--noinput"))
    if alembic := _uppermost(scan, "alembic.ini"):
        text = scan.texts.get(alembic, "")
        location = re.search(r"^script_location\s*=\s*(?:%\(here\)s/)?([\w./-]+)", text, re.MULTILINE)
        folder = posixpath.join(posixpath.dirname(alembic), location[1] if location else "alembic", "versions")
        option = () if alembic == "alembic.ini" else ("-c", alembic)
        command = (*prefix, "alembic", *option, "upgrade", "head")
        return Database(migrate=command, migrations=_existing(scan, posixpath.normpath(folder)))
    if kind == "flask" and scan.has("migrations/env.py"):
        return Database(migrate=(*prefix, "flask", "db", "upgrade"), migrations=_existing(scan, "migrations/versions"))
    return database(scan, package) if package else Database()


def _existing(scan: ProjectScan, folder: str) -> str:
    return folder if scan.has_under(folder) else ""


_NO_WORKER = re.compile(
    r"(?i)^(?:web|release|console|postdeploy|vite|css|js|assets?|tailwind|webpack|client|server|app|dev|redis|db|postgres|log)$"
)


def _workers(
    scan: ProjectScan, package: Mapping[str, Any], kind: str, processes: Mapping[str, str], prefix: Command
) -> Iterator[tuple[str, Command]]:
    listed = [name for name in processes if not _NO_WORKER.match(name)]
    if listed:
        for name in sorted(listed, key=lambda name: ("worker" not in name.lower(), listed.index(name))):
            yield f"{name} of {PROCFILE}", command_of(processes[name])
        return
    gems = scan.texts.get("Gemfile", "")
    if re.search(r"^\s*gem\s+['\"]sidekiq['\"]", gems, re.MULTILINE):
        yield "Sidekiq (Gemfile)", ("bundle", "exec", "sidekiq")
    elif "bin/jobs" in scan.paths and re.search(r"^\s*gem\s+['\"]solid_queue['\"]", gems, re.MULTILINE):
        yield "Solid Queue (bin/jobs)", ("bin/jobs",)
    elif re.search(r"^\s*gem\s+['\"]good_job['\"]", gems, re.MULTILINE):
        yield "GoodJob (Gemfile)", ("bundle", "exec", "good_job", "start")
    if kind == "laravel" and scan.has_under("app/Jobs"):
        horizon = '"laravel/horizon"' in scan.texts.get("composer.json", "")
        yield "queue of Laravel (app/Jobs)", ("php", "artisan", "horizon" if horizon else "queue:work")
    yield from _celery(scan, prefix)
    if package and (worker := find_worker(scan, package)):
        yield "script of package.json", worker.command
        for name in worker.others:
            yield f"script {name} of package.json", as_command(package, name)


def _celery(scan: ProjectScan, prefix: Command) -> Iterator[tuple[str, Command]]:
    made = [
        path
        for path, text in scan.texts.items()
        if path.endswith(".py")
        and not _TEST.search(path)
        and re.search(r"^\w+(?:\s*:\s*\w+)?\s*=\s*Celery\(", text, re.MULTILINE)
    ]
    if not made:
        return
    path = min(made, key=lambda path: (path.count("/"), path))
    base = posixpath.dirname(_manage(scan))
    module = posixpath.relpath(path, base or ".").removesuffix(".py").replace("/", ".")
    # `celery -A proj` looks into proj.celery: https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html
    module = module.removesuffix(".__init__").removesuffix(".celery")
    name = re.search(r"^(\w+)(?:\s*:\s*\w+)?\s*=\s*Celery\(", scan.texts[path], re.MULTILINE)
    variable = name[1] if name else "app"
    module = module if variable in ("app", "celery") else f"{module}.{variable}"
    yield f"Celery ({path})", (*prefix, "celery", "-A", module, "worker", "--loglevel=info")


def _notes(scan: ProjectScan, kind: str) -> Iterator[str]:
    if kind == "django":
        yield (
            "Django: ALLOWED_HOSTS must accept the load balancer's health check, whose Host is the address of the task "
            "(https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts)"
        )
    production = re.sub(r"^\s*#.*$", "", scan.texts.get("config/environments/production.rb", ""), flags=re.MULTILINE)
    redirects = re.search(r"config\.force_ssl\s*=\s*true", production)
    excluded = re.search(r"config\.assume_ssl\s*=\s*true|redirect:\s*\{\s*exclude", production)
    if kind == "rails" and redirects and not excluded:
        yield (
            "Rails: config.force_ssl redirects the health check, which has no TLS: set config.assume_ssl = true in "
            "config/environments/production.rb"
        )
