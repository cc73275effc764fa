"""Which docker can build, the command lines for an image, and how they run."""

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


@dataclass(frozen=True)
class Command:
    """``env`` is added to the inherited environment."""

    stage: Literal["build", "push"]
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    """To run in; ``None``: ours."""


def commands(spec: BuildSpec, tools: Toolchain, metadata_file: Path) -> tuple[Command, ...]:
    """The commands, in order, that build and push ``spec``.

    With buildx one command does both, and writes the digest to ``metadata_file``. Docker reads the values of secrets
    itself, so they are in no argv.

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
    options = (*_build_options(spec), *_cache_options(spec, tools), "--metadata-file", str(metadata_file), "--push")
    argv = (tools.docker, "buildx", "build", *options, str(spec.context))
    # Attestations would turn an image into an index with an "unknown/unknown" entry and a new digest per build. A
    # variable, not --provenance=false, which buildx before 0.10 does not know.
    return (Command("build", argv, {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}),)


def unused_cache(spec: BuildSpec, tools: Toolchain, environ: Mapping[str, str]) -> str | None:
    """Why the configured cache is not written; ``None`` if it is, or if none is configured."""
    if spec.cache == "none":
        return None
    if spec.cache == "github" and not environ.get("ACTIONS_RUNTIME_TOKEN"):
        # Runners set it for JavaScript actions only; without it buildx skips the cache silently.
        return (
            f"image {spec.name}: cache github is not used: ACTIONS_RUNTIME_TOKEN is not set"
            " (a step with crazy-max/ghaction-github-runtime sets it; cache: registry needs nothing)"
        )
    if tools.beyond_classic_store:
        return None
    return (
        f"image {spec.name}: cache {spec.cache} is not written: this Docker's builder cannot export it"
        " (use docker/setup-buildx-action, or docker buildx create --use)"
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
    # ignore-error: a cache that cannot be written (immutable tags, quota) must not fail the release.
    if spec.cache == "registry":
        ref = f"ref={spec.reference.rpartition(':')[0]}:buildcache-{spec.name}"
        yield from ("--cache-from", _csv("type=registry", ref))
        if tools.beyond_classic_store:
            # ECR accepts a cache only as an OCI image manifest.
            kind = ("mode=max", "image-manifest=true", "oci-mediatypes=true", "ignore-error=true")
            yield from ("--cache-to", _csv("type=registry", ref, *kind))
    if spec.cache == "github" and tools.beyond_classic_store:
        scope = f"scope={spec.name}"
        yield from ("--cache-from", _csv("type=gha", scope))
        yield from ("--cache-to", _csv("type=gha", scope, "mode=max", "ignore-error=true"))


def _csv(*fields: str) -> str:
    """Docker reads these options as CSV: a comma in a path must be quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


_STOP_SECONDS = 10
_PAUSE_SECONDS = 0.05


def stream(
    command: Command,
    environ: Mapping[str, str],
    on_line: Callable[[str], None],
    timeout_seconds: float,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Run ``command``, pass each line of its output to ``on_line``, and return its exit code.

    ``pause`` waits some seconds while there is no output. The command is stopped on a timeout, and on an exception from
    ``on_line`` or ``pause``.

    Raises:
        BuildTimedOut: stopped after ``timeout_seconds``.
    """
    child = subprocess.Popen(
        command.argv,
        env={**environ, **command.env},
        cwd=command.directory,
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
            "see what it waited for in the last lines above, or raise the timeout",
        )
    return code


def _lines(child: subprocess.Popen[str], pause: Callable[[float], None]) -> Iterator[str]:
    """The output of ``child``, read in a thread: a silent command must not delay a cancellation."""
    output: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        if child.stdout:
            with child.stdout as lines:
                for line in lines:
                    output.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while reader.is_alive() or not output.empty():
        try:
            yield output.get_nowait()
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


# From this version on, the client needs the buildx component for DOCKER_BUILDKIT=1.
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
        """It can export caches and build several platforms at once, unlike the daemon's classic store."""
        return self.buildx and (self.driver != "docker" or self.containerd_store)


def find_toolchain(environ: Mapping[str, str]) -> Toolchain:
    """The first docker on PATH that can build with BuildKit, such as Debian's behind a newer one without buildx.

    Raises:
        DockerMissing, BuildKitMissing, DaemonUnreachable, SocketDenied
    """
    unable: BuildKitMissing | None = None
    for docker in _on_path(environ.get("PATH", os.defpath)):
        if _probe(environ, docker, "buildx", "version").returncode == 0:
            return _with_buildx(environ, docker)
        version = _probe(environ, docker, "version", "--format", "{{.Client.Version}}").stdout.strip()
        if _major(version) < _NEEDS_BUILDX_SINCE:
            _require_daemon(environ, docker)
            return Toolchain(docker)
        unable = unable or BuildKitMissing(docker, version)
    raise unable or DockerMissing()


def daemon_error(output: str) -> DaemonUnreachable | SocketDenied | None:
    """The error, where the output says that docker cannot reach its daemon."""
    if "permission denied while trying to connect to the" in output.lower():
        return SocketDenied()
    if re.search(r"(?i)cannot connect to the docker daemon|error during connect|docker daemon is not running", output):
        return DaemonUnreachable(output.strip().splitlines()[-1])
    return None


def _with_buildx(environ: Mapping[str, str], docker: str) -> Toolchain:
    inspected = _probe(environ, docker, "buildx", "inspect")
    match = re.search(r"(?m)^Driver:[ \t]+(\S+)", inspected.stdout)
    driver = match.group(1) if match else "docker"
    if driver != "docker":
        return Toolchain(docker, driver)
    _require_daemon(environ, docker)
    store = _probe(environ, docker, "info", "--format", "{{json .DriverStatus}}").stdout
    return Toolchain(docker, driver, containerd_store="io.containerd.snapshotter" in store)


def _require_daemon(environ: Mapping[str, str], docker: str) -> None:
    answer = _probe(environ, docker, "version", "--format", "{{.Server.Version}}")
    if answer.returncode != 0:
        raise daemon_error(answer.stderr) or DaemonUnreachable(answer.stderr.strip())


def _on_path(path: str) -> Iterator[str]:
    seen = set()
    for folder in path.split(os.pathsep):
        docker = Path(folder or ".") / "docker"
        real = docker.resolve()
        if real not in seen and docker.is_file() and os.access(docker, os.X_OK):
            seen.add(real)
            yield str(docker)


def _probe(environ: Mapping[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, env=dict(environ), capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise DaemonUnreachable(f"{' '.join(argv)} took more than {_PROBE_SECONDS} s") from late


def _major(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits.group()) if digits else _NEEDS_BUILDX_SINCE
