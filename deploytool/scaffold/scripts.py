"""Scripts of package.json: which programs they run, which of them is a worker, and what a build does besides."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from deploytool.scaffold.model import Command, Modules, ProjectScan

BINARIES = "node_modules/.bin"
_OF_A_SHELL = re.compile(r"[|&;<>$`*?()~#\n]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_FOR_DEVELOPMENT = re.compile(r"\bnodemon\b|\bwatch\b|(?<!\S)--(watch|inspect)|\bwrangler\b|\bnext dev\b")
_RUNNER = re.compile(r"(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:-s\s+|--silent\s+)?(?P<name>[\w:.@/-]+)")
_RUN_ALL = re.compile(r"(?:run-s|run-p|npm-run-all2?)\s+(?P<names>.+)")
_MIGRATES = re.compile(
    r"prisma\s+(?:--\S+\s+)*(?:db\s+push|migrate\s+(?:deploy|dev|reset))|drizzle-kit\s+(?:push|migrate|up)"
    r"|(?<![\w-])(?:db[:-])?migrat(?!\w*[:-](?:create|generate|make))|\bdb:push\b",
)
_NEXT_BUILD = re.compile(r"\bnext\s+build\b")


def scripts(package: Mapping[str, Any]) -> dict[str, str]:
    """Those whose names need no quotes."""
    raw = package.get("scripts")
    items = raw.items() if isinstance(raw, dict) else ()
    return {str(name): str(text) for name, text in items if re.fullmatch(r"[\w.:@/-]+", str(name))}


def dependencies(package: Mapping[str, Any], kind: str = "dependencies") -> frozenset[str]:
    """Names in `dependencies`, or in `devDependencies`."""
    raw = package.get(kind)
    return frozenset(map(str, raw)) if isinstance(raw, dict) else frozenset()


def version_of(package: Mapping[str, Any], name: str) -> str:
    """The range that the package asks for; empty without the dependency."""
    kinds = (package.get(kind) for kind in ("dependencies", "devDependencies"))
    return next((str(kind[name]) for kind in kinds if isinstance(kind, dict) and name in kind), "")


def first(package: Mapping[str, Any], *names: str) -> str:
    """The first of these scripts that exists and does not watch files, or empty."""
    texts = scripts(package)
    return next((name for name in names if name in texts and not _FOR_DEVELOPMENT.search(texts[name])), "")


@dataclass(frozen=True)
class Program:
    """One program, without the tools that only set its environment."""

    words: Command
    variables: Mapping[str, str] = field(default_factory=dict)
    """Set by the script."""


def program(text: str) -> Program | None:
    """None where the text needs a shell, or is none."""
    try:
        words = [] if _OF_A_SHELL.search(text) else shlex.split(text)
    except ValueError:
        return None
    variables: dict[str, str] = {}
    while words:
        word = words[0]
        if _ASSIGNMENT.fullmatch(word):
            name, _, variables[name] = word.partition("=")
        elif word in ("dotenv", "dotenvx", "dotenv-flow"):
            # Its own options end at `--`; a container has no .env file.
            words = words[words.index("--") :] if "--" in words else words[:1]
        elif word not in ("cross-env", "cross-env-shell", "env", "exec", "npx", "bunx", "--", "--no-install", "-y"):
            break
        words = words[1:]
    return Program(tuple(words), variables) if words else None


def as_command(package: Mapping[str, Any], name: str, binaries: str = BINARIES) -> Command:
    """The words of the script where it needs no shell, so that signals reach the program; else `npm run`.

    A program of a dependency is named by its path: it is not on a container's PATH, unless ``binaries`` is empty.
    """
    run = program(scripts(package)[name])
    if run is None:
        return ("npm", "run", name)
    set_here = {key: value for key, value in run.variables.items() if (key, value) != ("NODE_ENV", "production")}
    variables = ("env", *(f"{key}={value}" for key, value in set_here.items())) if set_here else ()
    if run.words[0] in ("node", "bun"):
        return (*variables, *run.words)
    if binaries == "" or run.words[0] in dependencies(package) | dependencies(package, "devDependencies"):
        place = f"{binaries}/" if binaries else ""
        return (*variables, f"{place}{run.words[0]}", *run.words[1:])
    return ("npm", "run", name)


def steps(package: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The commands of a script, one by one, with those of the scripts that it calls."""
    return tuple(_steps(scripts(package), name, ()))


