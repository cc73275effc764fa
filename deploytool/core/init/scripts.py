"""Scripts of package.json as commands that a container starts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from deploytool.core.init.model import Command

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
