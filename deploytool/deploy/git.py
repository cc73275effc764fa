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
"""Commits of one release that are read."""
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
    """The work tree is not the commit: an image built from it would have the wrong tag."""


def checkout(start: Path) -> Checkout:
    """The checkout that ``start`` is in. Raises ConfigurationError where there is none."""
    root = git_command.path(_git(start, "rev-parse", "--show-toplevel").out)
    return Checkout(root, _named(root, "HEAD"), _changed(root))


def commit(start: Path, revision: str = "HEAD") -> Commit:
    """Sha, subject, date and origin of a revision. Raises ConfigurationError."""
    sha = _named(start, revision)
    commits = _described(start, (sha,))
    if not commits:
        raise ConfigurationError(f"git cannot read commit {sha} in {start}", "check the repository: git fsck")
    return Commit(sha, commits[0].subject, commits[0].committed_at, origin_url(start))


def require_clean(tree: Checkout, commit: Commit) -> None:
    """An image of ``commit`` may be built from this tree. Raises DirtyTree."""
    if tree.head != commit.sha:
        raise DirtyTree(
            f"commit {commit.short} has no image yet, and the work tree is at {tree.head[:7]}",
            f"check it out first: git checkout {commit.short}",
        )
    if tree.changed:
        some = ", ".join(tree.changed[:5]) + (", …" if len(tree.changed) > 5 else "")
        raise DirtyTree(
            f"the work tree differs from commit {tree.head[:7]} ({some}): its image would have the wrong tag",
            "commit or stash the changes, then release again",
        )


def between(start: Path, base: str, head: str) -> tuple[Commit, ...]:
    """Commits of ``head`` that ``base`` lacks, newest first; none where either is not in this clone, or no git is."""
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
    root = top(start)
    return root is not None and (root / ".github" / "workflows" / name).is_file()


def top(start: Path) -> Path | None:
    """The top of the checkout that ``start`` is in; None where it is in none, or there is no git."""
    try:
        answer = _ask(start, "rev-parse", "--show-toplevel")
    except git_command.GitMissing:
        return None
    return None if answer.code else git_command.path(answer.out)


