"""Names for what is not named yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deploytool.core.init.model import Surroundings
from deploytool.errors import ConfigurationError

PRODUCTION = "production"
_APP = re.compile(r"(?!.*--)[a-z][a-z0-9-]{1,18}[a-z0-9]")
_ENVIRONMENT = re.compile(r"(?!.*--)[a-z][a-z0-9-]{0,14}[a-z0-9]")
"""Both as the templates in cloudformation/ take them: RDS and ElastiCache are called after them."""
_LONGEST = 20
_REMOTE = re.compile(r"(?:^[^@/]+@[^:/]+:|^\w+://[^/]+/)/?(?P<repository>[^/]+/[^/]+?)(?:\.git)?/?$")


class NameInvalid(ConfigurationError):
    """A name that AWS or GitHub would not take."""


def app_name(around: Surroundings, package: Mapping[str, Any] | None) -> str:
    """The name in package.json, else of the repository, else of the directory, as AWS takes it."""
    told = str((package or {}).get("name") or "").rpartition("/")[2]
    for name in (told, around.repository.partition("/")[2], around.directory):
        found = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("0123456789-")[:_LONGEST].rstrip("-")
        if _APP.fullmatch(found):
            return found
    return "app"


def check_app(name: str) -> str:
    """The name, which stacks, repositories and task definitions will have. Raises NameInvalid."""
    if not _APP.fullmatch(name):
        raise NameInvalid(
            f"the app cannot be called {name!r}",
            "give --app 3 to 20 small letters, digits and single dashes; the first a letter, the last no dash",
        )
    return name


def check_environments(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, `production` where none is given. Raises NameInvalid."""
    for name in names:
        if not _ENVIRONMENT.fullmatch(name):
            raise NameInvalid(
                f"an environment cannot be called {name!r}",
                "give --environment 2 to 16 small letters, digits, single dashes; the first a letter, the last no dash",
            )
    return tuple(dict.fromkeys(names)) or (PRODUCTION,)


def main_environment(names: tuple[str, ...]) -> str:
    """Where a push goes: `production`, else the first one."""
    return PRODUCTION if PRODUCTION in names else names[0]


def cluster_name(app: str, environment: str) -> str:
    """That of the app in production, with the environment behind it elsewhere."""
    return app if environment == PRODUCTION else f"{app}-{environment}"


def repository_of(remote: str) -> str:
    """`owner/name` of a git remote's address; empty where it has another shape."""
    found = _REMOTE.search(remote.strip())
    return found["repository"] if found else ""
