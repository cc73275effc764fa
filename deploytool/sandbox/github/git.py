"""Commits as the checkout has them, asked of git itself."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: str
    committer_name: str
    committer_email: str
    committed_at: str
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True)
class Checkout:
    """A git working directory. What git does not know is None or empty; the routes make a 404 or 422 of it."""

    directory: Path

    def _git(self, *words: str) -> str | None:
        done = subprocess.run(
            ["git", "-C", str(self.directory), *words], capture_output=True, encoding="utf-8", errors="replace"
        )
        return done.stdout if done.returncode == 0 else None

    def sha(self, ref: str) -> str | None:
        """The commit that a branch, tag or (shortened) sha names."""
        if not ref or ref.startswith("-"):
            return None
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return found.strip() if found else None

    def commit(self, ref: str) -> Commit | None:
        sha = self.sha(ref)
        shown = self._git("log", "-1", f"--format={_FORMAT}", sha) if sha else None
        if not shown:
            return None
        sha, tree, parents, a_name, a_email, a_at, c_name, c_email, c_at, message = shown.rstrip("\n").split("\0")
        return Commit(sha, tree, tuple(parents.split()), a_name, a_email, a_at, c_name, c_email, c_at, message)

    def between(self, base: str, head: str) -> tuple[str, ...]:
        """Commits in head and not in base, oldest first."""
        if not self.sha(base) or not self.sha(head):
            return ()
        listed = self._git("rev-list", "--reverse", "--max-count=250", f"{self.sha(base)}..{self.sha(head)}")
        return tuple((listed or "").split())

    def behind(self, base: str, head: str) -> bool:
        """Whether base has commits that head lacks."""
        return bool(self.between(head, base))

    def is_branch(self, name: str) -> bool:
        return self._git("show-ref", "--verify", "--quiet", f"refs/heads/{name}") is not None

    def has_file(self, ref: str, path: str) -> bool:
        sha = self.sha(ref)
        return sha is not None and self._git("cat-file", "-e", f"{sha}:{path}") is not None

    def file(self, ref: str, path: str) -> bytes | None:
        """What is in a file; None for a directory too."""
        sha = self.sha(ref)
        if sha is None or self._git("cat-file", "-t", f"{sha}:{path}") != "blob\n":
            return None
        shown = subprocess.run(
            ["git", "-C", str(self.directory), "cat-file", "blob", f"{sha}:{path}"], capture_output=True, check=True
        )
        return shown.stdout

    def listed(self, ref: str, path: str) -> tuple[tuple[str, str, str], ...]:
        """Kind (blob, tree, commit), object and name of everything in a directory."""
        sha = self.sha(ref)
        shown = self._git("ls-tree", "-z", f"{sha}:{path.strip('/')}") if sha else None
        rows = (row.split("\t", 1) for row in (shown or "").split("\0") if row)
        return tuple((about.split()[1], about.split()[2], name) for about, name in rows)

    def changed(self, base: str, head: str) -> tuple[int, int, int]:
        """Files changed, lines added, lines deleted."""
        listed = self._git("diff", "--numstat", f"{base}...{head}") if self.sha(base) and self.sha(head) else None
        rows = [line.split("\t") for line in (listed or "").splitlines()]
        return len(rows), sum(int(r[0]) for r in rows if r[0] != "-"), sum(int(r[1]) for r in rows if r[1] != "-")
