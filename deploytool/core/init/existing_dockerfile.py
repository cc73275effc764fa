"""A Dockerfile that is there already: which of its stages are released."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STAGE = re.compile(r"^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?\S+[ \t]+AS[ \t]+(\S+)", re.MULTILINE | re.IGNORECASE)
_COMMIT = re.compile(r"^[ \t]*ARG[ \t]+COMMIT\b", re.MULTILINE | re.IGNORECASE)
_APP = ("app", "runner", "production", "prod", "release", "web")
_MIGRATE = ("migrate", "migrator", "migrations", "migration")


@dataclass(frozen=True)
class ExistingDockerfile:
    """What of it `deploytool.yml` names."""

    app: str
    """Target of the web service; empty for the last stage."""
    migrate: str
    """Target of the migration; empty where there is none."""
    takes_commit: bool


def read_dockerfile(text: str) -> ExistingDockerfile:
    """Found by the names that stages usually have."""
    stages = _STAGE.findall(text)
    return ExistingDockerfile(_first(_APP, stages), _first(_MIGRATE, stages), bool(_COMMIT.search(text)))


def target_for(text: str, name: str) -> str:
    """The stage with this name; empty where there is none."""
    return _first((name,), _STAGE.findall(text))


def _first(names: tuple[str, ...], stages: list[str]) -> str:
    return next((stage for name in names for stage in stages if stage.lower() == name), "")
