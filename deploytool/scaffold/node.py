"""A Next.js project as its files describe it: Node version, package manager, workspace, build, server, worker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deploytool.scaffold.model import Command, ProjectScan
from deploytool.scaffold.next_config import HealthRoute, NextConfig, health_route, is_next_app, next_config
from deploytool.scaffold.scripts import (
    BINARIES,
    Worker,
    as_command,
    build_commands,
    dependencies,
    find_worker,
    migrating,
    program,
    scripts,
    steps,
    version_of,
)
from deploytool.scaffold.variables import Database, Variables, database, read_variables

DEFAULT = 24
"""The active LTS release on 2026-11-24 (https://github.com/nodejs/release#release-schedule)."""
LTS = (DEFAULT, 22, 20, 18)
OTHERS = tuple(range(30, 13, -1))
CODE_NAMES = {"hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24}

_COMPARATOR = re.compile(r"(?P<operator>[<>]=?|[\^~=v])?\s*v?(?P<major>\d+)(?P<rest>(?:\.[\dx*]+)*)")


def stated_node(text: str) -> int:
    """The LTS release, else any other, that fits `.nvmrc` or `engines.node`; 0 where it names none that is known."""
    text = text.partition("#")[0].strip().lower()
    name = text.removeprefix("lts/")
    if name in CODE_NAMES:
        return CODE_NAMES[name]
    alternatives = [list(_COMPARATOR.finditer(re.sub(r"(\S+) - ", r">=\1 <=", part))) for part in text.split("||")]
    for major in (*LTS, *OTHERS):
        if any(part and all(_fits(major, comparator) for comparator in part) for part in alternatives):
            return major
    return 0


def _fits(major: int, comparator: re.Match[str]) -> bool:
    bound, operator = int(comparator["major"][:9]), comparator["operator"]
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
    # Without scripts: a `postinstall` may start a tool for development, which is gone by then.
    "CI=true pnpm prune --prod --ignore-scripts",
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
    # It becomes part of a command.
    version = match[0] if (match := re.match(r"\d[\w.-]*", version)) else ""
    locked = [manager for manager in _BY_LOCK if scan.has(*manager.locks)]
    chosen = next((manager for manager in locked if manager.name == named), locked[0] if locked else UNLOCKED)
    version = version if named == chosen.name else ""
    if chosen is YARN_1 and (scan.has(".yarnrc.yml") or re.match(r"[2-9]|\d\d", version)):
        # Node's images have Yarn 1, which starts the one of `yarnPath`: nothing is downloaded.
        is_in_repository = scan.has_under(".yarn/releases") and "yarnPath" in scan.texts.get(".yarnrc.yml", "yarnPath")
        return replace(YARN, setup="") if is_in_repository else YARN
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


NEXT_NEEDS = {12: 12, 13: 16, 14: 18, 15: 18, 16: 20}
"""Oldest major version of Node by that of Next.js (`engines` in https://registry.npmjs.org/next)."""
PNPM_NEEDS = {8: 16, 9: 18, 10: 18, 11: 22}
"""The same for pnpm (`engines` in https://registry.npmjs.org/pnpm)."""


_NAME = re.compile(r"(?:@[\w.-]+/)?[\w.-]+")


@dataclass(frozen=True)
class Workspace:
    """A workspace whose root is the build context."""

    root: ProjectScan
    member: str
    """Path of the app's package from the root."""
    needs: tuple[str, ...]
    """Directories of the packages that the app depends on, each after those that it depends on itself."""
    worker: str = ""
    """Directory of a package that is the worker."""

    @property
    def name(self) -> str:
        return self.name_of(self.member)

    @property
    def has_turbo(self) -> bool:
        package = self.root.package()
        names = dependencies(package) | dependencies(package, "devDependencies")
        return "turbo.json" in self.root.paths and "turbo" in names

    def name_of(self, directory: str) -> str:
        """As filters take it: the name of the package, else its path."""
        name = str(self.root.package(directory).get("name") or "")
        return name if _NAME.fullmatch(name) else f"./{directory}"


@dataclass(frozen=True)
class NodeApp:
    """The properties that its Dockerfile depends on."""

    node: int
    """Major version."""
    manager: PackageManager
    config: NextConfig
    next_for_development: bool
    """`next` is a development dependency, so these must stay."""
    database: Database
    worker: Worker | None
    health: HealthRoute
    uses_pg: bool
    """node-postgres, which has its own meaning of `sslmode`."""
    build: tuple[str, ...] = ()
    """Commands, one after the other."""
    start: Command = ()
    """A server of its own; empty: Next.js's."""
    variables: Variables = field(default_factory=Variables)
    workspace: Workspace | None = None
    database_at: str = ""
    """Directory of the package of the workspace that has the database; empty: the app's."""
    installs_by_scripts: bool = False
    """Its installation runs scripts that may need any file."""
    notes: tuple[str, ...] = ()
    """What was decided against the words of a file."""

    @property
    def standalone(self) -> bool:
        """The build traces what the server needs."""
        return self.config.output == "standalone" and not self.start

    @property
    def is_static(self) -> bool:
        """The build is a directory of files."""
        return self.config.output == "export"

    @property
    def prisma(self) -> str:
        """Directory of Prisma's schema; empty without Prisma."""
        return self.database.schema if self.database.tool == "prisma" else ""

    @property
    def migrate(self) -> Command:
        return self.database.migrate

    @property
    def migrations(self) -> str:
        """Directory of the migration files from that of the app, or empty."""
        if not self.database.migrations or not self.workspace or not self.database_at:
            return self.database.migrations
        return f"{'../' * (self.workspace.member.count('/') + 1)}{self.database_at}/{self.database.migrations}"

    @property
    def member(self) -> str:
        """Path from the build context; empty where they are the same."""
        return self.workspace.member if self.workspace else ""


def node_app(scan: ProjectScan, package: Mapping[str, Any] | None) -> NodeApp | None:
    """None where the directory has no Next.js application."""
    if package is None or not is_next_app(scan, package):
        return None
    workspace = _workspace(scan)
    root = workspace.root if workspace else scan
    root_package = root.package() if workspace else package
    binaries = "" if workspace else BINARIES
    config = next_config(scan, package)
    manager = package_manager(root, root_package)
    data, at = _database(scan, package, workspace)
    node, notes = _node(scan, package, root, root_package, manager)
    start = _own_server(package, binaries)
    kept = dependencies(package)
    changes = migrating(package, "build")
    if changes:
        notes = (
            *notes,
            f"the image is built without `{'`, `'.join(changes)}` of the script `build`: a build has no database",
        )
    return NodeApp(
        node=node,
        manager=manager,
        config=config,
        next_for_development="next" not in kept,
        database=data,
        worker=_worker(scan, package, workspace, binaries),
        health=health_route(scan, config),
        uses_pg=bool({"pg", "@prisma/adapter-pg"} & kept),
        build=build_commands(package, f"{manager.name} run"),
        start=start,
        variables=read_variables(scan, data.urls),
        workspace=workspace,
        database_at=at,
        installs_by_scripts=bool(_install_scripts(package)),
        notes=notes,
    )


def _install_scripts(package: Mapping[str, Any]) -> list[str]:
    """Steps of the installation besides those that only need what is copied for it."""
    ran = [step for name in ("preinstall", "install", "postinstall", "prepare") for step in steps(package, name)]
    return [
        step for step in ran if not re.match(r"prisma generate|patch-package|husky|simple-git-hooks|lefthook", step)
    ]


_SERVER_OF_NEXT = re.compile(r"\bnext\s+(?:start|build|dev)\b|\.next/standalone/|\bnext-start\b")


def _own_server(package: Mapping[str, Any], binaries: str) -> Command:
    """The script `start` where it runs another program than Next.js's server."""
    texts = scripts(package)
    name = next((name for name in ("start:prod", "start") if name in texts), "")
    if not name or any(_SERVER_OF_NEXT.search(step) for step in steps(package, name)):
        return ()
    run = program(texts[name])
    names = dependencies(package) | dependencies(package, "devDependencies")
    if run is None or not (run.words[0] in ("node", "bun", "tsx", "ts-node") or run.words[0] in names):
        return ()
    is_tool = run.words[0] in ("vercel", "serve", "http-server", "sst", "pm2", "docker", "turbo", "nx", "electron")
    return () if is_tool else as_command(package, name, binaries)


def _node(
    scan: ProjectScan,
    package: Mapping[str, Any],
    root: ProjectScan,
    root_package: Mapping[str, Any],
    manager: PackageManager,
) -> tuple[int, tuple[str, ...]]:
    """The major version, and a note where it is not what a file asks for."""
    statements: dict[str, str] = {}
    for place, own in ((scan, package), (root, root_package)):
        engines = own.get("engines")
        statements |= {name: place.texts[name] for name in (".nvmrc", ".node-version") if name in place.texts}
        if statements:
            break
        if isinstance(engines, dict) and engines.get("node"):
            statements["engines.node of package.json"] = str(engines["node"])
            break
    file, text = next(iter(statements.items()), ("", ""))
    stated = stated_node(text)
    needed, by = _needed(version_of(package, "next") or version_of(root_package, "next"), manager)
    if stated and stated < needed:
        return _lts(needed), (
            f"{file} says Node {stated}, but {by} needs {needed} or newer: the image has {_lts(needed)}",
        )
    any_version = re.fullmatch(r"\s*(?:lts/\*|node|stable|latest|current|\*|lts)?\s*", text.partition("#")[0].lower())
    if not stated and not any_version:
        return DEFAULT, (f"{file} names no known version of Node ({text.strip()[:40]!r}): the image has {DEFAULT}",)
    return stated or DEFAULT, ()


def _lts(least: int) -> int:
    return min(major for major in LTS if major >= least)


def _needed(version: str, manager: PackageManager) -> tuple[int, str]:
    match = re.search(r"\d+", version)
    major = int(match[0][:4]) if match else 0
    by_next = NEXT_NEEDS.get(major, 0 if major < 12 else max(NEXT_NEEDS.values()))
    pinned = re.search(r"pnpm@(\d+)", manager.setup)
    by_pnpm = PNPM_NEEDS.get(int(pinned[1][:4]), 0) if pinned else 0
    if by_pnpm > by_next and pinned:
        return by_pnpm, f"pnpm {pinned[1]}"
    return by_next, f"Next.js {major}"


_WORKER_PACKAGE = re.compile(r"(?:.*/)?(?:workers?|queues?|jobs|background|consumer|job-runner|[\w-]+-workers?)")


def _workspace(scan: ProjectScan) -> Workspace | None:
    root = scan.workspace
    if root is None:
        return None
    by_name = {str(root.package(folder).get("name") or folder): folder for folder in root.members}
    worker = next((folder for folder in root.members if _is_worker_package(root, folder)), "")
    ordered: dict[str, None] = {}
    for folder in (scan.member, *((worker,) if worker else ())):
        _collect(root, folder, by_name, ordered, frozenset())
    ordered.pop(scan.member, None)
    return Workspace(root, scan.member, tuple(folder for folder in ordered if folder != worker), worker)


def _is_worker_package(root: ProjectScan, folder: str) -> bool:
    is_app = not folder.startswith(("packages/", "libs/", "examples/", "tooling/"))
    return is_app and bool(_WORKER_PACKAGE.fullmatch(folder)) and "start" in scripts(root.package(folder))


def _collect(
    root: ProjectScan, folder: str, by_name: Mapping[str, str], ordered: dict[str, None], callers: frozenset[str]
) -> None:
    package = root.package(folder)
    for name in sorted(dependencies(package) | dependencies(package, "devDependencies")):
        other = by_name.get(name)
        if other and other not in ordered and other not in callers:
            _collect(root, other, by_name, ordered, callers | {folder})
    ordered[folder] = None


def _database(scan: ProjectScan, package: Mapping[str, Any], workspace: Workspace | None) -> tuple[Database, str]:
    """That of the app, else of a package that it depends on, with the directory of the latter."""
    own = database(scan, package, "" if workspace else BINARIES)
    if own.tool in ("prisma", "drizzle") or not workspace:
        return own, ""
    for folder in workspace.needs:
        inner = database(workspace.root.below(folder), workspace.root.package(folder), "")
        if inner.tool in ("prisma", "drizzle"):
            return inner, folder
    return own, ""


def _worker(scan: ProjectScan, package: Mapping[str, Any], workspace: Workspace | None, binaries: str) -> Worker | None:
    own = find_worker(scan, package, binaries)
    if own or not workspace or not workspace.worker:
        return own
    inner = as_command(workspace.root.package(workspace.worker), "start", "")
    text = " ".join(inner)
    command = ("sh", "-c", f"cd /app/{workspace.worker} && exec {text}")
    return Worker(command, "", is_source=True, modules="all", build="")


def workspace_build(app: NodeApp, workspace: Workspace) -> Iterator[str]:
    """Commands at the root that build the packages which the app depends on, and then the app."""
    own = app.build
    is_script = own == (f"{app.manager.name} run build",)
    targets = [workspace.name, *([workspace.name_of(workspace.worker)] if workspace.worker else [])]
    if workspace.has_turbo:
        names = [name if is_script or name != workspace.name else f"{name}^..." for name in targets]
        filters = " ".join(f"--filter={_quoted(name)}" for name in names)
        yield f"{BINARIES}/turbo run build {filters} --env-mode=loose"
    elif app.manager.name == "pnpm":
        names = [f"{name}..." if is_script or name != workspace.name else f"{name}^..." for name in targets]
        yield f"pnpm {' '.join(f'--filter {_quoted(name)}' for name in names)} --if-present run build"
    else:
        folders = [*workspace.needs, *((workspace.worker,) if workspace.worker else ())]
        for folder in folders:
            if "build" in scripts(workspace.root.package(folder)):
                yield run_in(app.manager, workspace, folder, "build")
        if is_script:
            yield run_in(app.manager, workspace, workspace.member, "build")
    if not is_script:
        yield f"(cd {workspace.member} && {' && '.join(own)})"


def run_in(manager: PackageManager, workspace: Workspace, folder: str, script: str) -> str:
    """The command that runs a script of a package of the workspace, at the root."""
    if manager.name == "yarn":
        return f"yarn workspace {workspace.name_of(folder)} run {script}"
    if manager.name == "npm":
        return f"npm run {script} --workspace={folder}"
    return f"(cd {folder} && {run(manager, script)})"


def workspace_install(app: NodeApp, workspace: Workspace) -> str:
    """Installs what the app needs, and the tools of the root."""
    root = str(workspace.root.package().get("name") or "")
    if app.manager.name != "pnpm" or not _NAME.fullmatch(root):
        return app.manager.install
    names = [f"{workspace.name}...", *([f"{workspace.name_of(workspace.worker)}..."] if workspace.worker else []), root]
    return f"{app.manager.install} {' '.join(f'--filter {_quoted(name)}' for name in names)}"


def _quoted(name: str) -> str:
    return f'"{name}"'
