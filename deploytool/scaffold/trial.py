"""`deploytool init --try`: builds the image, starts it, and requests the health path."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from deploytool.images.buildx import find_toolchain
from deploytool.output.markup import clean
from deploytool.release.ports import LineWriter
from deploytool.scaffold.contents import APP
from deploytool.scaffold.dockerfile import PORT
from deploytool.scaffold.model import Draft, Image
from deploytool.scaffold.next_config import PATH
from deploytool.scaffold.variables import PLACEHOLDER_DATABASE, placeholder

SECONDS = 90.0
"""How long the app may take to answer."""
LINES = 8
"""Last lines that are shown of a failure."""


@dataclass(frozen=True)
class Trial:
    """How the image of the app did; ``problem`` is empty where it answered."""

    fact: str = ""
    problem: str = ""


def try_image(draft: Draft, directory: Path, names: Sequence[str], write_line: LineWriter) -> Trial:
    """``names``: variables that the app reads, which get placeholders. Raises DockerMissing, BuildKitMissing."""
    docker = find_toolchain(os.environ).docker
    image = next(image for image in draft.images if image.name == APP)
    parameters = next((dict(item.parameters or {}) for item in draft.environments), {})
    port, path = str(parameters.get("ContainerPort", PORT)), str(parameters.get("HealthPath", PATH))
    tag = f"deploytool-try:{uuid4().hex[:12]}"
    write_line(f"building {image.dockerfile} to try it")
    options = [*_build_options(image, directory), "--tag", tag]
    built = _run(docker, "build", "--progress=plain", *options, str(directory / (image.context or ".")))
    if built.returncode:
        return Trial(problem=f"{image.dockerfile} does not build: {_last(built.stdout)}")
    try:
        command = parameters.get("AppCommand", ())
        return _start(docker, tag, (port, path), _environment(names, port), tuple(command))
    finally:
        _run(docker, "image", "rm", "--force", tag)


def _build_options(image: Image, directory: Path) -> list[str]:
    options = ["--file", str(directory / image.dockerfile)]
    options += ["--target", image.target] if image.target else []
    values = {name: os.environ.get(name, "") for name in image.variables}
    if image.declares_commit:
        values["COMMIT"] = "trial"
    return [*options, *(word for name, value in values.items() for word in ("--build-arg", f"{name}={value}"))]


def _environment(names: Sequence[str], port: str) -> Mapping[str, str]:
    """As the stacks set it, with addresses at which nothing listens."""
    return {
        **{name: placeholder(name) for name in names},
        "PORT": port,
        "HOSTNAME": "0.0.0.0",  # noqa: S104  (of a container)
        "NODE_ENV": "production",
        "ENVIRONMENT": "trial",
        "DATABASE_URL": PLACEHOLDER_DATABASE,
        "REDIS_URL": "redis://127.0.0.1:6379",
    }


def _start(
    docker: str, tag: str, address: tuple[str, str], environment: Mapping[str, str], command: tuple[str, ...]
) -> Trial:
    port, path = address
    variables = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    options = ["--entrypoint", command[0]] if command else []
    started = _run(
        docker, "run", "--detach", "--publish", f"127.0.0.1::{port}", *variables, *options, tag, *command[1:]
    )
    if started.returncode:
        return Trial(problem=f"the image does not start: {_last(started.stdout)}")
    container = started.stdout.strip().splitlines()[-1]
    try:
        return _judge(docker, container, port, path)
    finally:
        _run(docker, "rm", "--force", container)


def _judge(docker: str, container: str, port: str, path: str) -> Trial:
    deadline = time.monotonic() + SECONDS
    answer = "nothing"
    while time.monotonic() < deadline:
        if _run(docker, "inspect", "--format", "{{.State.Running}}", container).stdout.strip() != "true":
            return Trial(problem=f"the image ends at its start: {_last(_run(docker, 'logs', container).stdout)}")
        answer = _answer(_run(docker, "port", container, port).stdout.strip(), path)
        if answer == "200":
            return Trial(fact=f"tried: the image builds, starts, and answers {path} with 200")
        time.sleep(1)
    logged = _last(_run(docker, "logs", container).stdout)
    return Trial(problem=f"the image starts, but answers {path} on port {port} with {answer}, not 200: {logged}")


def _answer(place: str, path: str) -> str:
    """The status, or `nothing`."""
    host, _, port = place.partition("\n")[0].rpartition(":")
    try:
        connection = http.client.HTTPConnection(host, int(port or 0), timeout=5)
        connection.request("GET", path)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException, ValueError):
        return "nothing"


def _run(docker: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [docker, *words],
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _last(text: str) -> str:
    lines = [clean(line).strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-LINES:])
