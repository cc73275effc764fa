"""What the directory and its git checkout say, for `deploytool init`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploytool.cli import git
from deploytool.core.init.files import PACKAGE, deciding_files
from deploytool.core.init.model import Surroundings
from deploytool.core.init.names import repository_of
from deploytool.errors import ConfigurationError

NOT_OURS = frozenset({".git", "node_modules", ".next", ".venv", "__pycache__", ".deploytool", "dist", "coverage"})
"""Directories of what is installed or built: their files say nothing about the project."""
MOST_FILES = 20_000
MOST_BYTES = 1_000_000


class PackageUnreadable(ConfigurationError):
    """package.json is not JSON, or holds something else than an object."""


def surroundings(directory: Path) -> Surroundings:
    """Look at the directory; nothing is changed. Raises ConfigurationError where it is none or cannot be read."""
    if not directory.is_dir():
        raise ConfigurationError(f"there is no directory {directory}", "make it, or run this elsewhere")
    paths = frozenset(_files(directory))
    texts = {path: text for path in sorted(paths & deciding_files()) if (text := _text(directory / path)) is not None}
    top = git.top(directory)
    return Surroundings(
        directory=directory.name,
        paths=paths,
        texts=texts,
        within=directory.relative_to(top).as_posix().removeprefix(".") if top else "",
        workspace=_workspace(directory, top) if top else "",
        is_checkout=top is not None,
        repository=repository_of(git.origin_url(directory)) if top else "",
        branch=(git.default_branch(directory) if top else "") or "main",
    )


def package(around: Surroundings) -> Mapping[str, Any] | None:
    """What package.json says; None where there is none. Raises PackageUnreadable."""
    text = around.texts.get(PACKAGE)
    if text is None:
        return None
    try:
        read = json.loads(text)
    except ValueError as error:
        raise PackageUnreadable(f"{PACKAGE} is not JSON: {error}", "correct it, then run this again") from error
    if not isinstance(read, dict):
        raise PackageUnreadable(f"{PACKAGE} holds no JSON object", "correct it, then run this again")
    return read


def _workspace(directory: Path, top: Path) -> str:
    above = (folder for folder in directory.parents if folder.is_relative_to(top))
    return next((os.path.relpath(folder, directory) for folder in above if _is_workspace(folder)), "")


def _is_workspace(folder: Path) -> bool:
    if (folder / "pnpm-workspace.yaml").exists():
        return True
    try:
        told = json.loads((folder / PACKAGE).read_text())
    except (OSError, ValueError):
        # It is not the package that is looked at: what is wrong with it is not told here.
        return False
    return isinstance(told, dict) and "workspaces" in told


def _files(directory: Path) -> Iterator[str]:
    left = MOST_FILES
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(set(folders) - NOT_OURS)
        for name in names:
            yield (Path(folder) / name).relative_to(directory).as_posix()
        left -= len(names)
        if left < 0:
            return


def _text(path: Path) -> str | None:
    """Its text; None where it is no text, or larger than any such file is."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode()
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", "make it readable") from error
