"""Logs Docker in to one registry without touching the user's own Docker configuration."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploytool.docker.errors import DockerConfigUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploytool.docker.registry import Auth

# Only read by docker: linked, so that TLS keys of contexts are not copied around.
_LINKED = ("cli-plugins", "contexts")
# Which builder is current; buildx also writes here, so it gets a copy. Its history (refs) is left behind.
_COPIED = ("buildx/instances", "buildx/defaults", "buildx/current")


@contextmanager
def registry_login(registry: str, auth: Auth, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """``environ`` with ``DOCKER_CONFIG`` naming a private directory in which ``registry`` is logged in.

    The user's other logins, plugins, context and builder stay usable. The directory is deleted on the way out, whatever
    the reason; on SIGTERM too if the process turns that into an exception.

    Raises:
        DockerConfigUnreadable: the user's ``config.json`` is not a JSON object.
    """
    users = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "~").expanduser() / ".docker")
    with tempfile.TemporaryDirectory(prefix="deploytool-docker-") as folder:
        private = Path(folder)
        _adopt(users, private)
        config = with_login(_read(users / "config.json"), registry, auth)
        path = private / "config.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config), encoding="utf-8")
        yield {**environ, "DOCKER_CONFIG": folder}


def with_login(config: Mapping[str, Any], registry: str, auth: Auth) -> dict[str, Any]:
    """``config`` (of Docker's ``config.json``) with a login for ``registry`` written in it, all else kept."""
    token = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
    return {
        **config,
        "auths": {**config.get("auths", {}), registry: {"auth": token}},
        # Where a credentials store is configured Docker asks it alone; an empty helper sends it back to this file.
        "credHelpers": {**config.get("credHelpers", {}), registry: ""},
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        raise _unreadable(path) from fault
    if not isinstance(config, dict):
        raise _unreadable(path)
    return config


def _unreadable(path: Path) -> DockerConfigUnreadable:
    return DockerConfigUnreadable(f"{path} cannot be read as Docker's configuration", "correct or remove the file")


def _adopt(users: Path, private: Path) -> None:
    for name in _LINKED:
        if (users / name).exists():
            (private / name).symlink_to((users / name).resolve())
    for name in _COPIED:
        source, copy = users / name, private / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        elif source.is_file():
            shutil.copy2(source, copy)
