"""Writes files that are not there yet: all of them, or none."""

from __future__ import annotations

import difflib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deploytool import __version__
from deploytool.deploy import git
from deploytool.errors import PreconditionFailed
from deploytool.scaffold.dockerfile import SUPPORT, dockerfile
from deploytool.scaffold.model import Draft, NewFile, ProjectScan
from deploytool.scaffold.new_infrastructure import DOCKERFILE, configuration
from deploytool.scaffold.node import NEXT_CONFIGURATIONS, NodeApp, candidates
from deploytool.scaffold.workflows import WORKFLOWS, Action, WorkflowContext, workflow

# SEG cli.init_write
# Writes files that are not there yet: all of them, or none.


class WriteFailed(PreconditionFailed):
    """A file cannot be read or written; none was written."""


def read_existing(places: Iterable[Path]) -> Mapping[Path, str]:
    """The text of those that exist. Raises WriteFailed where one of them is no file, or may not be read."""
    found = {}
    for place in places:
        if os.path.lexists(place):
            try:
                found[place] = place.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                fix = "move it away, or make it readable, then run this again"
                raise WriteFailed(f"{place} is in the way: {error.strerror}", fix) from error
    return found


def write_all(texts: Mapping[Path, str]) -> None:
    """Write each file beside its place first; they are moved there once all are written.

    Raises:
        WriteFailed: one of them could not be written, or appeared meanwhile. None of the others is left then.
    """
    place = Path()
    with ExitStack() as undo, ExitStack() as beside:
        try:
            staged = {}
            for place, text in texts.items():
                _make_directories(place.parent, undo)
                staged[place] = _stage(place, text, beside)
            for place, written in staged.items():
                _move(written, place)
                undo.callback(place.unlink)
        except OSError as error:
            raise WriteFailed(
                f"{place} cannot be written: {error.strerror}; nothing was written", "correct that, then run this again"
            ) from error
        undo.pop_all()


def _make_directories(directory: Path, undo: ExitStack) -> None:
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        undo.callback(each.rmdir)


def _stage(place: Path, text: str, beside: ExitStack) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    staged = Path(name)
    beside.callback(staged.unlink, missing_ok=True)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    # mkstemp makes files for its owner alone; these are as any editor would make them.
    umask = os.umask(0)
    os.umask(umask)
    staged.chmod(0o666 & ~umask)
    return staged


def _move(staged: Path, place: Path) -> None:
    """A hard link fails where the name is taken, so that what appeared meanwhile is not overwritten; a rename would."""
    try:
        os.link(staged, place)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if os.path.lexists(place):
            raise
        staged.rename(place)


# SEG core.init.fate
# What becomes of each file: written (by a preview only shown) where there is none, else kept.


class FileAction(StrEnum):
    """Of one file."""

    WRITTEN = "written"
    NEW = "new"
    """It does not exist yet, and a preview does not write it."""
    SAME = "same"
    """It is there, and says what would be written."""
    KEPT = "kept"
    """It is there, and says something else."""


