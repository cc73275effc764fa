"""The files of `deploytool init`: their texts, the comparison with existing ones, and writing all or none."""

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
from deploytool.scaffold.contents import DOCKERFILE
from deploytool.scaffold.dockerfile import STATIC_SERVER, SUPPORT, dockerfile
from deploytool.scaffold.model import Draft, NewFile, ProjectScan
from deploytool.scaffold.new_infrastructure import configuration
from deploytool.scaffold.node import NodeApp
from deploytool.scaffold.workflows import FOREIGN, WORKFLOWS, Action, WorkflowContext, workflow


class WriteFailed(PreconditionFailed):
    """A file cannot be read or written; none was written."""


def read_existing(places: Iterable[Path]) -> Mapping[Path, str]:
    """The text of those that exist. Raises WriteFailed where one of them is no readable file."""
    texts = {}
    for place in places:
        if os.path.lexists(place):
            try:
                texts[place] = place.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                fix = "move it away or make it readable, then run init again"
                raise WriteFailed(f"{place} cannot be read: {error.strerror}", fix) from error
    return texts


def write_all(texts: Mapping[Path, str]) -> None:
    """Write each file next to its place first; they are moved there once all are written.

    Raises:
        WriteFailed: one could not be written, or was created meanwhile. Then none is left.
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
                f"{place} cannot be written: {error.strerror}; nothing was written", "correct that, then run init again"
            ) from error
        undo.pop_all()


def _make_directories(directory: Path, undo: ExitStack) -> None:
    for missing in reversed([path for path in (directory, *directory.parents) if not path.exists()]):
        missing.mkdir()
        undo.callback(missing.rmdir)


def _stage(place: Path, text: str, beside: ExitStack) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    staged = Path(name)
    beside.callback(staged.unlink, missing_ok=True)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    # mkstemp restricts files to their owner; these get the usual permissions.
    umask = os.umask(0)
    os.umask(umask)
    staged.chmod(0o666 & ~umask)
    return staged


def _move(staged: Path, place: Path) -> None:
    """A hard link fails where the name is taken; a rename would overwrite a file that was created meanwhile."""
    try:
        os.link(staged, place)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if os.path.lexists(place):
            raise
        staged.rename(place)


class FileAction(StrEnum):
    """What happens to one file."""

    WRITTEN = "written"
    NEW = "new"
    """It does not exist, and a preview does not write it."""
    SAME = "same"
    """It exists, with the text that would be written."""
    KEPT = "kept"
    """It exists, with another text."""


@dataclass(frozen=True)
class FileResult:
    """``difference`` is a unified diff from the existing file to what init writes."""

    file: NewFile
    action: FileAction
    difference: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines are only in the kept file, and only in the one that would have been written."""
        body = self.difference[2:]
        return sum(line.startswith("-") for line in body), sum(line.startswith("+") for line in body)


def compare_files(
    files: Sequence[NewFile], existing: Mapping[NewFile, str], *, preview: bool = False
) -> tuple[FileResult, ...]:
    """``existing`` has the text of files that exist. A ``preview`` shows a new file as a difference."""
    return tuple(_compare_file(file, existing.get(file), preview=preview) for file in files)


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


PACKAGE_JSON = "package.json"
SUPPORT_FILES = ("entry.sh", "urls.mjs")
TEMPLATES = (*SUPPORT_FILES, STATIC_SERVER, "health.app.js", "health.pages.js", "health.pages.ts")
"""Files of the package."""
Templates = Mapping[str, str]
"""Text by name, of `TEMPLATES` and the workflows."""
_IGNORED = """\
.git
.github
**/node_modules
**/.next
**/.turbo
**/coverage
**/*.log
# Secrets, and values for one machine.
**/.env
**/.env*.local
"""


def scaffold_files(
    draft: Draft,
    scan: ProjectScan,
    app: NodeApp | None,
    context: WorkflowContext,
    templates: Templates,
    foreign: frozenset[str] = frozenset(),
) -> tuple[NewFile, ...]:
    """All files in reading order, existing ones included. ``foreign``: names of workflows that are not ours."""
    config = NewFile(context.config.rpartition("/")[2], configuration(draft))
    workflows = (
        NewFile(
            f".github/workflows/{FOREIGN if name in foreign else ''}{name}",
            workflow(name, templates[name], context),
            at_top=True,
        )
        for name in WORKFLOWS
    )
    image = _image_files(draft, scan, app, templates) if app else ()
    return (config, *workflows, *image)


def _image_files(draft: Draft, scan: ProjectScan, app: NodeApp, templates: Templates) -> Iterator[NewFile]:
    text = dockerfile(app, scan)
    # A Dockerfile of another name is the project's own as well; from existing services, nothing says which it is.
    if draft.dockerfile in ("", DOCKERFILE):
        yield NewFile(DOCKERFILE, text)
        # Docker reads the one beside the Dockerfile first, and the context is elsewhere.
        yield NewFile(f"{DOCKERFILE}.dockerignore" if app.workspace else ".dockerignore", _dockerignore(app, scan))
    for name in SUPPORT_FILES:
        yield NewFile(f"{SUPPORT}/{name}", templates[name])
    if app.is_static and not draft.dockerfile:
        yield NewFile(f"{SUPPORT}/{STATIC_SERVER}", templates[STATIC_SERVER])
    if not app.health.exists and not app.is_static and (draft.writes_route or not draft.dockerfile):
        in_pages = "/pages/" in f"/{app.health.file}"
        ending = app.health.file.rpartition(".")[2]
        yield NewFile(app.health.file, templates[f"health.pages.{ending}" if in_pages else "health.app.js"])


def _dockerignore(app: NodeApp, scan: ProjectScan) -> str:
    built = app.worker.directory if app.worker and not app.worker.is_source and app.worker.directory else ""
    # Part of the repository, and so no secret.
    ignored = _IGNORED.replace("**/.env\n", "") if ".env" in scan.paths else _IGNORED
    return ignored + (f"{app.member}/{built}\n".lstrip("/") if built else "")


PACKAGE_ROOT = Path(__file__).parent.parent
ACTION = "archdeck/archdeck-deploy"
NEWEST = "v1"
"""The tag that a release of this project moves."""
SHIPPED = PACKAGE_ROOT / "_workflows"
"""Where the wheel puts `.github/workflows` (pyproject.toml, force-include)."""
BUILT_FROM = PACKAGE_ROOT / "_built_from.json"
"""Written by hatch_build.py: the commit that the wheel was built from."""


def scaffold_templates() -> Templates:
    workflows = SHIPPED if SHIPPED.is_dir() else PACKAGE_ROOT.parent / ".github" / "workflows"
    places = dict.fromkeys(TEMPLATES, PACKAGE_ROOT / "_init") | dict.fromkeys(WORKFLOWS, workflows)
    return {name: (place / name).read_text(encoding="utf-8") for name, place in places.items()}


def action_reference() -> Action:
    """The action of this version: at the commit that it was built from, else the newest release."""
    if BUILT_FROM.is_file():
        built_from = json.loads(BUILT_FROM.read_text(encoding="utf-8"))
        return _pinned(built_from["commit"], released=built_from["released"])
    if (PACKAGE_ROOT.parent / ".git").exists():
        head, tags = git.head_and_tags(PACKAGE_ROOT.parent)
        return _pinned(head, released=f"v{__version__}" in tags)
    return Action(f"{ACTION}@{NEWEST}")


def _pinned(commit: str, *, released: bool) -> Action:
    return Action(f"{ACTION}@{commit}", f"v{__version__}" if released else f"v{__version__}-dev")
