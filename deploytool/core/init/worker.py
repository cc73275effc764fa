"""The background worker of a project: what starts it, and what its image must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.core.init.model import Command, Modules, Surroundings
from deploytool.core.init.scripts import BINARIES, as_command, dependencies, first, scripts

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


def find_worker(around: Surroundings, package: Mapping[str, Any]) -> Worker | None:
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
