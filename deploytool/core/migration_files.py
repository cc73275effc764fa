"""Which of the files that a commit adds are migrations."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_COMMON = frozenset({"migrations", "migrate"})
"""Directories of Django, Rails, Prisma, Knex and of who writes plain SQL; Alembic's is ``alembic/versions``."""
_NONE = frozenset({"__init__.py", "README.md", ".gitkeep"})


def migrations_in(added: Iterable[str], where: str | None) -> tuple[str, ...]:
    """Those that ``where`` means, which is ``migrate.files``: a directory or a pattern; None: by common names."""
    paths = [path for path in added if PurePosixPath(path).name not in _NONE]
    if where is None:
        return tuple(path for path in paths if _is_commonly_one(PurePosixPath(path)))
    if any(sign in where for sign in "*?["):
        return tuple(path for path in paths if fnmatchcase(path, where))
    return tuple(path for path in paths if path.startswith(f"{where.rstrip('/')}/"))


def _is_commonly_one(path: PurePosixPath) -> bool:
    directories = path.parts[:-1]
    return not _COMMON.isdisjoint(directories) or directories[-2:] == ("alembic", "versions")
