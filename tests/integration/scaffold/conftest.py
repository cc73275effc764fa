"""Projects on disk, and the installed command run in them by nobody in particular: no credentials, no home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.github_runner.node import NODE
from tests.support.json_documents import valid_document

DEPLOYTOOL = Path(sys.executable).with_name("deploytool")
GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": "/tmp"}


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it said in JSON."""
        return valid_document(self.out)

    @property
    def fates(self) -> dict[str, str]:
        """Path to fate of every file, of its JSON."""
        return {each["path"]: each["status"] for each in self.document["files"]}


@dataclass(frozen=True)
class Project:
    """A directory, and what the environment of its commands holds."""

    root: Path
    environ: dict[str, str]

    def write(self, path: str, text: str = "") -> Path:
        """Write a file; its place."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def git(self, *words: str) -> None:
        """Run git, as nobody."""
        subprocess.run(["git", *words], cwd=self.root, env={**os.environ, **GIT}, check=True, capture_output=True)

    def run(self, *words: str, within: str = ".") -> Ran:
        """Run ``deploytool WORDS``; nobody is at the terminal."""
        done = subprocess.run(
            [DEPLOYTOOL, *words], cwd=self.root / within, env=self.environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def init(self, *words: str, within: str = ".") -> Ran:
        """``deploytool init --output json`` in us-east-1, which must end well."""
        ran = self.run("init", "--region", "us-east-1", "--output", "json", *words, within=within)
        assert ran.code == 0, ran.err
        return ran

    def files(self) -> dict[str, str]:
        """Text of every file, git's own left out."""
        return {
            str(path.relative_to(self.root)): path.read_text()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(self.root).parts
        }


def _environ(home: Path) -> dict[str, str]:
    return {
        "PATH": f"{NODE.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_EC2_METADATA_DISABLED": "true",
        **GIT,
    }


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    """A directory with nothing in it."""
    root = tmp_path / "shop"
    root.mkdir()
    return Project(root, _environ(tmp_path))


@pytest.fixture
def shop(empty: Project) -> Project:
    """A small Next.js project, cloned from GitHub."""
    package = {
        "name": "@acme/shop",
        "scripts": {"build": "next build", "worker": "node dist/worker/index.js", "migrate": "node migrate.mjs"},
        "dependencies": {"next": "16.0.0", "react": "19.2.0"},
    }
    empty.write("package.json", json.dumps(package))
    empty.write("package-lock.json", "{}")
    empty.write("next.config.mjs", 'export default { output: "standalone" };\n')
    empty.write("app/page.jsx", "export default () => <h1>Shop</h1>;\n")
    empty.git("init", "-q", "-b", "main")
    empty.git("remote", "add", "origin", "git@github.com:acme/shop.git")
    return empty


Look = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tool() -> Look:
    """Runs a command of the development environment in a directory."""

    def run(directory: Path, name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name(name), *words]
        return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)

    return run
