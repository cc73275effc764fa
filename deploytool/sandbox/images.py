"""The images the sandbox stands on: built once, kept as a file, so that even a wiped Docker has them in seconds."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.sandbox import process
from deploytool.sandbox.cache import cache
from deploytool.sandbox.engine import docker, install
from deploytool.sandbox.errors import CommandFailed, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "archdeck-base:1"
DATA = "archdeck-data:1"
PUBLIC_DEBIAN = "debian:bookworm-slim"
OWN_DEBIAN = "archdeck-debian:1"
SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
UNREAD = ("man", "doc", "locale", "info")
SOURCE = Path(__file__).parent / "cloud" / "images"
PROBE_SECONDS = 20
REVISION = "deploytool.sandbox.images"


def ensure(say: Callable[[str], None]) -> None:
    """Make sure that both images are in Docker: they are there, or come from the cache, or are built (about a minute).

    Raises:
        SandboxError: neither a registry nor a way to build from Debian's packages is at hand.
        CommandFailed: a step of the build failed.
    """
    revision = hashlib.sha256((SOURCE / "Dockerfile").read_bytes()).hexdigest()[:12]
    if all(_revision(image) == revision for image in (BASE, DATA)):
        return
    saved = cache() / f"images-{revision}.tar"
    if saved.exists():
        say("loading the base images from the cache")
        docker("load", "-q", "-i", saved)
        return
    debian = _debian(say)
    for image, target in ((BASE, "base"), (DATA, "data")):
        say(f"building {image} (once)")
        docker(
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
            SOURCE,
            timeout=600,
        )
    partial = saved.with_suffix(f".{os.getpid()}")
    docker("save", "-o", partial, BASE, DATA)
    partial.replace(saved)


def _revision(image: str) -> str:
    try:
        return docker("image", "inspect", "--format", f'{{{{index .Config.Labels "{REVISION}"}}}}', image).strip()
    except CommandFailed:
        return ""


def _debian(say: Callable[[str], None]) -> str:
    """An image of Debian to build on: the public one where a registry can be reached, else one made from packages."""
    try:
        docker("pull", "-q", PUBLIC_DEBIAN, timeout=PROBE_SECONDS)
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
    say("no registry can be reached: making a Debian image from packages (once, about 40 s)")
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
        docker("import", archive, OWN_DEBIAN)
    return OWN_DEBIAN
