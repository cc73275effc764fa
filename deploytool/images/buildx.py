"""Docker command lines as data: what is run is decided here, ``process`` runs it."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from deploytool.images.errors import (
    BuildKitMissing,
    BuildTimedOut,
    DaemonUnreachable,
    DockerMissing,
    PlatformsUnsupported,
    SocketDenied,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploytool.images.spec import BuildSecret, BuildSpec


# SEG docker.command
# Docker command lines as data: what is run is decided here, ``process`` runs it.


@dataclass(frozen=True)
class Command:
    """``env`` is added to the environment the command inherits."""

    stage: Literal["build", "push"]
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


def commands(spec: BuildSpec, tools: Toolchain, metadata_file: Path) -> tuple[Command, ...]:
    """What to run, in order, to have ``spec`` in its registry.

    With buildx one command builds and pushes, and writes the digest to ``metadata_file``. Secrets are named, never
    given: Docker reads their values itself, so that they are in no argv.

    Raises:
        PlatformsUnsupported: several platforms, and this docker builds only one at a time.
    """
    if len(spec.platforms) > 1 and not tools.beyond_classic_store:
        raise PlatformsUnsupported(
            f"image {spec.name} is for {', '.join(spec.platforms)}, and {tools.docker} builds one platform at a time",
            "add docker/setup-buildx-action (locally: docker buildx create --use), or name one platform",
        )
    if not tools.buildx:
        build = (tools.docker, "build", *_build_options(spec), str(spec.context))
        return (
            Command("build", build, {"DOCKER_BUILDKIT": "1"}),
            Command("push", (tools.docker, "push", spec.reference)),
        )
    argv = (
        tools.docker,
        "buildx",
        "build",
        *_build_options(spec),
        *_cache_options(spec, tools),
        "--metadata-file",
        str(metadata_file),
        "--push",
        str(spec.context),
    )
    # Attestations would turn a single image into an index with an "unknown/unknown" entry, and make each build's digest
    # differ. A variable, not --provenance=false, because buildx before 0.10 does not know that option.
    return (Command("build", argv, {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}),)


def unused_cache(spec: BuildSpec, tools: Toolchain, environ: Mapping[str, str]) -> str | None:
    """Why the configured cache is not written, in words; ``None`` when it is, or none is configured."""
    if spec.cache == "none":
        return None
    if spec.cache == "github" and not environ.get("ACTIONS_RUNTIME_TOKEN"):
        # The runner gives it to actions written in JavaScript alone; buildx leaves the cache out without a word.
        return (
            f"image {spec.name}: cache github is not used, ACTIONS_RUNTIME_TOKEN is not set"
            " (a step with crazy-max/ghaction-github-runtime sets it; cache: registry needs nothing)"
        )
    if tools.beyond_classic_store:
        return None
    return (
        f"image {spec.name}: cache {spec.cache} is not written, this Docker's builder cannot export one"
        " (docker/setup-buildx-action, or docker buildx create --use, gives one that can)"
    )


def _build_options(spec: BuildSpec) -> Iterator[str]:
    yield "--progress=plain"
    yield from ("--file", str(spec.dockerfile))
    if spec.target:
        yield from ("--target", spec.target)
    if spec.platforms:
        yield from ("--platform", ",".join(spec.platforms))
    for name, value in sorted(spec.build_args.items()):
        yield from ("--build-arg", f"{name}={value}")
    for secret in spec.secrets:
        yield from ("--secret", _secret(secret))
    for name, value in sorted(spec.labels.items()):
        yield from ("--label", f"{name}={value}")
    yield from ("--tag", spec.reference)


def _secret(secret: BuildSecret) -> str:
    return _csv(f"id={secret.id}", f"env={secret.env}" if secret.env else f"src={secret.file}")


def _cache_options(spec: BuildSpec, tools: Toolchain) -> Iterator[str]:
    # ignore-error: a cache that cannot be written (immutable tags, quota) is no reason not to release.
    if spec.cache == "registry":
        ref = f"ref={spec.reference.rpartition(':')[0]}:buildcache-{spec.name}"
        yield from ("--cache-from", _csv("type=registry", ref))
        if tools.beyond_classic_store:
            # ECR takes a cache only as an OCI image manifest.
            kind = ("mode=max", "image-manifest=true", "oci-mediatypes=true", "ignore-error=true")
            yield from ("--cache-to", _csv("type=registry", ref, *kind))
    if spec.cache == "github" and tools.beyond_classic_store:
        scope = f"scope={spec.name}"
        yield from ("--cache-from", _csv("type=gha", scope))
        yield from ("--cache-to", _csv("type=gha", scope, "mode=max", "ignore-error=true"))


def _csv(*fields: str) -> str:
    """Docker reads these options as one line of CSV: a comma in a path has to be quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


# SEG docker.process
# Runs one docker command and passes on what it prints, line by line.

_STOP_SECONDS = 10
_PAUSE_SECONDS = 0.05


def stream(
    command: Command,
    environ: Mapping[str, str],
    on_line: Callable[[str], None],
    timeout_seconds: float,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Run ``command``, give each line of its output to ``on_line``, return its exit code.

    ``pause`` waits some seconds while there is no output. The command is ended with us: nothing builds on after a
    timeout, or an exception from ``on_line`` or ``pause``.

    Raises:
        BuildTimedOut: it was still running after ``timeout_seconds``, and was stopped.
    """
    child = subprocess.Popen(
        command.argv,
        env={**environ, **command.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Its own group, so that docker's plugins end with it.
        start_new_session=True,
    )
    late = threading.Event()

    def give_up() -> None:
        late.set()
        _signal(child, signal.SIGTERM)

    alarm = threading.Timer(timeout_seconds, give_up)
    alarm.start()
    try:
        for line in _lines(child, pause):
            on_line(line.rstrip("\r\n"))
        code = child.wait()
    finally:
        alarm.cancel()
        _stop(child)
    if late.is_set():
        raise BuildTimedOut(
            f"docker {command.stage} was stopped after {timeout_seconds:.0f} s",
            "look at the last lines above for what it waited for, or allow it more time",
        )
    return code


def _lines(child: subprocess.Popen[str], pause: Callable[[float], None]) -> Iterator[str]:
    """What ``child`` prints, read beside us: a silent command would keep us from noticing that we are to stop."""
    said: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        if child.stdout:
            with child.stdout as output:
                for line in output:
                    said.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while reader.is_alive() or not said.empty():
        try:
            yield said.get_nowait()
        except Empty:
            pause(_PAUSE_SECONDS)


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.wait()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    if child.poll() is None:
        os.killpg(child.pid, number)


# SEG docker.toolchain
# Which docker to build with, and what it can do.

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