def files(start: Path) -> tuple[str, ...] | None:
    """Files below ``start`` that are tracked or could be, without deleted ones. None where there is no checkout."""
    listed = _ask(start, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.code:
        return None
    deleted = frozenset(_ask(start, "ls-files", "-z", "--deleted").items)
    # A repository inside, which is none of this one's, ends with a slash.
    return tuple(dict.fromkeys(name for name in listed.items if name not in deleted and not name.endswith("/")))


def head_and_tags(start: Path) -> tuple[str, frozenset[str]]:
    """The commit that is checked out, and the tags that point to it. Raises ConfigurationError."""
    head = _named(start, "HEAD")
    tags = _git(start, "for-each-ref", f"--points-at={head}", "--format=%(refname)%00", "refs/tags/")
    return head, frozenset(tag.lstrip("\n").removeprefix("refs/tags/") for tag in tags.items)


def tag_of(start: Path, sha: str, revision: str = "") -> str:
    """The tag that names a commit: ``revision`` itself if it is one, else the highest version; empty without one."""
    words = ("for-each-ref", f"--points-at={sha}", "--sort=-version:refname", "--format=%(refname)%00", "refs/tags/")
    listed = _ask(start, *words)
    tags = [] if listed.code else [tag.lstrip("\n").removeprefix("refs/tags/") for tag in listed.items if tag.strip()]
    return revision if revision in tags else next(iter(tags), "")


def default_branch(start: Path) -> str:
    """The default branch of ``origin``, else ``main`` or ``master``, else the one that is checked out."""
    if name := _symbolic(start, "refs/remotes/origin/HEAD"):
        return name.removeprefix("refs/remotes/origin/")
    for branch in ("main", "master"):
        for prefix in ("refs/remotes/origin/", "refs/heads/"):
            if not _ask(start, "show-ref", "--verify", "--quiet", prefix + branch).code:
                return branch
    return _symbolic(start, "HEAD").removeprefix("refs/heads/")


def origin_url(start: Path) -> str:
    """``remote.origin.url`` without credentials; empty where there is none."""
    answer = _ask(start, "config", "-z", "--get", "remote.origin.url")
    url = "" if answer.code else clean(answer.text.rstrip("\0"))
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else url


def one_line(subject: str) -> str:
    """A subject for terminal, comment and ledger: one line, without control characters."""
    line = clean(subject)
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def _named(start: Path, revision: str) -> str:
    """The hash of the commit that ``revision`` names. Raises ConfigurationError."""
    shown = clean(revision.encode("utf-8", "replace").decode())
    sha = _sha(start, revision)
    if not sha:
        _git(start, "rev-parse", "--git-dir")  # raises where there is no checkout at all
        raise ConfigurationError(
            f'there is no commit "{shown}" in {start}',
            "use an existing commit (shallow clone? git fetch --unshallow)",
        )
    if _SHORT_HASH.fullmatch(revision) and not sha.startswith(revision.lower()):
        # git takes the branch or tag. Anyone who may push one could name another commit than the hash does.
        objects = _ask(start, "rev-parse", f"--disambiguate={revision.lower()}").text.split()
        if any(_sha(start, name) == name for name in objects):
            raise ConfigurationError(
                f'"{shown}" is the name of a branch or tag, and the beginning of another commit\'s hash',
                "use the full hash of the commit",
            )
    return sha


def _sha(start: Path, revision: str) -> str:
    answer = _ask(start, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    sha = answer.text.strip()
    return sha if not answer.code and _HASH.fullmatch(sha) else ""


def _ends(start: Path, base: str, head: str) -> tuple[str, str] | None:
    if not base or not head:
        return None
    try:
        ends = _sha(start, base), _sha(start, head)
    except git_command.GitMissing:
        return None
    return ends if all(ends) else None


def _described(start: Path, shas: Sequence[str]) -> tuple[Commit, ...]:
    """Subject and date of these commits, in this order; what git prints of any other is ignored."""
    if not shas:
        return ()
    words = ("--no-walk=unsorted", "--encoding=UTF-8", "--date=raw", f"--format={_FORMAT}", "--stdin")
    parts = _ask(start, "rev-list", *words, given="".join(f"{sha}\n" for sha in shas).encode()).items
    commits = {}
    for sha, seconds, written, subject in zip(*(parts[field::_FIELDS] for field in range(_FIELDS)), strict=False):
        # rev-list prints a line before each: `commit HASH`.
        name = sha.rpartition("\n")[2]
        commits[name] = Commit(name, one_line(subject), git_command.moment(seconds, written))
    return tuple(commits[sha] for sha in shas if sha in commits)


def _changed(root: Path) -> tuple[str, ...]:
    """Tracked files that differ from HEAD, those of submodules included."""
    # By itself git would read submodules, and run the filters that their own configuration names.
    words = ("--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty")
    entries = _git(root, "status", *words, environ=git_command.without_filters(root)).items
    changed = [clean(entry[3:]) for entry in entries]
    for entry in _git(root, "ls-files", "--stage", "-z").out.split(b"\0"):
        about, _, name = entry.partition(b"\t")
        if about.startswith(b"160000 "):
            submodule = root / os.fsdecode(name)
            if (submodule / ".git").exists():
                changed += [f"{clean(git_command.decoded(name))}/{path}" for path in _changed(submodule)]
    return tuple(changed)


def _symbolic(start: Path, name: str) -> str:
    answer = _ask(start, "symbolic-ref", "--quiet", name)
    return "" if answer.code else answer.text.rstrip("\n")


def _ask(
    where: Path, *words: str, given: bytes = b"", environ: Mapping[str, str] | None = None
) -> git_command.GitResult:
    return git_command.run_git(where, *words, given=given, environ=environ or {})


def _git(where: Path, *words: str, environ: Mapping[str, str] | None = None) -> git_command.GitResult:
    answer = _ask(where, *words, environ=environ)
    if answer.code:
        cause = clean(answer.cause)
        fix = "run it in a git checkout, with one of its commits"
        if "dubious ownership" in cause or "unsafe repository" in cause:
            # Only a git that is older than 2.38: it takes no `-c safe.directory`.
            fix = f"trust it: git config --global --add safe.directory {git_command.checkout_root(where)}"
        raise ConfigurationError(f"git {words[0]} failed in {where}: {cause}", fix)
    return answer
