"""The route that says whether the web service is well, and which version it is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploytool.scaffold.model import Command, Modules, ProjectScan

# SEG core.init.health_route
# The route that says whether the web service is well, and which version it is.

PATH = "/api/health"
_APP_ROUTER = ("src/app", "app")
_PAGES_ROUTER = ("src/pages", "pages")
_ENDINGS = ("ts", "js", "tsx", "jsx", "mjs")
_VERSION = re.compile(r"\bversion\b")


@dataclass(frozen=True)
class HealthRoute:
    """Where it is, or where it is to be written."""

    file: str
    is_there: bool
    tells_version: bool
    """The answer has a field `version`, as far as its text shows."""


def candidates() -> tuple[str, ...]:
    """Files that may answer `/api/health`."""
    in_app = (f"{router}/api/health/route" for router in _APP_ROUTER)
    in_pages = (f"{router}/api/{name}" for router in _PAGES_ROUTER for name in ("health", "health/index"))
    return tuple(f"{path}.{ending}" for path in (*in_app, *in_pages) for ending in _ENDINGS)


def health_route(around: ProjectScan) -> HealthRoute:
    """The route that is there; else the file of a new one, in the router that the project uses."""
    found = next((path for path in candidates() if path in around.paths), "")
    if found:
        return HealthRoute(found, is_there=True, tells_version=bool(_VERSION.search(around.texts.get(found, ""))))
    router = next((each for each in (*_APP_ROUTER, *_PAGES_ROUTER) if around.has_under(each)), "app")
    name = "health" if router in _PAGES_ROUTER else "health/route"
    ending = "ts" if around.has("tsconfig.json") else "js"
    return HealthRoute(f"{router}/api/{name}.{ending}", is_there=False, tells_version=True)


# SEG core.init.node_version
# Which major version of Node a project wants.

DEFAULT = 24
"""The LTS release in the middle of its life on 2026-11-24 (https://github.com/nodejs/release#release-schedule)."""
LTS = (DEFAULT, 22, 20, 18)
OTHERS = tuple(range(30, 13, -1))
CODE_NAMES = {"hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24}

_COMPARATOR = re.compile(r"(?P<operator>[<>]=?|[\^~=v])?\s*v?(?P<major>\d+)(?P<rest>(?:\.[\dx*]+)*)")


def node_major(told: str) -> int:
    """The LTS release that fits `.nvmrc` or `engines.node`; `DEFAULT` where it names none.

    A version that is no LTS release is taken where no other fits.
    """
    told = told.strip().lower()
    name = told.removeprefix("lts/")
    if name in CODE_NAMES:
        return CODE_NAMES[name]
    alternatives = [list(_COMPARATOR.finditer(re.sub(r"(\S+) - ", r">=\1 <=", part))) for part in told.split("||")]
    alternatives = [each for each in alternatives if each]
    for major in (*LTS, *OTHERS):
        if any(all(_fits(major, one) for one in each) for each in alternatives):
            return major
    return DEFAULT


def _fits(major: int, comparator: re.Match[str]) -> bool:
    bound, operator = int(comparator["major"]), comparator["operator"]
    inner = any(part not in ("0", "x", "*") for part in comparator["rest"].split(".")[1:])
    if operator in (">=", ">"):
        # Majors only: `>20.1` lets a later 20 in, `>20` does not.
        return major >= bound + (operator == ">" and not inner)
    if operator in ("<", "<="):
        return major < bound + (operator == "<=" or inner)
    return major == bound


# SEG core.init.package_manager
# npm, pnpm, Yarn and Bun: how each installs what a lock file says, and nothing else.


@dataclass(frozen=True)
class PackageManager:
    """One of them, as a Dockerfile uses it."""

    name: str
    install: str
    """Installs all dependencies, those for development too."""
    cache: str
    """Directory that a build may keep between two runs."""
    locks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """What else, where it is there, changes the way it installs."""
    prune: str = ""
    """Takes out what is for development only; empty where it cannot without losing generated code."""
    setup: str = ""
    """Makes it available in an image that has Node and npm."""
    variables: str = ""
    """What it is told by the environment."""


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
# --force: Node's own images hold a Yarn already.
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
    # Its own way, Plug'n'Play, leaves no node_modules to copy.
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
"""Major version of pnpm by that of its lock file; from 9 on the newest reads it."""


def package_manager(around: ProjectScan, package: Mapping[str, Any]) -> PackageManager:
    """The one that `packageManager` names, else the one whose lock file is there; npm without a lock where none is."""
    named, _, version = str(package.get("packageManager") or "").partition("@")
    version = version.partition("+")[0]
    there = [each for each in _BY_LOCK if around.has(*each.locks)]
    chosen = next((each for each in there if each.name == named), there[0] if there else UNLOCKED)
    given = version if named == chosen.name else ""
    if chosen is YARN_1 and (around.has(".yarnrc.yml") or re.match(r"[2-9]|\d\d", given)):
        return YARN
    version = given or _version(chosen, around)
    return replace(chosen, setup=chosen.setup.replace("{version}", version))


def run(manager: PackageManager, script: str) -> str:
    """The command that runs a script of package.json."""
    return f"{manager.name} run {script}"


def _version(manager: PackageManager, around: ProjectScan) -> str:
    if manager is PNPM:
        told = re.search(r"^lockfileVersion: *'?(\d+)", around.texts.get("pnpm-lock.yaml", ""), re.MULTILINE)
        return _PNPM_BY_LOCK.get(told[1] if told else "", "10")
    return _VERSIONS.get(manager.name, "")


# SEG core.init.scripts
# Scripts of package.json as commands that a container starts.

BINARIES = "node_modules/.bin"
_OF_A_SHELL = re.compile(r"[|&;<>$`*?()~]|^\w+=")
_FOR_DEVELOPMENT = re.compile(r"\bnodemon\b|\bwatch\b|(?<!\S)--(watch|inspect)")


def scripts(package: Mapping[str, Any]) -> dict[str, str]:
    """Name to text."""
    told = package.get("scripts")
    return {str(name): str(text) for name, text in told.items()} if isinstance(told, dict) else {}


def dependencies(package: Mapping[str, Any], kind: str = "dependencies") -> frozenset[str]:
    """Names in `dependencies`, or in `devDependencies`."""
    told = package.get(kind)
    return frozenset(map(str, told)) if isinstance(told, dict) else frozenset()


def first(package: Mapping[str, Any], *names: str) -> str:
    """Name of the first of these scripts that is there and does not watch files; empty where none is."""
    there = scripts(package)
    return next((name for name in names if name in there and not _FOR_DEVELOPMENT.search(there[name])), "")


def as_command(package: Mapping[str, Any], name: str) -> Command:
    """The script's words where no shell is needed for them, so that signals reach the program; else `npm run`.

    A program of a dependency is named by its path: a container's PATH does not have it.
    """
    text = scripts(package)[name]
    words = [] if _OF_A_SHELL.search(text) else shlex.split(text)
    if words and words[0] == "node":
        return tuple(words)
    if words and words[0] in dependencies(package) | dependencies(package, "devDependencies"):
        return (f"{BINARIES}/{words[0]}", *words[1:])
    return ("npm", "run", name)


# SEG core.init.worker
# The background worker of a project: what starts it, and what its image must hold.

NAMES = ("start:worker", "worker:start", "worker:prod", "worker")
BUILDS = ("build:worker", "worker:build")
_SOURCE = re.compile(r"[\w./@-]+\.[cm]?[jt]sx?")


@dataclass(frozen=True)
class Worker:
    """One program beside the web service, in the same image."""

    command: Command
    entry: str
    """Its file; empty where the command does not say."""
    is_source: bool
    """The file is in the checkout, and not made by a build."""
    modules: Modules
    """Which of node_modules it needs."""
    build: str
    """The script that builds it; empty where the build of the web service does."""

    @property
    def directory(self) -> str:
        """What must be copied where it is built: the first directory of its path."""
        return self.entry.removeprefix("./").partition("/")[0]


def find_worker(around: ProjectScan, package: Mapping[str, Any]) -> Worker | None:
    """The script `worker` or `start:worker` of package.json; None where there is neither."""
    script = first(package, *NAMES)
    if not script:
        return None
    command = as_command(package, script)
    entry = next((word for word in command[1:] if _SOURCE.fullmatch(word)), "")
    build = first(package, *BUILDS)
    is_source = not entry or entry.removeprefix("./") in around.paths
    return Worker(command, entry, is_source, _modules(package, command, build), build)


def _modules(package: Mapping[str, Any], command: Command, build: str) -> Modules:
    for_development = dependencies(package, "devDependencies")
    program = command[0].removeprefix(f"{BINARIES}/")
    # `npm run` may start anything, and a tool such as tsx is there only with what is for development.
    if program == "npm" or program in for_development:
        return "all"
    text = scripts(package).get(build, "")
    whole = re.search(r"\bncc build\b|\bbun build\b", text) or ("--bundle" in text and "external" not in text)
    # Prisma's client looks for its engine beside itself, where a bundle has none.
    return "none" if whole and "@prisma/client" not in dependencies(package) else "production"


# SEG core.init.node_app
# A Next.js application, as its own files describe it.

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


def node_app(around: ProjectScan, package: Mapping[str, Any] | None) -> NodeApp | None:
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


def _node(around: ProjectScan, package: Mapping[str, Any]) -> str:
    engines = package.get("engines")
    told = around.texts.get(".nvmrc") or around.texts.get(".node-version")
    return told or str(engines.get("node", "") if isinstance(engines, dict) else "")


def _prisma(around: ProjectScan, package: Mapping[str, Any]) -> str:
    told = package.get("prisma")
    schema = str(told.get("schema", "")) if isinstance(told, dict) else ""
    if schema:
        return schema.removeprefix("./").rpartition("/")[0] or schema
    return "prisma" if around.has_under("prisma") else ""


def _migrate(around: ProjectScan, package: Mapping[str, Any], prisma: str) -> tuple[Command, str]:
    if prisma:
        return (f"{BINARIES}/prisma", "migrate", "deploy"), f"{prisma}/migrations"
    script = first(package, *_MIGRATES)
    if not script:
        return (), ""
    return as_command(package, script), next((each for each in ("migrations", "drizzle") if around.has_under(each)), "")
