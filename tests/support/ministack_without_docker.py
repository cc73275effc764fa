"""MiniStack with the sandbox's corrections and containers that exist only in memory: a test needs no Docker.

Run by the Python of MiniStack's environment, as ``deploytool/sandbox/ministack_server.py`` is. What a container does is
its image: ``healthy``, ``crashes``, ``no-image`` (cannot be pulled) or ``hangs`` (is pulled for ever).
"""

from __future__ import annotations

import runpy
import sys
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SERVER = Path(__file__).parents[2] / "deploytool" / "sandbox" / "ministack_server.py"
STEADY, LIVES, STOPS, TICK = 0.6, 0.25, 0.5, 0.6
"""Seconds after which a running task counts as steady, for which one that crashes runs, in which one is stopped, and
for which a stage lasts: long enough to be seen on a crowded machine."""


class Container:
    """What MiniStack asks of one of Docker's."""

    def __init__(self, image: str) -> None:
        self.id, self.status, self.code = uuid.uuid4().hex, "running", 0
        self.attrs: dict[str, Any] = {"NetworkSettings": {"Networks": {}}}
        if image.startswith("crashes"):
            threading.Timer(LIVES, self._exit).start()

    def _exit(self) -> None:
        self.status, self.code = "exited", 1

    def reload(self) -> None:
        """It is always up to date."""

    def wait(self) -> dict[str, int]:
        """Its exit code."""
        return {"StatusCode": self.code}

    def logs(self, **_: Any) -> bytes:
        """None."""
        return b""

    def stop(self, **_: Any) -> None:
        """Takes a moment, as a program that drains."""
        time.sleep(STOPS)
        self.status = "exited"

    def remove(self, **_: Any) -> None:
        """It ends."""
        self.status = "exited"


class Containers(dict[str, Container]):
    """Those that were started."""

    def run(self, image: str, **how: Any) -> Container:
        """Start one; a command that only exits crashes, whatever the image."""
        container = Container("crashes" if how.get("command") == ["sh", "-c", "exit 1"] else moved(image))
        self[container.id] = container
        return container

    def get(self, ident: str, default: Any = None) -> Any:
        """Raises KeyError where MiniStack looks for itself in a container."""
        return self[ident]

    def list(self, **_: Any) -> list[Container]:
        """None: no other process started any."""
        return []


def moved(image: str) -> str:
    """What the tag of an image names now: tests move it with PutAttributes."""
    from ministack.services import ecs

    name = image.partition(":")[0]
    moves = [each for each in ecs._attributes.values() if each.get("targetId") == name]
    return f"{moves[-1]['value']}-" if moves else image


def pull(image: str, **_: Any) -> None:
    """Raises RuntimeError where there is no such image."""
    image = moved(image)
    if image.startswith("no-image"):
        raise RuntimeError(f"pull image manifest has been retried 1 time(s): failed to resolve ref {image}: not found")
    while image.startswith("hangs"):
        time.sleep(1)


def no_cached_image(image: str) -> None:
    """Raises ImageNotFound."""
    import docker.errors

    raise docker.errors.ImageNotFound(image)


def no_digest(image: str, **_: Any) -> None:
    """Raises RuntimeError."""
    raise RuntimeError(f"no registry has {image}")


if __name__ == "__main__":
    sys.argv[0] = str(SERVER)
    server = runpy.run_path(str(SERVER), run_name="ministack_server")
    from ministack import app
    from ministack.services import ecs

    images = SimpleNamespace(pull=pull, get=no_cached_image, get_registry_data=no_digest)
    client = SimpleNamespace(containers=Containers(), images=images)
    ecs._get_docker = lambda: client
    ecs._ECS_DEPLOYMENT_STEADY_DELAY = STEADY
    ecs._forward_awslogs = lambda *_: None
    server["ministack_ecs"].TICK = TICK
    server["install_corrections"]()
    app.main()
