"""Files that come with deploytool: in the installed package, or at their place in its checkout."""

from __future__ import annotations

import json
from pathlib import Path

from deploytool import __version__
from deploytool.cli import git
from deploytool.core.init.files import TEMPLATES, Templates
from deploytool.core.init.workflows import WORKFLOWS, Action

PACKAGE = Path(__file__).parent.parent
ACTION = "archdeck/archdeck-deploy"
NEWEST = "v1"
"""The tag that a release of this project moves."""
SHIPPED = PACKAGE / "_workflows"
"""Where the wheel puts `.github/workflows` (pyproject.toml, force-include)."""
BUILT_FROM = PACKAGE / "_built_from.json"
"""Written by hatch_build.py: the commit that the wheel was built from."""


def templates() -> Templates:
    """Their texts by name."""
    workflows = SHIPPED if SHIPPED.is_dir() else PACKAGE.parent / ".github" / "workflows"
    places = dict.fromkeys(TEMPLATES, PACKAGE / "_init") | dict.fromkeys(WORKFLOWS, workflows)
    return {name: (place / name).read_text(encoding="utf-8") for name, place in places.items()}


def own_action() -> Action:
    """This program's own action: at the commit it was built from, else the newest release."""
    if BUILT_FROM.is_file():
        told = json.loads(BUILT_FROM.read_text(encoding="utf-8"))
        return _pinned(told["commit"], released=told["released"])
    if (PACKAGE.parent / ".git").exists():
        head, tags = git.head_and_tags(PACKAGE.parent)
        return _pinned(head, released=f"v{__version__}" in tags)
    return Action(f"{ACTION}@{NEWEST}")


def _pinned(commit: str, *, released: bool) -> Action:
    return Action(f"{ACTION}@{commit}", f"v{__version__}" if released else f"v{__version__}-dev")
