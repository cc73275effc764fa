"""Docker: the user's own daemon, or, as root on a Debian that has none, one that we install and start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deploytool.sandbox import process
from deploytool.sandbox.errors import CommandFailed, DockerMissing

SOCKET = Path("/var/run/docker.sock")


def daemon_answers() -> bool:
    """Whether a Docker daemon answers where ``docker`` looks for one."""
    return bool(shutil.which("docker")) and succeeds("version", "--format", "{{.Server.Version}}", timeout=10)


def start_daemon(log: Path, write_line: process.WriteLine) -> process.SandboxProcess:
    """Install Docker where it is missing, start its daemon, return that once it answers (6 s, 30 s with the install).

    Raises:
        DockerMissing: we are not root on a Debian, or another host is meant by DOCKER_HOST.
        CommandFailed: the packages cannot be installed.
        StartTimedOut: the daemon does not start; its log says why.
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
    daemon = process.start_process([_dockerd() or "dockerd"], log=log)
    process.wait_until("dockerd", lambda: SOCKET.exists() and daemon_answers(), seconds=60, process=daemon, log=log)
    return daemon


def _dockerd() -> str | None:
    # The package's directory is not on every user's PATH.
    return shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/sbin:/usr/local/sbin")


def install(package: str) -> None:
    """Install a Debian package without those it merely recommends.

    Raises:
        CommandFailed: apt-get cannot; usually it reaches no mirror.
    """
    env, fix = {"DEBIAN_FRONTEND": "noninteractive"}, f"install {package} by hand"
    command = ["apt-get", "install", "-qy", "--no-install-recommends", package]
    try:
        process.run(command, env=env, fix=fix)
    except CommandFailed:
        # On a new machine the package lists are missing or old.
        process.run(["apt-get", "update", "-q"], env=env, timeout=120, fix=fix)
        process.run(command, env=env, fix=fix)


def docker_client(*arguments: str | Path, timeout: float = 300) -> str:
    """Run ``docker`` and return its output.

    The classic builder is used: it is in every version, while newer clients want a plugin for BuildKit.

    Raises:
        CommandFailed: it ended with an error.
    """
    return process.run(["docker", *arguments], env={"DOCKER_BUILDKIT": "0"}, timeout=timeout)


def succeeds(*arguments: str, timeout: float) -> bool:
    try:
        docker_client(*arguments, timeout=timeout)
    except CommandFailed:
        return False
    return True


def containers(label: str) -> list[str]:
    """The ids of all containers, running or not, that carry this label."""
    return docker_client("ps", "-aq", "--no-trunc", "--filter", f"label={label}").split()


def remove(ids: list[str]) -> None:
    """Remove these containers and their anonymous volumes, running or not."""
    if ids:
        docker_client("rm", "-fv", *ids)
