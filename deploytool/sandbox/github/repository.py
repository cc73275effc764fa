"""The one repository that the server has: its git checkout, its records, the faults in force, the log of requests."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploytool import git_command
from deploytool.sandbox.github.faults import Fault
from deploytool.sandbox.github.http import not_found
from deploytool.sandbox.github.store import Event, PullRequest, Store

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at %ad%x00%cn%x00%ce%x00%ct %cd%x00%B%x00"
_EPOCH = "1970-01-01T00:00:00Z"
"""What GitHub shows for a date that git cannot count."""
RATE_LIMIT = 5000
WINDOW = 3600
"""Seconds after which the rate limit starts again."""
LOGGED = 2000
"""Requests kept in the log; it is for tests and is not written to disk."""


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
class GitCheckout:
    """A git working directory. What git does not know is None or empty; the routes make a 404 or 422 of it."""

    directory: Path

    def _git(self, *words: str) -> str | None:
        result = git_command.run_git(self.directory, *words)
        return None if result.code else result.text

    def sha(self, ref: str) -> str | None:
        """The commit that a branch, tag or (shortened) sha names."""
        if not ref or ref.startswith("-"):
            return None
        output = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return output.strip() if output else None

    def commit(self, ref: str) -> Commit | None:
        sha = self.sha(ref)
        words = ("rev-list", "--no-walk", "--encoding=UTF-8", "--date=raw", f"--format={_FORMAT}")
        output = self._git(*words, sha, "--") if sha else None
        if not sha or not output:
            return None
        _, tree, parents, a_name, a_email, a_at, c_name, c_email, c_at, message, _ = output.split("\0")
        return Commit(
            sha=sha,
            tree=tree,
            parents=tuple(parents.split()),
            author_name=a_name,
            author_email=a_email,
            authored_at=_iso(a_at),
            committer_name=c_name,
            committer_email=c_email,
            committed_at=_iso(c_at),
            message=message.rstrip("\n"),
        )

    def between(self, base: str, head: str) -> tuple[str, ...]:
        """Commits in head and not in base, oldest first."""
        if not self.sha(base) or not self.sha(head):
            return ()
        listing = self._git("rev-list", "--reverse", "--max-count=250", f"{self.sha(base)}..{self.sha(head)}")
        return tuple((listing or "").split())

    def is_branch(self, name: str) -> bool:
        return self._git("show-ref", "--verify", "--quiet", f"refs/heads/{name}") is not None

    def has_file(self, ref: str, path: str) -> bool:
        sha = self.sha(ref)
        return sha is not None and self._git("cat-file", "-e", f"{sha}:{path}") is not None

    def file(self, ref: str, path: str) -> bytes | None:
        """A file's content; None for a directory too."""
        sha = self.sha(ref)
        if sha is None or self._git("cat-file", "-t", f"{sha}:{path}") != "blob\n":
            return None
        return git_command.run_git(self.directory, "cat-file", "blob", f"{sha}:{path}").out

    def list_directory(self, ref: str, path: str) -> tuple[tuple[str, str, str], ...]:
        """Kind (blob, tree, commit), object and name of each entry."""
        sha = self.sha(ref)
        listing = self._git("ls-tree", "-z", f"{sha}:{path.strip('/')}") if sha else None
        rows = (row.split("\t", 1) for row in (listing or "").split("\0") if row)
        return tuple((about.split()[1], about.split()[2], name) for about, name in rows)

    def changes(self, base: str, head: str) -> tuple[int, int, int]:
        words = ("--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--end-of-options")
        listing = self._git("diff", *words, f"{base}...{head}") if self.sha(base) and self.sha(head) else None
        rows = [line.split("\t", 2) for line in (listing or "").split("\0") if line]
        return len(rows), sum(int(r[0]) for r in rows if r[0] != "-"), sum(int(r[1]) for r in rows if r[1] != "-")


def _iso(date: str) -> str:
    seconds, _, raw = date.partition(" ")
    moment = git_command.moment(seconds, raw)
    return moment.isoformat() if moment else _EPOCH


@dataclass
class Repository:
    """`full_name` is `owner/name`; `default_branch` as git calls it in the checkout."""

    full_name: str
    checkout: GitCheckout
    store: Store
    default_branch: str = "main"
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOGGED))
    _used: dict[str, int] = field(default_factory=dict)
    _window_start: float = field(default_factory=time.time)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def count_request(self, token: str) -> dict[str, str]:
        """Count one request of this token; returns the rate limit's headers."""
        with self._counting:
            if time.time() - self._window_start > WINDOW:
                self._window_start, self._used = time.time(), {}
            used = self._used[token] = self._used.get(token, 0) + 1
            return {
                "x-ratelimit-limit": str(RATE_LIMIT),
                "x-ratelimit-remaining": str(max(0, RATE_LIMIT - used)),
                "x-ratelimit-used": str(used),
                "x-ratelimit-reset": str(int(self._window_start) + WINDOW),
                "x-ratelimit-resource": "core",
            }

    def take_fault(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request, counted down."""
        with self.store.lock:
            faults = self.store.records.faults
            for number, fault in list(faults.items()):
                if not fault.matches(method, path):
                    continue
                remaining = fault.remaining()
                if remaining is None:
                    del faults[number]
                else:
                    faults[number] = remaining
                self.store.save()
                if not fault.skip:
                    return fault
            return None

    def pull(self, number: str) -> PullRequest:
        """Raises ApiError (404)."""
        pull = self.store.records.pulls.get(int(number)) if number.isdecimal() else None
        if pull is None:
            raise not_found()
        return pull

    def commits_of(self, pull: PullRequest) -> tuple[str, ...]:
        """Its commits, oldest first. The head alone where git knows no base without it, as after a fast-forward."""
        if pull.merge_commit_sha and pull.merge_commit_sha != pull.head_sha:
            commits = self.checkout.between(f"{pull.merge_commit_sha}^1", pull.head_sha)
        else:
            commits = self.checkout.between(pull.base, pull.head_sha)
        return commits or (pull.head_sha,)

    def add_event(self, event: str, action: str, payload: dict[str, Any]) -> None:
        number = self.store.next_id()
        self.store.records.events[number] = Event(number, event, action, payload)
