"""MiniStack with the sandbox's corrections and containers that exist only in memory: a test needs no Docker.

Run by the Python of MiniStack's environment, as ``deploytool/sandbox/ministack_server.py`` is. What a container does is
its image: ``healthy``, ``crashes``, ``no-image`` (cannot be pulled) or ``hangs`` (is pulled for ever).
"""

import os
import sys
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

SERVER = Path(__file__).parents[2] / "deploytool" / "sandbox" / "ministack_server.py"
STEADY, LIVES = 0.6, 0.25
"""Seconds after which a running task counts as steady, and for which one that crashes runs."""


class Container:
    def __init__(self, image):
        self.id, self.status, self.attrs = uuid.uuid4().hex, "running", {"NetworkSettings": {"Networks": {}}}
        self.code = 0
        if image.startswith("crashes"):
            threading.Timer(LIVES, self._exit).start()

    def _exit(self):
        self.status, self.code = "exited", 1

    def reload(self):
        pass

    def wait(self):
        return {"StatusCode": self.code}

    def logs(self, **_):
        return b""

    def stop(self, **_):
        self.status = "exited"

    remove = kill = stop


class Containers(dict):
    def run(self, image, **_):
        container = Container(moved(image))
        self[container.id] = container
        return container

    def get(self, ident):
        return self[ident]

    def list(self, **_):
        return []


def moved(image):
    """What the tag of an image names now: tests move it with PutAttributes."""
    from ministack.services import ecs

    name = image.partition(":")[0]
    moves = [each for each in ecs._attributes.values() if each.get("targetId") == name]
    return f"{moves[-1]['value']}-" if moves else image


def pull(image, **_):
    image = moved(image)
    if image.startswith("no-image"):
        raise RuntimeError(f"pull image manifest has been retried 1 time(s): failed to resolve ref {image}: not found")
    while image.startswith("hangs"):
        time.sleep(1)


def get_image(image):
    from docker.errors import ImageNotFound

    raise ImageNotFound(image)


def digest_of(image, **_):
    raise RuntimeError(f"no registry has {image}")


if __name__ == "__main__":
    sys.argv[0] = str(SERVER)
    source = compile(SERVER.read_text(), str(SERVER), "exec")
    server = {"__name__": "ministack_server", "__file__": str(SERVER)}
    exec(source, server)
    from ministack import app
    from ministack.services import ecs

    images = SimpleNamespace(pull=pull, get=get_image, get_registry_data=digest_of)
    docker = SimpleNamespace(containers=Containers(), images=images)
    ecs._get_docker = lambda: docker
    ecs._ECS_DEPLOYMENT_STEADY_DELAY = STEADY
    ecs._forward_awslogs = lambda *_: None
    server["install_corrections"]()
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    app.main()
