"""A registry of our own on a free port of this machine: CNCF distribution, as Debian packages it, wanting a login."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from deploytool.images.registry import Auth
from tests.support.free_port import free_port

PASSWORD = "a-password-of-the-tests"


@dataclass(frozen=True)
class Registry:
    host: str
    auth: Auth


@contextmanager
def served(folder: Path) -> Iterator[Registry]:
    """The registry while it runs; its data and log are in ``folder``."""
    program, htpasswd = shutil.which("docker-registry"), shutil.which("htpasswd")
    if not program or not htpasswd:
        pytest.fail("these tests need Debian's docker-registry and apache2-utils: apt-get install them")
    users = subprocess.run([htpasswd, "-Bbn", "AWS", PASSWORD], check=True, capture_output=True, text=True).stdout
    (folder / "users").write_text(users)
    port = free_port()
    (folder / "config.yml").write_text(
        f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: tests, path: {folder}/users}}}}
"""
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        wait_for(f"http://localhost:{port}/v2/")
        yield Registry(f"localhost:{port}", Auth("AWS", PASSWORD))
    finally:
        server.terminate()
        server.wait(10)


def forget(docker: str, host: str) -> None:
    """Remove the local images whose name begins with ``host``."""
    listing = [docker, "image", "ls", "--quiet", "--filter", f"reference={host}/*"]
    images = set(subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split())
    if images:
        subprocess.run([docker, "image", "rm", "--force", *images], capture_output=True, check=True)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
