"""Docker: the user's own daemon, or, as root on a Debian that has none, one that we install and start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.sandbox import process
from deploytool.sandbox.errors import CommandFailed, DockerMissing
from deploytool.sandbox.process import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.sandbox.process import SandboxProcess


SOCKET = Path("/var/run/docker.sock")


def daemon_answers() -> bool:
    """Whether a Docker daemon answers where ``docker`` looks for one."""
    if not shutil.which("docker"):
        return False
    try:
        docker_client("version", "--format", "{{.Server.Version}}", timeout=10)
    except CommandFailed:
        return False
    return True


def start_daemon(logs: Path, write_line: Callable[[str], None]) -> SandboxProcess:
    """Install Docker where it is missing, start its daemon, return that once it answers (6 s, 30 s with the install).

    Raises:
        DockerMissing: we are not root on a Debian, or another host is meant by DOCKER_HOST.
        CommandFailed: the packages cannot be installed.
        StartTimedOut: the daemon does not come up; its log says why.
    """
    host = os.environ.get("DOCKER_HOST")
    if host:
        raise DockerMissing(f"Docker at DOCKER_HOST={host} does not answer", "start it, or unset DOCKER_HOST")
    if os.geteuid() != 0:
        raise DockerMissing("no Docker daemon answers", "start Docker, or run as root: then it is started for you")
    if not _dockerd():
        if not shutil.which("apt-get"):
            raise DockerMissing("Docker is not installed", "install it (https://docs.docker.com/engine/install/)")
        write_line("installing Docker (apt-get install docker.io)")
        install("docker.io")
    write_line("starting dockerd")
    log = logs / "dockerd.log"
    daemon = process.start_process([_dockerd() or "dockerd"], log=log)
    until("dockerd", lambda: SOCKET.exists() and daemon_answers(), seconds=60, process=daemon, log=log)
    return daemon


def _dockerd() -> str | None:
    # Where the package puts it is not on everybody's PATH.
    return shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/sbin:/usr/local/sbin")


def install(*packages: str) -> None:
    """Install Debian packages without those they merely recommend.

    Raises:
        CommandFailed: apt-get cannot; usually it reaches no mirror.
    """
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-qy", "--no-install-recommends", *packages]
    fix = f"install {' '.join(packages)} by hand"
    try:
        process.run(command, env=quiet, timeout=300, fix=fix)
    except CommandFailed:
        # On a new machine the package lists are missing or old.
        process.run(["apt-get", "update", "-q"], env=quiet, timeout=120, fix=fix)
        process.run(command, env=quiet, timeout=300, fix=fix)


def docker_client(*arguments: str | Path, timeout: float = 300) -> str:
    """Run ``docker`` and return what it printed.

    The classic builder is asked for: it is in every version, while newer clients want a plugin for BuildKit.

    Raises:
        CommandFailed: it ended with an error.
    """
    return process.run(["docker", *arguments], env={"DOCKER_BUILDKIT": "0"}, timeout=timeout)


def containers(label: str) -> list[str]:
    """The ids of all containers, running or not, that carry this label."""
    return docker_client("ps", "-aq", "--no-trunc", "--filter", f"label={label}").split()


def remove(ids: list[str]) -> None:
    """Remove these containers and their anonymous volumes, running or not."""
    if ids:
        docker_client("rm", "-fv", *ids)
