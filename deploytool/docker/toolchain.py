"""Which docker to build with, and what it can do."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.docker.errors import BuildKitMissing, DaemonUnreachable, DockerMissing, SocketDenied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# From this version on the client has no BuildKit of its own: without the buildx component it refuses DOCKER_BUILDKIT=1.
_NEEDS_BUILDX_SINCE = 23
_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Toolchain:
    """A docker client. ``driver`` is buildx's (``docker``, ``docker-container``, …); ``None`` is plain BuildKit."""

    docker: str
    driver: str | None = None
    containerd_store: bool = False

    @property
    def buildx(self) -> bool:
        return self.driver is not None

    @property
    def beyond_classic_store(self) -> bool:
        """Whether it can export caches and build several platforms at once: the daemon's classic store cannot."""
        return self.buildx and (self.driver != "docker" or self.containerd_store)


def find_toolchain(environ: Mapping[str, str]) -> Toolchain:
    """The first docker on PATH that can build with BuildKit, its daemon answering.

    More than one docker may be on PATH (a newer client without buildx in /usr/local, Debian's in /usr): one that cannot
    build does not hide one that can.

    Raises:
        DockerMissing, BuildKitMissing, DaemonUnreachable, SocketDenied
    """
    unable: BuildKitMissing | None = None
    for docker in _on_path(environ.get("PATH", os.defpath)):
        if _ask(environ, docker, "buildx", "version").returncode == 0:
            return _with_buildx(environ, docker)
        version = _ask(environ, docker, "version", "--format", "{{.Client.Version}}").stdout.strip()
        if _major(version) < _NEEDS_BUILDX_SINCE:
            _require_daemon(environ, docker)
            return Toolchain(docker)
        unable = unable or BuildKitMissing(docker, version)
    raise unable or DockerMissing()


def daemon_fault(said: str) -> DaemonUnreachable | SocketDenied | None:
    """What docker says when it cannot reach its daemon, as an error of ours."""
    if "permission denied while trying to connect to the" in said.lower():
        return SocketDenied()
    if re.search(r"(?i)cannot connect to the docker daemon|error during connect|docker daemon is not running", said):
        return DaemonUnreachable(said.strip().splitlines()[-1])
    return None


def _with_buildx(environ: Mapping[str, str], docker: str) -> Toolchain:
    inspected = _ask(environ, docker, "buildx", "inspect")
    found = re.search(r"(?m)^Driver:[ \t]+(\S+)", inspected.stdout)
    driver = found.group(1) if found else "docker"
    if driver != "docker":
        return Toolchain(docker, driver)
    _require_daemon(environ, docker)
    store = _ask(environ, docker, "info", "--format", "{{json .DriverStatus}}").stdout
    return Toolchain(docker, driver, containerd_store="io.containerd.snapshotter" in store)


def _require_daemon(environ: Mapping[str, str], docker: str) -> None:
    answer = _ask(environ, docker, "version", "--format", "{{.Server.Version}}")
    if answer.returncode != 0:
        raise daemon_fault(answer.stderr) or DaemonUnreachable(answer.stderr.strip())


def _on_path(path: str) -> Iterator[str]:
    seen = set()
    for folder in path.split(os.pathsep):
        docker = Path(folder or ".") / "docker"
        real = docker.resolve()
        if real not in seen and docker.is_file() and os.access(docker, os.X_OK):
            seen.add(real)
            yield str(docker)


def _ask(environ: Mapping[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, env=dict(environ), capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise DaemonUnreachable(f"{' '.join(argv)} took more than {_PROBE_SECONDS} s") from late


def _major(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits.group()) if digits else _NEEDS_BUILDX_SINCE