@dataclass(frozen=True)
class FileResult:
    """A file and its fate. ``difference`` is a unified diff from what exists to what init writes."""

    file: NewFile
    action: FileAction
    difference: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines are only in the kept file, and only in the one that would have been written."""
        body = self.difference[2:]
        return sum(line.startswith("-") for line in body), sum(line.startswith("+") for line in body)


def compare_files(
    files: Sequence[NewFile], there: Mapping[NewFile, str], *, preview: bool = False
) -> tuple[FileResult, ...]:
    """The fate of each; ``there`` has the text of those that exist. A ``preview`` shows what is new as a difference."""
    return tuple(_compare_file(file, there.get(file), preview=preview) for file in files)


def _compare_file(file: NewFile, text: str | None, *, preview: bool) -> FileResult:
    if text is None:
        return (
            FileResult(file, FileAction.NEW, _difference("", file, "/dev/null"))
            if preview
            else FileResult(file, FileAction.WRITTEN)
        )
    if text == file.text:
        return FileResult(file, FileAction.SAME)
    return FileResult(file, FileAction.KEPT, _difference(text, file, file.path))


def _difference(text: str, file: NewFile, name: str) -> tuple[str, ...]:
    names = (name, f"{file.path} of deploytool init")
    return tuple(difflib.unified_diff(text.splitlines(), file.text.splitlines(), *names, lineterm="", n=1))


# SEG core.init.files
# Every file that `deploytool init` writes, with its text.

PACKAGE_JSON = "package.json"
SUPPORT_FILES = ("entry.sh", "urls.mjs")
TEMPLATES = (*SUPPORT_FILES, "health.app.js", "health.pages.js", "health.pages.ts")
"""Files that come with deploytool."""
Templates = Mapping[str, str]
"""Text by name, of `TEMPLATES` and of the workflows."""
_IGNORED = """\
.git
.github
node_modules
.next
coverage
*.log
# Secrets, and values for one machine.
.env
.env*.local
"""


def deciding_files() -> frozenset[str]:
    """Files whose text says something that `init` would otherwise have to ask."""
    return frozenset(
        {PACKAGE_JSON, "pnpm-lock.yaml", ".nvmrc", ".node-version", DOCKERFILE, *NEXT_CONFIGURATIONS, *candidates()}
    )


def scaffold_files(
    draft: Draft, around: ProjectScan, app: NodeApp | None, told: WorkflowContext, templates: Templates
) -> tuple[NewFile, ...]:
    """All of them, in the order in which people read them. Those that are there already are among them."""
    found = [NewFile(told.config.rpartition("/")[2], configuration(draft))]
    found += [
        NewFile(f".github/workflows/{name}", workflow(name, templates[name], told), at_top=True) for name in WORKFLOWS
    ]
    return (*found, *(_of_image(around, app, templates) if app else ()))


def _of_image(around: ProjectScan, app: NodeApp, templates: Templates) -> Iterator[NewFile]:
    written = dockerfile(app, around)
    yield NewFile(DOCKERFILE, written)
    yield NewFile(".dockerignore", _dockerignore(app))
    # A Dockerfile of the project's own starts in its own way.
    if around.texts.get(DOCKERFILE, written) == written:
        for name in SUPPORT_FILES:
            yield NewFile(f"{SUPPORT}/{name}", templates[name])
    if not app.health.is_there:
        in_pages = "/pages/" in f"/{app.health.file}"
        ending = app.health.file.rpartition(".")[2]
        yield NewFile(app.health.file, templates[f"health.pages.{ending}" if in_pages else "health.app.js"])


def _dockerignore(app: NodeApp) -> str:
    built = app.worker.directory if app.worker and not app.worker.is_source else ""
    return _IGNORED + (f"{built}\n" if built else "")


# SEG cli.own_files
# Files that come with deploytool: in the installed package, or at their place in its checkout.

PACKAGE_ROOT = Path(__file__).parent.parent
ACTION = "archdeck/archdeck-deploy"
NEWEST = "v1"
"""The tag that a release of this project moves."""
SHIPPED = PACKAGE_ROOT / "_workflows"
"""Where the wheel puts `.github/workflows` (pyproject.toml, force-include)."""
BUILT_FROM = PACKAGE_ROOT / "_built_from.json"
"""Written by hatch_build.py: the commit that the wheel was built from."""


def scaffold_templates() -> Templates:
    """Their texts by name."""
    workflows = SHIPPED if SHIPPED.is_dir() else PACKAGE_ROOT.parent / ".github" / "workflows"
    places = dict.fromkeys(TEMPLATES, PACKAGE_ROOT / "_init") | dict.fromkeys(WORKFLOWS, workflows)
    return {name: (place / name).read_text(encoding="utf-8") for name, place in places.items()}


def action_reference() -> Action:
    """This program's own action: at the commit it was built from, else the newest release."""
    if BUILT_FROM.is_file():
        told = json.loads(BUILT_FROM.read_text(encoding="utf-8"))
        return _pinned(told["commit"], released=told["released"])
    if (PACKAGE_ROOT.parent / ".git").exists():
        head, tags = git.head_and_tags(PACKAGE_ROOT.parent)
        return _pinned(head, released=f"v{__version__}" in tags)
    return Action(f"{ACTION}@{NEWEST}")


def _pinned(commit: str, *, released: bool) -> Action:
    return Action(f"{ACTION}@{commit}", f"v{__version__}" if released else f"v{__version__}-dev")
