"""The images the sandbox stands on: built once, kept as a file, so that even a wiped Docker has them in seconds."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from deploytool.sandbox import process
from deploytool.sandbox.docker import docker_client, install
from deploytool.sandbox.errors import CommandFailed, SandboxError
from deploytool.sandbox.process import cache

if TYPE_CHECKING:
    from collections.abc import Callable


# SEG sandbox.images
# The images the sandbox stands on: built once, kept as a file, so that even a wiped Docker has them in seconds.

BASE = "archdeck-base:1"
DATA = "archdeck-data:1"
PUBLIC_DEBIAN = "debian:bookworm-slim"
OWN_DEBIAN = "archdeck-debian:1"
SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
UNREAD = ("man", "doc", "locale", "info")
IMAGE_SOURCE = Path(__file__).parent / "_images"
PROBE_SECONDS = 20
REVISION = "deploytool.sandbox.images"


def ensure(write_line: Callable[[str], None]) -> None:
    """Make sure that both images are in Docker: they are there, or come from the cache, or are built (about a minute).

    Raises:
        SandboxError: neither a registry nor a way to build from Debian's packages is at hand.
        CommandFailed: a step of the build failed.
    """
    revision = hashlib.sha256((IMAGE_SOURCE / "Dockerfile").read_bytes()).hexdigest()[:12]
    if all(_revision(image) == revision for image in (BASE, DATA)):
        return
    saved = cache() / f"images-{revision}.tar"
    if saved.exists():
        write_line("loading the base images from the cache")
        docker_client("load", "-q", "-i", saved)
        return
    debian = _debian(write_line)
    for image, target in ((BASE, "base"), (DATA, "data")):
        write_line(f"building {image} (once)")
        docker_client(
            "build",
            "-q",
            "--build-arg",
            f"DEBIAN={debian}",
            "--label",
            f"{REVISION}={revision}",
            "--target",
            target,
            "-t",
            image,
            IMAGE_SOURCE,
            timeout=600,
        )
    partial = saved.with_suffix(f".{os.getpid()}")
    docker_client("save", "-o", partial, BASE, DATA)
    partial.replace(saved)


def _revision(image: str) -> str:
    try:
        return docker_client(
            "image", "inspect", "--format", f'{{{{index .Config.Labels "{REVISION}"}}}}', image
        ).strip()
    except CommandFailed:
        return ""


def _debian(write_line: Callable[[str], None]) -> str:
    """An image of Debian to build on: the public one where a registry can be reached, else one made from packages."""
    try:
        docker_client("pull", "-q", PUBLIC_DEBIAN, timeout=PROBE_SECONDS)
    except CommandFailed as unreachable:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise SandboxError(
                f"{PUBLIC_DEBIAN} cannot be pulled ({unreachable.output.strip()[-200:]})",
                "give Docker access to a registry, or run as root on Debian, where the image is made from packages",
            ) from unreachable
    else:
        return PUBLIC_DEBIAN
    if not shutil.which("mmdebstrap"):
        install("mmdebstrap")
    write_line("no registry can be reached: making a Debian image from packages (once, about 40 s)")
    with tempfile.TemporaryDirectory(prefix="deploytool-") as directory:
        archive = Path(directory) / "debian.tar"
        process.run(
            [
                "mmdebstrap",
                "--quiet",
                "--mode=root",
                "--variant=apt",
                "--dpkgopt=force-unsafe-io",
                *(f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in UNREAD),
                '--aptopt=APT::Install-Recommends "false"',
                SUITE,
                archive,
                MIRROR,
            ],
            timeout=300,
        )
        docker_client("import", archive, OWN_DEBIAN)
    return OWN_DEBIAN


# SEG sandbox.registry
# The placeholder image into the sandbox's ECR; its layers are kept on disk, since to compress them takes seconds.

PLACEHOLDER_SOURCE = Path(__file__).parent / "_placeholder"
TAG = "placeholder"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SECONDS = 120


def push_placeholder(registry: str, repository: str) -> str:
    """Build the placeholder and push it; its reference by digest.

    Raises:
        CommandFailed: Docker could not build or push it.
        SandboxError: the registry refused a layer.
    """
    reference = f"{registry}/{repository}:{TAG}"
    docker_client("build", "-q", "-t", reference, PLACEHOLDER_SOURCE)
    image = docker_client("image", "inspect", "--format", "{{.Id}}", reference).strip().removeprefix("sha256:")
    kept = cache() / "pushed" / image
    api = f"http://{registry}/v2/{repository}"
    if not (kept / "manifest.json").exists():
        docker_client("push", "-q", reference)
        _keep(api, kept)
    return f"{registry}/{repository}@{_upload(api, kept)}"


def _keep(api: str, kept: Path) -> None:
    """Fetch what Docker pushed. The manifest is written last: a directory that has it is whole."""
    kept.mkdir(parents=True, exist_ok=True)
    manifest = _call("GET", f"{api}/manifests/{TAG}", headers={"Accept": MANIFEST}).content
    for digest in _blobs(manifest):
        (kept / digest).write_bytes(_call("GET", f"{api}/blobs/{digest}").content)
    (kept / "manifest.json").write_bytes(manifest)


def _upload(api: str, kept: Path) -> str:
    """Put the kept image where it is not; the digest of its manifest."""
    manifest = (kept / "manifest.json").read_bytes()
    for digest in _blobs(manifest):
        if requests.head(f"{api}/blobs/{digest}", timeout=SECONDS).status_code != requests.codes.ok:
            _call("POST", f"{api}/blobs/uploads/", params={"digest": digest}, data=(kept / digest).read_bytes())
    found = requests.head(f"{api}/manifests/{TAG}", headers={"Accept": MANIFEST}, timeout=SECONDS)
    if found.status_code != requests.codes.ok:
        found = _call("PUT", f"{api}/manifests/{TAG}", data=manifest, headers={"Content-Type": MANIFEST})
    return found.headers["Docker-Content-Digest"]


def _blobs(manifest: bytes) -> list[str]:
    read = json.loads(manifest)
    return [read["config"]["digest"], *(layer["digest"] for layer in read["layers"])]


def _call(method: str, url: str, **arguments: Any) -> requests.Response:
    answer = requests.request(method, url, timeout=SECONDS, **arguments)
    if not answer.ok:
        cause = f"the sandbox's registry answered {answer.status_code} to {method} {url}"
        raise SandboxError(cause, "run `deploytool sandbox up` again")
    return answer
