"""A real docker, a real registry (CNCF distribution, as Debian packages it) that wants a login, and a base image."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploytool.images.buildx import Toolchain, find_toolchain
from deploytool.images.registry import registry_login
from tests.e2e.docker.local_registry import Registry, forget, served

APPLETS = ("sh", "cat", "echo", "sleep", "tr", "test")


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    return find_toolchain(os.environ)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory, tools: Toolchain) -> Iterator[Registry]:
    with served(tmp_path_factory.mktemp("registry")) as running:
        yield running
    forget(tools.docker, running.host)


@pytest.fixture(scope="session")
def base_image(tools: Toolchain) -> Iterator[str]:
    """A Linux of one static busybox: no registry of base images can be reached from everywhere these tests run."""
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.fail("these tests need a static busybox: apt-get install busybox-static")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    name = f"deploytool-tests-base:{uuid4().hex}"
    subprocess.run([tools.docker, "import", "-", name], input=archive.getvalue(), check=True, capture_output=True)
    yield name
    subprocess.run([tools.docker, "image", "rm", "--force", name], check=True, capture_output=True)


@pytest.fixture
def environ(registry: Registry) -> Iterator[dict[str, str]]:
    """Logged in to the registry."""
    with registry_login(registry.host, registry.auth, os.environ) as private:
        yield private


@pytest.fixture
def reference(registry: Registry) -> str:
    """A tag nothing else uses."""
    return f"{registry.host}/shop:{uuid4().hex[:12]}"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    return folder
