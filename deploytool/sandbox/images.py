"""The sandbox's images: the base images, saved as a file for a wiped Docker, and the placeholder in the local ECR."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import requests

from deploytool.sandbox import process
from deploytool.sandbox.docker import docker_client, install
from deploytool.sandbox.errors import CommandFailed, SandboxError
from deploytool.sandbox.process import WriteLine, cache

BASE = "archdeck-base:1"
DATA = "archdeck-data:1"
PUBLIC_DEBIAN = "debian:bookworm-slim"
OWN_DEBIAN = "archdeck-debian:1"
IMAGE_SOURCE = Path(__file__).parent / "_images"
PROBE_SECONDS = 20
REVISION = "deploytool.sandbox.images"
PLACEHOLDER_SOURCE = Path(__file__).parent / "_placeholder"
TAG = "placeholder"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
REGISTRY_SECONDS = 120


def ensure(write_line: WriteLine) -> None:
    """Make sure that both images are in Docker: they are there, or come from the cache, or are built (about a minute).

    Raises:
        SandboxError: neither a registry nor a way to build from Debian's packages is available.
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
        options = ("--build-arg", f"DEBIAN={debian}", "--label", f"{REVISION}={revision}", "--target", target)
        docker_client("build", "-q", *options, "-t", image, IMAGE_SOURCE, timeout=600)
    partial = saved.with_suffix(f".{os.getpid()}")
    docker_client("save", "-o", partial, BASE, DATA)
    partial.replace(saved)


def _revision(image: str) -> str:
    template = f'{{{{index .Config.Labels "{REVISION}"}}}}'
    try:
        return docker_client("image", "inspect", "--format", template, image).strip()
    except CommandFailed:
        return ""


def _debian(write_line: WriteLine) -> str:
    """A Debian image to build on: the public one where a registry can be reached, else one made from packages."""
    try:
        docker_client("pull", "-q", PUBLIC_DEBIAN, timeout=PROBE_SECONDS)
    except CommandFailed as error:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise SandboxError(
                f"{PUBLIC_DEBIAN} cannot be pulled ({error.output.strip()[-200:]})",
                "give Docker access to a registry, or run as root on Debian, where the image is made from packages",
            ) from error
    else:
        return PUBLIC_DEBIAN
    if not shutil.which("mmdebstrap"):
        install("mmdebstrap")
    write_line("no registry can be reached: making a Debian image from packages (once, about 40 s)")
    with tempfile.TemporaryDirectory(prefix="deploytool-") as directory:
        archive = Path(directory) / "debian.tar"
        options = (
            "--quiet",
            "--mode=root",
            "--variant=apt",
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude=/usr/share/{unused}/*" for unused in ("man", "doc", "locale", "info")),
            '--aptopt=APT::Install-Recommends "false"',
        )
        process.run(["mmdebstrap", *options, "bookworm", archive, "http://deb.debian.org/debian"])
        docker_client("import", archive, OWN_DEBIAN)
    return OWN_DEBIAN


def push_placeholder(registry: str, repository: str) -> str:
    """Build the placeholder and push it; its reference by digest.

    Its layers are kept on disk, since compressing them takes seconds.

    Raises:
        CommandFailed: Docker could not build or push it.
        SandboxError: the registry refused a layer.
    """
    reference = f"{registry}/{repository}:{TAG}"
    docker_client("build", "-q", "-t", reference, PLACEHOLDER_SOURCE)
    image = docker_client("image", "inspect", "--format", "{{.Id}}", reference).strip().removeprefix("sha256:")
    saved = cache() / "pushed" / image
    api = f"http://{registry}/v2/{repository}"
    if not (saved / "manifest.json").exists():
        docker_client("push", "-q", reference)
        _download(api, saved)
    return f"{registry}/{repository}@{_upload(api, saved)}"


def _download(api: str, saved: Path) -> None:
    """Fetch what Docker pushed. The manifest is written last: a directory that has it is complete."""
    saved.mkdir(parents=True, exist_ok=True)
    manifest = _request("GET", f"{api}/manifests/{TAG}", headers={"Accept": MANIFEST}).content
    for digest in _blobs(manifest):
        (saved / digest).write_bytes(_request("GET", f"{api}/blobs/{digest}").content)
    (saved / "manifest.json").write_bytes(manifest)


def _upload(api: str, saved: Path) -> str:
    """Upload what the registry lacks of the image; the digest of its manifest."""
    manifest = (saved / "manifest.json").read_bytes()
    for digest in _blobs(manifest):
        if not requests.head(f"{api}/blobs/{digest}", timeout=REGISTRY_SECONDS).ok:
            _request("POST", f"{api}/blobs/uploads/", params={"digest": digest}, data=(saved / digest).read_bytes())
    response = requests.head(f"{api}/manifests/{TAG}", headers={"Accept": MANIFEST}, timeout=REGISTRY_SECONDS)
    if not response.ok:
        response = _request("PUT", f"{api}/manifests/{TAG}", data=manifest, headers={"Content-Type": MANIFEST})
    return response.headers["Docker-Content-Digest"]


def _blobs(manifest: bytes) -> list[str]:
    document = json.loads(manifest)
    return [document["config"]["digest"], *(layer["digest"] for layer in document["layers"])]


def _request(method: str, url: str, **arguments: Any) -> requests.Response:
    response = requests.request(method, url, timeout=REGISTRY_SECONDS, **arguments)
    if not response.ok:
        cause = f"the sandbox's registry answered {response.status_code} to {method} {url}"
        raise SandboxError(cause, "run `deploytool sandbox up` again")
    return response
