"""The commit to release, read from git."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploytool import git_command
from deploytool.errors import ConfigurationError, PreconditionFailed
from deploytool.output.markup import clean
from deploytool.release.model import Commit

MOST_COMMITS = 50
"""Commits of one release that are looked at."""
LONGEST_SUBJECT = 500
"""Characters. GitHub ends a title at 256; a record of the ledger has an end, too."""
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_HASH = re.compile(r"[0-9a-fA-F]{4,63}")
_FORMAT = "%H%x00%ct%x00%cd%x00%s%x00"
_FIELDS = 4


@dataclass(frozen=True)
class Checkout:
    """The work tree that images are built from."""

    root: Path
    head: str
    changed: tuple[str, ...]
    """Tracked files that differ from ``head``."""


class DirtyTree(PreconditionFailed):
    """The work tree is not the commit: an image built from it would carry a false name."""


def checkout(start: Path) -> Checkout:
    """The checkout that ``start`` is in. Raises ConfigurationError where there is none."""
    root = git_command.path(_git(start, "rev-parse", "--show-toplevel").out)
    return Checkout(root, _named(root, "HEAD"), _changed(root))


def commit(start: Path, revision: str = "HEAD") -> Commit:
    """Sha, subject, date and origin of a revision. Raises ConfigurationError."""
    sha = _named(start, revision)
    found = _described(start, (sha,))
    if not found:
        raise ConfigurationError(f"git cannot read commit {sha} in {start}", "look for damage: git fsck")
    return Commit(sha, found[0].subject, found[0].committed_at, origin_url(start))


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
    ends = _ends(start, base, head)
    if not ends:
        return ()
    listed = _ask(start, "rev-list", f"--max-count={MOST_COMMITS}", f"{ends[0]}..{ends[1]}", "--")
    return () if listed.code else _described(start, listed.text.split())


def added(start: Path, base: str, head: str) -> tuple[str, ...]:
    """Files below ``start`` that ``head`` has and ``base`` lacks; none where either is not in this clone."""
    ends = _ends(start, base, head)
    if not ends:
        return ()
    words = ("-r", "-z", "--name-only", "--relative", "--no-renames", "--no-ext-diff", "--no-textconv")
    listed = _ask(start, "diff-tree", *words, "--diff-filter=A", *ends, "--")
    return () if listed.code else listed.items


def has_workflow(start: Path, name: str) -> bool:
    """The checkout has this file in ``.github/workflows``; False where there is no checkout."""
    found = top(start)
    return found is not None and (found / ".github" / "workflows" / name).is_file()


def top(start: Path) -> Path | None:
    """The top of the checkout that ``start`` is in; None where it is in none."""
    found = _ask(start, "rev-parse", "--show-toplevel")
    return None if found.code else git_command.path(found.out)


def head_and_tags(start: Path) -> tuple[str, frozenset[str]]:
    """The commit that is checked out, and the tags that point to it. Raises ConfigurationError."""
    head = _named(start, "HEAD")
    tags = _git(start, "for-each-ref", f"--points-at={head}", "--format=%(refname)%00", "refs/tags/")
    return head, frozenset(tag.lstrip("\n").removeprefix("refs/tags/") for tag in tags.items)


def default_branch(start: Path) -> str:
    """The branch that ``origin`` calls its default, else ``main`` or ``master``, else the one that is checked out."""
    if named := _symbolic(start, "refs/remotes/origin/HEAD"):
        return named.removeprefix("refs/remotes/origin/")
    for branch in ("main", "master"):
        for place in ("refs/remotes/origin/", "refs/heads/"):
            if not _ask(start, "show-ref", "--verify", "--quiet", place + branch).code:
                return branch
    return _symbolic(start, "HEAD").removeprefix("refs/heads/")


def origin_url(start: Path) -> str:
    """``remote.origin.url`` without credentials; empty where there is none."""
    found = _ask(start, "config", "-z", "--get", "remote.origin.url")
    url = "" if found.code else clean(found.text.rstrip("\0"))
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else url


def one_line(subject: str) -> str:
    """A subject as terminal, comment and ledger get it: one line, nothing that acts instead of being shown."""
    line = clean(subject)
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def _named(start: Path, revision: str) -> str:
    """The hash of the commit that ``revision`` names. Raises ConfigurationError."""
    shown = clean(revision.encode("utf-8", "replace").decode())
    sha = _sha(start, revision)
    if not sha:
        _git(start, "rev-parse", "--git-dir")  # where there is no checkout at all, that is what is wrong
        raise ConfigurationError(
            f'there is no commit "{shown}" in {start}', "name one that is; in a shallow clone, fetch it first"
        )
    if _SHORT_HASH.fullmatch(revision) and not sha.startswith(revision.lower()):
        # git takes the branch or tag. Anyone who may push one could so name another commit than the hash does.
        objects = _ask(start, "rev-parse", f"--disambiguate={revision.lower()}").text.split()
        if any(_sha(start, each) == each for each in objects):
            raise ConfigurationError(
                f'"{shown}" is the name of a branch or tag, and the beginning of another commit\'s hash',
                "name the commit by its whole hash",
            )
    return sha


def _sha(start: Path, revision: str) -> str:
    found = _ask(start, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    sha = found.text.strip()
    return sha if not found.code and _HASH.fullmatch(sha) else ""


def _ends(start: Path, base: str, head: str) -> tuple[str, str] | None:
    if not base or not head:
        return None
    ends = _sha(start, base), _sha(start, head)
    return ends if all(ends) else None


def _described(start: Path, shas: Sequence[str]) -> tuple[Commit, ...]:
    """Subject and date of these commits, in this order: what git writes of any other is not looked at."""
    if not shas:
        return ()
    words = ("--no-walk=unsorted", "--encoding=UTF-8", "--date=raw", f"--format={_FORMAT}", "--stdin")
    parts = _ask(start, "rev-list", *words, given="".join(f"{sha}\n" for sha in shas).encode()).items
    found = {}
    for sha, seconds, written, subject in zip(*(parts[field::_FIELDS] for field in range(_FIELDS)), strict=False):
        # Before each, rev-list writes a line of its own: `commit HASH`.
        name = sha.rpartition("\n")[2]
        found[name] = Commit(name, one_line(subject), git_command.moment(seconds, written))
    return tuple(found[sha] for sha in shas if sha in found)


def _changed(root: Path) -> tuple[str, ...]:
    """Tracked files that differ from HEAD, those of submodules included."""
    # git would look into submodules by itself, and run the filters that their own configuration names.
    words = ("--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty")
    entries = _git(root, "status", *words, environ=git_command.without_filters(root)).items
    changed = [clean(entry[3:]) for entry in entries]
    for entry in _git(root, "ls-files", "--stage", "-z").out.split(b"\0"):
        about, _, name = entry.partition(b"\t")
        if about.startswith(b"160000 "):
            submodule = root / os.fsdecode(name)
            if (submodule / ".git").exists():
                changed += [f"{clean(git_command.decoded(name))}/{each}" for each in _changed(submodule)]
    return tuple(changed)


def _symbolic(start: Path, name: str) -> str:
    found = _ask(start, "symbolic-ref", "--quiet", name)
    return "" if found.code else found.text.rstrip("\n")


def _ask(where: Path, *words: str, given: bytes = b"", environ: Mapping[str, str] | None = None) -> git_command.Answer:
    return git_command.ask(where, *words, given=given, environ=environ or {})


def _git(where: Path, *words: str, environ: Mapping[str, str] | None = None) -> git_command.Answer:
    answer = _ask(where, *words, environ=environ)
    if answer.code:
        cause = clean(answer.cause)
        fix = "run it in a git checkout, and name a commit that is in it"
        if "dubious ownership" in cause or "unsafe repository" in cause:
            # Only a git that is older than 2.38: it takes no `-c safe.directory`.
            fix = f"trust it: git config --global --add safe.directory {git_command.top_of(where)}"
        raise ConfigurationError(f"git {words[0]} failed in {where}: {cause}", fix)
    return answer
