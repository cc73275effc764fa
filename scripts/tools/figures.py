"""Measure this code: sizes, importers, cycles, names and words, and how long the command takes to start.

Ends with 1 where a bound is missed. Times and memory of a release with nothing to do need a sandbox
(`deploytool sandbox up`); without one they are left out.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "deploytool"
COMMAND = Path(sys.executable).parent / "deploytool"
RUNS = 5
SMALL_MODULE = 60
KILOBYTES_PER_MEGABYTE = 1024

EXACT_NAMES = {"found", "there"}
NAME_PARTS = {"told", "wish", "heard"}
"""Forbidden in any part of a name: `told_github` says no more than `told`. `not_found` does."""

BANNED_WORDS = re.compile(
    r"\b(told|wish(es|ed)?|mend(s|ed|ing)?|ways? back|(put|puts|putting) back|somebody|nobody|heard)\b", re.IGNORECASE
)
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True)
class Figure:
    """A measured value and its bounds; a bound of None is open."""

    name: str
    value: float
    most: float | None = None
    least: float | None = None
    unit: str = ""
    examples: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def bounds(self) -> str:
        if self.least is not None:
            return f"{self.least:g}-{self.most:g}"
        return "" if self.most is None else f"≤ {self.most:g}"


class Package:
    """The modules of a package: their lines, their syntax trees, and which imports which."""

    def __init__(self, root: Path) -> None:
        self.root = root
        texts = {path: path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}
        self.lines = {path: len(text.splitlines()) for path, text in texts.items()}
        self.trees = {path: ast.parse(text) for path, text in texts.items()}
        self.modules = {_module(root, path): path for path in texts}
        self.imports = {name: set(self._imported(self.trees[path])) - {name} for name, path in self.modules.items()}

    def _imported(self, tree: ast.AST) -> Iterator[str]:
        """Modules of this package, those imported late or for types only among them."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in self.modules)
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    if name in self.modules:
                        yield name
                    elif node.module in self.modules:
                        yield node.module


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sizes(package: Package) -> list[Figure]:
    """How much code there is, and how it is cut into files. An empty ``__init__.py`` is a file, but not a cut."""
    filled = {path: lines for path, lines in package.lines.items() if lines}
    largest = sorted(filled, key=filled.__getitem__, reverse=True)
    return [
        Figure("Python files", len(package.lines), 230),
        Figure("lines", sum(package.lines.values()), 32_500),
        Figure("median file", statistics.median(filled.values()), 220, 120, "lines"),
        Figure(
            "largest file",
            filled[largest[0]],
            600,
            unit="lines",
            examples=tuple(_at(package, path) for path in largest if filled[path] > 600),
        ),
    ]


def structure(package: Package, verbs: Iterable[str]) -> list[Figure]:
    """How the files hang together."""
    importers: dict[str, set[str]] = defaultdict(set)
    for importer, imported in package.imports.items():
        for name in imported:
            importers[name].add(importer)
    single = [
        name
        for name, path in package.modules.items()
        if len(importers[name]) == 1 and package.lines[path] < SMALL_MODULE and path.name != "__init__.py"
    ]
    verb_files = {f"{verb.replace('-', '_')}.py" for verb in verbs}
    no_verb = [
        path.name for path in package.lines if path.parent == package.root / "cli" and path.name != "__init__.py"
    ]
    helpers = [name for name in no_verb if name not in verb_files]
    loops = cycles(package.imports)
    return [
        Figure("modules under 60 lines with one importer", len(single), 10, examples=tuple(single)),
        Figure("files directly in cli/ that are no verb", len(helpers), 5, examples=tuple(helpers)),
        Figure("import cycles", len(loops), 0, examples=tuple(" ↔ ".join(loop) for loop in loops)),
    ]