def _steps(texts: Mapping[str, str], name: str, callers: tuple[str, ...]) -> Iterator[str]:
    for each in (f"pre{name}", name, f"post{name}"):
        if each not in texts or each in callers:
            continue
        for part in re.split(r"\s*(?:&&|;|\n)\s*", texts[each].strip()):
            called = _called(texts, part)
            for script in called:
                yield from _steps(texts, script, (*callers, each))
            if part and not called:
                yield part


def _called(texts: Mapping[str, str], part: str) -> tuple[str, ...]:
    if match := _RUN_ALL.fullmatch(part):
        patterns = [word.strip("'\"") for word in match["names"].split() if not word.startswith("-")]
        return tuple(name for pattern in patterns for name in texts if fnmatchcase(name, pattern.replace("**", "*")))
    match = _RUNNER.fullmatch(part)
    return (match["name"],) if match and match["name"] in texts else ()


def builds_next(package: Mapping[str, Any]) -> bool:
    """One of its scripts runs `next build`."""
    return any(_NEXT_BUILD.search(text) for text in scripts(package).values())


def migrating(package: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The commands of the script that change a database."""
    return tuple(step for step in steps(package, name) if _MIGRATES.search(step))


_WITHOUT_DATABASE = ("build:ci", "build-ci", "ci:build", "build:next", "next:build", "build:docker", "build:prod")


def build_commands(package: Mapping[str, Any], run: str) -> tuple[str, ...]:
    """Builds the app without a database; ``run`` is followed by a script's name."""
    if "build" not in scripts(package):
        return ("next build",)
    if not migrating(package, "build"):
        return (f"{run} build",)
    for name in _WITHOUT_DATABASE:
        if name in scripts(package) and not migrating(package, name):
            return (f"{run} {name}",)
    return tuple(step for step in steps(package, "build") if not _MIGRATES.search(step)) or ("next build",)


_WORKER = re.compile(r"(?:^|[:._-])workers?(?=$|[:._-])|^(?:start:)?(?:queues?|jobs)(?::start)?$")
_NO_WORKER = re.compile(
    r"(?:^|[:._-])(?:build|dev|test|lint|types?|docker|logs?|stop|watch|deploy|debug|check|cf|service|web|tsc|clean|"
    r"typecheck|format|install|db|preview|sw)(?=$|[:._-])"
)
_BUILT = re.compile(r"(?:^|[:._-])(?:start|prod(?:uction)?)(?=$|[:._-])")
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
    others: tuple[str, ...] = ()
    """Other scripts that may be workers."""

    @property
    def directory(self) -> str:
        """The first directory of its path, to copy from the build."""
        return self.entry.removeprefix("./").partition("/")[0]


def worker_scripts(package: Mapping[str, Any]) -> tuple[str, ...]:
    """Scripts that start workers, those for production first; one of each command."""
    texts = scripts(package)
    names = [
        name
        for name in texts
        if _WORKER.search(name) and not _NO_WORKER.search(name) and not _FOR_DEVELOPMENT.search(texts[name])
    ]
    names.sort(key=lambda name: (not _BUILT.search(name), len(name), name))
    # One that only calls another is the same worker.
    called = {script for name in names for script in _called(texts, texts[name])}
    return tuple({texts[name]: name for name in reversed(names) if name not in called}.values())[::-1]


def find_worker(scan: ProjectScan, package: Mapping[str, Any], binaries: str = BINARIES) -> Worker | None:
    """From a script such as `worker` or `start:worker` of package.json."""
    names = worker_scripts(package)
    if not names:
        return None
    command = as_command(package, names[0], binaries)
    entry = next((word for word in command[1:] if _SOURCE.fullmatch(word)), "")
    build = first(package, "build:worker", "worker:build", "build:workers", "workers:build")
    is_source = not entry or entry.removeprefix("./") in scan.paths
    return Worker(command, entry, is_source, _modules(package, command, build), build, names[1:])


def _modules(package: Mapping[str, Any], command: Command, build: str) -> Modules:
    for_development = dependencies(package, "devDependencies")
    words = [word for word in command if word != "env" and not _ASSIGNMENT.fullmatch(word)]
    run = words[0].removeprefix(f"{BINARIES}/")
    # `npm run` may start anything; a tool such as tsx is a development dependency.
    if run == "npm" or run in for_development:
        return "all"
    text = scripts(package).get(build, "")
    whole = re.search(r"\bncc build\b|\bbun build\b", text) or ("--bundle" in text and "external" not in text)
    # Prisma's client needs its engine next to itself, which a bundle lacks.
    return "none" if whole and "@prisma/client" not in dependencies(package) else "production"
