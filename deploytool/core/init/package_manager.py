"""npm, pnpm, Yarn and Bun: how each installs what a lock file says, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploytool.core.init.model import Surroundings


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


def package_manager(around: Surroundings, package: Mapping[str, Any]) -> PackageManager:
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


def _version(manager: PackageManager, around: Surroundings) -> str:
    if manager is PNPM:
        told = re.search(r"^lockfileVersion: *'?(\d+)", around.texts.get("pnpm-lock.yaml", ""), re.MULTILINE)
        return _PNPM_BY_LOCK.get(told[1] if told else "", "10")
    return _VERSIONS.get(manager.name, "")