def cycles(imports: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Groups of modules that reach each other: the strongly connected components of more than one (Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[tuple[str, ...]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in imports.get(name, ()):
            if target not in order:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[-len(group) :]
            if len(group) > 1:
                groups.append(tuple(sorted(group)))

    for name in imports:
        if name not in order:
            visit(name)
    return groups


def names(package: Package) -> list[Figure]:
    """Names that do not say what they hold."""
    hits = [f"{_at(package, path)}:{line} {name}" for path, line, name in _bound(package) if _vague(name)]
    return [Figure("names found, told, there, wish, heard", len(hits), 0, examples=tuple(hits))]


def _vague(name: str) -> bool:
    parts = [part.lower() for part in _PART.findall(name)]
    return bool(NAME_PARTS & set(parts)) or (len(parts) == 1 and parts[0] in EXACT_NAMES)


def _bound(package: Package) -> Iterator[tuple[Path, int, str]]:
    """Where a name is given: a variable, parameter, field, function, class or alias."""
    for path, tree in package.trees.items():
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                    yield path, node.lineno, name
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    yield path, node.lineno, name
                case ast.arg(arg=name):
                    yield path, node.lineno, name
                case ast.alias(asname=str(name)):
                    yield path, node.lineno, name
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    yield path, node.lineno, name
                case _:
                    continue


def words(package: Package, documents: Iterable[Path]) -> list[Figure]:
    """Banned words in what users read: messages, help and documents."""
    hits = [
        f"{_at(package, path)}:{line} {hit.group()}"
        for path, tree in package.trees.items()
        for line, text in _messages(tree)
        for hit in BANNED_WORDS.finditer(text)
    ]
    for path in documents:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            hits += [f"{path.name}:{number} {hit.group()}" for hit in BANNED_WORDS.finditer(line)]
    return [Figure("banned words in messages, help and documents", len(hits), 0, examples=tuple(hits))]


def _messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts of more than one word. Of the docstrings only a command's, which click shows as its help."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.decorator_list and _is_command(node):
            yield node.lineno, ast.get_docstring(node) or ""
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and re.search(r"\s", node.value)
        ):
            yield node.lineno, node.value


def _is_command(function: ast.FunctionDef) -> bool:
    return any("command" in ast.unparse(each) or "group" in ast.unparse(each) for each in function.decorator_list)


def documents() -> list[Path]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "action.yml"]
    return [*pages, *sorted((ROOT / ".github/workflows").glob("*.yml"))]


def start_up() -> list[Figure]:
    """Time of ``--help``; with a sandbox, time and peak memory of a release that has nothing to do."""
    figures = [_timed("deploytool --help", ["--help"], ROOT)[0]]
    from deploytool.sandbox.trust import find_sandbox

    sandbox = find_sandbox(ROOT)
    if sandbox is None:
        return figures
    live = ["release", "--commit", "HEAD"]
    subprocess.run([COMMAND, *live], cwd=sandbox.workdir, check=True, capture_output=True)
    return figures + _timed("release with nothing to do", live, sandbox.workdir, seconds=2.5)


def _timed(name: str, arguments: list[str], directory: Path, seconds: float | None = None) -> list[Figure]:
    """Medians over the runs; a first run only fills the caches."""
    durations, peaks = [], []
    for number in range(RUNS + 1):
        began = time.monotonic()
        process = subprocess.Popen(
            [COMMAND, *arguments], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"deploytool {' '.join(arguments)} ended with {process.returncode}")
        if number:
            durations.append(time.monotonic() - began)
            peaks.append(usage.ru_maxrss / KILOBYTES_PER_MEGABYTE)
    return [
        Figure(name, round(statistics.median(durations), 2), seconds, unit="s"),
        Figure(f"{name}: peak memory", round(statistics.median(peaks)), unit="MB"),
    ]


def _at(package: Package, path: Path) -> str:
    return str(path.relative_to(package.root.parent))


def measure(package: Package, verbs: Iterable[str]) -> list[Figure]:
    """Everything that can be read from the files."""
    return [*sizes(package), *structure(package, verbs), *names(package), *words(package, documents())]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/dev figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", type=int, default=0, metavar="N", help="also show N places of every missed bound")
    limit = parser.parse_args().list
    from deploytool.cli.main import VERBS

    figures = measure(Package(PACKAGE), VERBS) + start_up()
    for figure in figures:
        state = "" if figure.bounds == "" else "ok" if figure.reached else "MISSED"
        print(f"{figure.name:46} {figure.value:>9,g} {figure.unit:6}{figure.bounds:10} {state}".rstrip())
        if not figure.reached:
            print("".join(f"    {example}\n" for example in figure.examples[:limit]), end="")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
