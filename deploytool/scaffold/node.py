"""A Next.js project as its files describe it: health route, Node version, package manager, worker, migration."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploytool.scaffold.model import Command, Modules, ProjectScan

PATH = "/api/health"
_APP_ROUTER = ("src/app", "app")
_PAGES_ROUTER = ("src/pages", "pages")
_ENDINGS = ("ts", "js", "tsx", "jsx", "mjs")
_VERSION = re.compile(r"\bversion\b")


@dataclass(frozen=True)
class HealthRoute:
    """The existing route, or the file of a new one."""

    file: str
    exists: bool
    returns_version: bool
    """Its text mentions `version`."""


def candidates() -> tuple[str, ...]:
    """Files that may answer `/api/health`."""
    in_app = (f"{router}/api/health/route" for router in _APP_ROUTER)
    in_pages = (f"{router}/api/{name}" for router in _PAGES_ROUTER for name in ("health", "health/index"))
    return tuple(f"{path}.{ending}" for path in (*in_app, *in_pages) for ending in _ENDINGS)


def health_route(scan: ProjectScan) -> HealthRoute:
    """The existing route; else a new file in the router that the project uses."""
    if path := next((path for path in candidates() if path in scan.paths), ""):
        return HealthRoute(path, exists=True, returns_version=bool(_VERSION.search(scan.texts.get(path, ""))))
    router = next((folder for folder in (*_APP_ROUTER, *_PAGES_ROUTER) if scan.has_under(folder)), "app")
    name = "health" if router in _PAGES_ROUTER else "health/route"
    ending = "ts" if scan.has("tsconfig.json") else "js"
    return HealthRoute(f"{router}/api/{name}.{ending}", exists=False, returns_version=True)


DEFAULT = 24
"""The active LTS release on 2026-11-24 (https://github.com/nodejs/release#release-schedule)."""
LTS = (DEFAULT, 22, 20, 18)
OTHERS = tuple(range(30, 13, -1))
CODE_NAMES = {"hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24}

_COMPARATOR = re.compile(r"(?P<operator>[<>]=?|[\^~=v])?\s*v?(?P<major>\d+)(?P<rest>(?:\.[\dx*]+)*)")


def node_major(text: str) -> int:
    """The LTS release, else any other, that fits `.nvmrc` or `engines.node`; `DEFAULT` where it names none."""
    text = text.strip().lower()
    name = text.removeprefix("lts/")
    if name in CODE_NAMES:
        return CODE_NAMES[name]
    alternatives = [list(_COMPARATOR.finditer(re.sub(r"(\S+) - ", r">=\1 <=", part))) for part in text.split("||")]
    for major in (*LTS, *OTHERS):
        if any(part and all(_fits(major, comparator) for comparator in part) for part in alternatives):
            return major
    return DEFAULT


def _fits(major: int, comparator: re.Match[str]) -> bool:
    bound, operator = int(comparator["major"]), comparator["operator"]
    inner = any(part not in ("0", "x", "*") for part in comparator["rest"].split(".")[1:])
    if operator in (">=", ">"):
        # Majors only: `>20.1` allows a later 20, `>20` does not.
        return major >= bound + (operator == ">" and not inner)
    if operator in ("<", "<="):
        return major < bound + (operator == "<=" or inner)
    return major == bound


@dataclass(frozen=True)
class PackageManager:
    """npm, pnpm, Yarn or Bun: each installs exactly what its lock file says."""

    name: str
    install: str
    """Installs all dependencies, including those for development."""
    cache: str
    """Cache directory between builds."""
    locks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Other files that affect the installation."""
    prune: str = ""
    """Removes development dependencies; empty where that would remove generated code."""
    setup: str = ""
    """Installs it in an image with Node and npm."""
    variables: str = ""
    """Environment variables."""


NPM = PackageManager(
    "npm", "npm ci", "/root/.npm", ("package-lock.json", "npm-shrinkwrap.json"), (".npmrc",), "npm prune --omit=dev"
)
UNLOCKED = PackageManager("npm", "npm install", NPM.cache, (), NPM.files, NPM.prune)
"""Without a lock file."""
PNPM = PackageManager(
    "pnpm",
    "pnpm install --frozen-lockfile",
    "/root/.local/share/pnpm/store",
    ("pnpm-lock.yaml",),
    (".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"),
    "CI=true pnpm prune --prod",
    "npm install --global pnpm@{version}",
)
# --force: Node's images have a Yarn already.
YARN_1 = PackageManager(
    "yarn",
    "yarn install --frozen-lockfile",
    "/usr/local/share/.cache/yarn",
    ("yarn.lock",),
    (".npmrc", ".yarnrc"),
    setup="npm install --global --force yarn@{version}",
)
YARN = PackageManager(
    "yarn",
    "yarn install --immutable",
    "/root/.yarn/berry/cache",
    ("yarn.lock",),
    (".yarnrc.yml", ".yarn"),
    setup="npm install --global --force corepack@0.34 && corepack enable yarn",
    # Plug'n'Play, the default, has no node_modules to copy.
    variables="YARN_NODE_LINKER=node-modules",
)
BUN = PackageManager(
    "bun",
    "bun install --frozen-lockfile",
    "/root/.bun/install/cache",
    ("bun.lock", "bun.lockb"),
    ("bunfig.toml",),
    setup="npm install --global bun@{version}",
)

_BY_LOCK = (PNPM, YARN_1, BUN, NPM)
_VERSIONS = {"yarn": "1.22.22", "bun": "1"}
_PNPM_BY_LOCK = {"5": "7", "6": "8"}
"""Major version of pnpm by that of its lock file; version 10 reads all newer ones."""


def package_manager(scan: ProjectScan, package: Mapping[str, Any]) -> PackageManager:
    """The one of `packageManager`, else the one with a lock file, else npm without one."""
    named, _, version = str(package.get("packageManager") or "").partition("@")
    version = version.partition("+")[0]
    locked = [manager for manager in _BY_LOCK if scan.has(*manager.locks)]
    chosen = next((manager for manager in locked if manager.name == named), locked[0] if locked else UNLOCKED)
    version = version if named == chosen.name else ""
    if chosen is YARN_1 and (scan.has(".yarnrc.yml") or re.match(r"[2-9]|\d\d", version)):
        return YARN
    version = version or _version(chosen, scan)
    return replace(chosen, setup=chosen.setup.replace("{version}", version))


def run(manager: PackageManager, script: str) -> str:
    """The command that runs a script of package.json."""
    return f"{manager.name} run {script}"


def _version(manager: PackageManager, scan: ProjectScan) -> str:
    if manager is PNPM:
        match = re.search(r"^lockfileVersion: *'?(\d+)", scan.texts.get("pnpm-lock.yaml", ""), re.MULTILINE)
        return _PNPM_BY_LOCK.get(match[1] if match else "", "10")
    return _VERSIONS.get(manager.name, "")


BINARIES = "node_modules/.bin"
_OF_A_SHELL = re.compile(r"[|&;<>$`*?()~]|^\w+=")
_FOR_DEVELOPMENT = re.compile(r"\bnodemon\b|\bwatch\b|(?<!\S)--(watch|inspect)")


def scripts(package: Mapping[str, Any]) -> dict[str, str]:
    raw = package.get("scripts")
    return {str(name): str(text) for name, text in raw.items()} if isinstance(raw, dict) else {}


def dependencies(package: Mapping[str, Any], kind: str = "dependencies") -> frozenset[str]:
    """Names in `dependencies`, or in `devDependencies`."""
    raw = package.get(kind)
    return frozenset(map(str, raw)) if isinstance(raw, dict) else frozenset()


def first(package: Mapping[str, Any], *names: str) -> str:
    """The first of these scripts that exists and does not watch files, or empty."""
    texts = scripts(package)
    return next((name for name in names if name in texts and not _FOR_DEVELOPMENT.search(texts[name])), "")


def as_command(package: Mapping[str, Any], name: str) -> Command:
    """The words of the script where it needs no shell, so that signals reach the program; else `npm run`.

    A program of a dependency is named by its path: it is not on a container's PATH.
    """
    text = scripts(package)[name]
    words = [] if _OF_A_SHELL.search(text) else shlex.split(text)
    if words and words[0] == "node":
        return tuple(words)
    if words and words[0] in dependencies(package) | dependencies(package, "devDependencies"):
        return (f"{BINARIES}/{words[0]}", *words[1:])
    return ("npm", "run", name)


NAMES = ("start:worker", "worker:start", "worker:prod", "worker")
BUILDS = ("build:worker", "worker:build")
_SOURCE = re.compile(r"[\w./@-]+\.[cm]?[jt]sx?")


@dataclass(frozen=True)
class Worker:
    """A background process in the image of the web service."""

    command: Command
    entry: str
    """Its file; empty where the command does not name it."""
    is_source: bool
    """The file is in the checkout, not built."""
    modules: Modules
    """The part of node_modules that it needs."""
    build: str
    """The script that builds it; empty: the build of the web service."""

    @property
    def directory(self) -> str:
        """The first directory of its path, to copy from the build."""
        return self.entry.removeprefix("./").partition("/")[0]


def find_worker(scan: ProjectScan, package: Mapping[str, Any]) -> Worker | None:
    """From a script such as `worker` or `start:worker` of package.json."""
    script = first(package, *NAMES)
    if not script:
        return None
    command = as_command(package, script)
    entry = next((word for word in command[1:] if _SOURCE.fullmatch(word)), "")
    build = first(package, *BUILDS)
    is_source = not entry or entry.removeprefix("./") in scan.paths
    return Worker(command, entry, is_source, _modules(package, command, build), build)


def _modules(package: Mapping[str, Any], command: Command, build: str) -> Modules:
    for_development = dependencies(package, "devDependencies")
    program = command[0].removeprefix(f"{BINARIES}/")
    # `npm run` may start anything; a tool such as tsx is a development dependency.
    if program == "npm" or program in for_development:
        return "all"
    text = scripts(package).get(build, "")
    whole = re.search(r"\bncc build\b|\bbun build\b", text) or ("--bundle" in text and "external" not in text)
    # Prisma's client needs its engine next to itself, which a bundle lacks.
    return "none" if whole and "@prisma/client" not in dependencies(package) else "production"


NEXT_CONFIGURATIONS = tuple(f"next.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts"))
PRISMA_CONFIGURATIONS = tuple(f"prisma.config.{ending}" for ending in ("ts", "mts", "js", "mjs"))
_STANDALONE = re.compile(r"""^[^/\n]*\boutput\s*:\s*["'`]standalone["'`]""", re.MULTILINE)
_MIGRATES = ("migrate:deploy", "db:migrate:deploy", "migrate:prod", "db:migrate", "migrate")


@dataclass(frozen=True)
class NodeApp:
    """The properties that its Dockerfile depends on."""

    node: int
    """Major version."""
    manager: PackageManager
    standalone: bool
    """`output: "standalone"`: the build traces what the server needs."""
    next_for_development: bool
    """`next` is a development dependency, so these must stay."""
    prisma: str
    """Directory of Prisma's schema; empty without Prisma."""
    migrate: Command
    """Migrates the database, or empty."""
    migrations: str
    """Directory of the migration files, or empty."""
    worker: Worker | None
    health: HealthRoute
    uses_pg: bool
    """node-postgres, which has its own meaning of `sslmode`."""


def node_app(scan: ProjectScan, package: Mapping[str, Any] | None) -> NodeApp | None:
    """None where package.json describes no Next.js application."""
    kept, for_development = dependencies(package or {}), dependencies(package or {}, "devDependencies")
    if package is None or "next" not in kept | for_development:
        return None
    prisma = _prisma(scan, package) if {"prisma", "@prisma/client"} & (kept | for_development) else ""
    migrate, migrations = _migrate(scan, package, prisma)
    return NodeApp(
        node=node_major(_node(scan, package)),
        manager=package_manager(scan, package),
        standalone=any(_STANDALONE.search(scan.texts.get(name, "")) for name in NEXT_CONFIGURATIONS),
        next_for_development="next" not in kept,
        prisma=prisma,
        migrate=migrate,
        migrations=migrations,
        worker=find_worker(scan, package),
        health=health_route(scan),
        uses_pg=bool({"pg", "@prisma/adapter-pg"} & kept),
    )


def _node(scan: ProjectScan, package: Mapping[str, Any]) -> str:
    engines = package.get("engines")
    version = scan.texts.get(".nvmrc") or scan.texts.get(".node-version")
    return version or str(engines.get("node", "") if isinstance(engines, dict) else "")


def _prisma(scan: ProjectScan, package: Mapping[str, Any]) -> str:
    settings = package.get("prisma")
    schema = str(settings.get("schema", "")) if isinstance(settings, dict) else ""
    if schema:
        return schema.removeprefix("./").rpartition("/")[0] or schema
    return "prisma" if scan.has_under("prisma") else ""


def _migrate(scan: ProjectScan, package: Mapping[str, Any], prisma: str) -> tuple[Command, str]:
    if prisma:
        return (f"{BINARIES}/prisma", "migrate", "deploy"), f"{prisma}/migrations"
    script = first(package, *_MIGRATES)
    if not script:
        return (), ""
    folder = next((name for name in ("migrations", "drizzle") if scan.has_under(name)), "")
    return as_command(package, script), folder
