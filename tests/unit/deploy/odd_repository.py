"""A repository whose commits are written byte by byte, as no `git commit` would write them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

IDENTITY = b"Mona <mona@example.org>"
NOON = b"1700000000 +0100"
_ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True)
class Repository:
    """Plain git in ``root``, without the options of the product."""

    root: Path

    def git(self, *words: str | bytes, given: bytes = b"") -> str:
        """Run git; its output without the last line end."""
        identity = ("-c", "user.name=Mona", "-c", "user.email=mona@example.org", "-c", "protocol.file.allow=always")
        command = ["git", "-C", self.root, *identity, *words]
        done = subprocess.run(command, input=given, capture_output=True, check=True, env=_ENVIRON)
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def tree(self, *names: bytes) -> str:
        """A tree of empty files with these names."""
        blob = self.git("hash-object", "-w", "--stdin").encode()
        return self.git("mktree", "-z", given=b"".join(b"100644 blob %s\t%s\0" % (blob, name) for name in names))

    def commit(
        self, message: bytes, date: bytes = NOON, header: bytes = b"", tree: str = "", parent: str = "", to: str = ""
    ) -> str:
        """Write a commit object as it is given; the branch ``to`` leads to it."""
        lines = [b"tree " + (tree or self.tree()).encode()]
        lines += [b"parent " + parent.encode()] if parent else []
        lines += [b"author %s %s" % (IDENTITY, NOON), b"committer %s %s" % (IDENTITY, date)]
        body = b"\n".join(lines) + b"\n" + header + b"\n" + message
        sha = self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=body)
        if to:
            self.git("update-ref", f"refs/heads/{to}", sha)
        return sha


def repository(root: Path, *options: str) -> Repository:
    """An empty one in ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    made = Repository(root)
    made.git("init", "-q", "-b", "main", *options)
    return made
