"""The commit to release, read from git."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploytool.core.model import Commit
from deploytool.errors import ConfigurationError, Refused

MOST_COMMITS = 50
"""Commits of one release that are looked at."""


@dataclass(frozen=True)
class Checkout:
    """The work tree that images are built from."""

    root: Path
    head: str
    changed: tuple[str, ...]
    """Tracked files that differ from ``head``."""


class DirtyTree(Refused):
    """The work tree is not the commit: an image built from it would carry a false name."""


def checkout(start: Path) -> Checkout:
    """The checkout that ``start`` is in. Raises ConfigurationError where there is none."""
    root = Path(_git(start, "rev-parse", "--show-toplevel"))
    changed = _git(root, "status", "--porcelain", "--untracked-files=no").splitlines()
    return Checkout(root, _git(root, "rev-parse", "HEAD"), tuple(line[3:] for line in changed))


def commit(start: Path, revision: str = "HEAD") -> Commit:
    """Sha, subject, date and origin of a revision."""
    found = _run(start, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        _git(start, "rev-parse", "--git-dir")  # where there is no checkout at all, that is what is wrong
        raise ConfigurationError(
            f'there is no commit "{revision}" in {start}', "name one that is; in a shallow clone, fetch it first"
        )
    sha, when, subject = _git(start, "show", "-s", "--format=%H%n%cI%n%s", found.stdout.strip()).split("\n", 2)
    return Commit(sha, subject, datetime.fromisoformat(when), origin_url(start))


def require_clean(tree: Checkout, wanted: Commit) -> None:
    """An image of ``wanted`` may be built from this tree. Raises DirtyTree."""
    if tree.head != wanted.sha:
        raise DirtyTree(
            f"commit {wanted.short} has no image yet, and the work tree is at {tree.head[:7]}",
            f"check it out first: git checkout {wanted.short}",
        )
    if tree.changed:
        some = ", ".join(tree.changed[:5]) + (", …" if len(tree.changed) > 5 else "")
        raise DirtyTree(
            f"the work tree differs from commit {tree.head[:7]} ({some}): an image of it would carry a false name",
            "commit or stash the changes, then release again",
        )


def between(start: Path, base: str, head: str) -> tuple[Commit, ...]:
    """Commits of ``head`` that ``base`` lacks, newest first; none where either is not in this (shallow) clone."""
    listed = _run(start, "log", f"--max-count={MOST_COMMITS}", "--format=%H %s", "--end-of-options", f"{base}..{head}")
    lines = listed.stdout.splitlines() if base and not listed.returncode else []
    return tuple(Commit(sha, subject) for sha, _, subject in (line.partition(" ") for line in lines))


def added(start: Path, base: str, head: str) -> tuple[str, ...]:
    """Files below ``start`` that ``head`` has and ``base`` lacks; none where either is not in this clone."""
    words = ("--name-only", "-z", "--relative", "--no-renames", "--diff-filter=A", "--end-of-options")
    listed = _run(start, "diff", *words, f"{base}..{head}")
    return tuple(filter(None, listed.stdout.split("\0"))) if base and not listed.returncode else ()


def has_workflow(start: Path, name: str) -> bool:
    """The checkout has this file in ``.github/workflows``; False where there is no checkout."""
    top = _run(start, "rev-parse", "--show-toplevel")
    return not top.returncode and (Path(top.stdout.rstrip("\n")) / ".github" / "workflows" / name).is_file()


def top(start: Path) -> Path | None:
    """The top of the checkout that ``start`` is in; None where it is in none."""
    found = _run(start, "rev-parse", "--show-toplevel")
    return None if found.returncode else Path(found.stdout.rstrip("\n"))


def head_and_tags(start: Path) -> tuple[str, frozenset[str]]:
    """The commit that is checked out, and the tags that point to it. Raises ConfigurationError."""
    head = _git(start, "rev-parse", "HEAD")
    return head, frozenset(_git(start, "tag", "--points-at", head).split())


def default_branch(start: Path) -> str:
    """The branch that ``origin`` calls its default, else ``main`` or ``master``, else the one that is checked out."""
    named = _run(start, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").stdout.strip()
    if named:
        return named.removeprefix("origin/")
    for branch in ("main", "master"):
        for place in ("refs/remotes/origin/", "refs/heads/"):
            if not _run(start, "show-ref", "--verify", "--quiet", place + branch).returncode:
                return branch
    return _run(start, "branch", "--show-current").stdout.strip()


def origin_url(start: Path) -> str:
    """``remote.origin.url`` without credentials; empty where there is none."""
    try:
        url = _git(start, "config", "--get", "remote.origin.url")
    except ConfigurationError:
        return ""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else url


def _run(where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        # Looking writes nothing: `git status` would else refresh the index.
        return subprocess.run(
            ["git", "--no-optional-locks", "-C", str(where), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ConfigurationError("git is not installed", "install git") from error


def _git(where: Path, *arguments: str) -> str:
    done = _run(where, *arguments)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["git failed"])[-1].removeprefix("fatal: ")
        raise ConfigurationError(
            f"git {arguments[0]} failed in {where}: {said}", "run it in a git checkout, and name a commit that is in it"
        )
    # Only the line end: the first line of `status --porcelain` begins with a blank that counts.
    return done.stdout.rstrip("\n")
