"""Git is only read: a verb that previews leaves the checkout as it is, git's own files as well."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploytool.deploy import git


def everything(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (directory, *directory.rglob("*"))
    }


def test_the_index_stays_as_it_is_when_the_work_tree_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "deploytool.yml"
    file.write_text("app: shop\n")
    identity = ("-c", "user.name=mona", "-c", "user.email=mona@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
        subprocess.run(["git", "-C", tmp_path, *identity, *words], check=True)
    # Touched, not changed: `git status` would write the new time into the index.
    os.utime(file, (1_000_000_000, 1_000_000_000))
    before = everything(tmp_path)
    assert git.checkout(tmp_path).changed == ()
    assert everything(tmp_path) == before
