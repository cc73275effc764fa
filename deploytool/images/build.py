"""Builds an image, pushes it and determines its digest."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.images import registry
from deploytool.images.buildx import Command, commands, stream, unused_cache
from deploytool.images.errors import ContextMissing, DockerfileMissing, RegistryFailed, TagTaken
from deploytool.images.failures import explain_failure
from deploytool.images.secrets import masking, secret_values
from deploytool.images.spec import Built

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploytool.images.buildx import Toolchain
    from deploytool.images.spec import BuildSpec


# Enough for the last lines of a failed step and all that Docker prints after them.
_REMEMBERED_LINES = 500


@dataclass(frozen=True)
class Builder:
    """Builds images one by one, so that they share the layer cache.

    ``environ`` is docker's environment (from ``registry_login``) and the source of build secrets. The timeout is per
    docker command.
    """

    tools: Toolchain
    environ: Mapping[str, str]
    auth: registry.Auth | None = None
    timeout_seconds: float = 3600
    pause: Callable[[float], None] = time.sleep
    """Waits for more output, or raises on cancellation."""

    def build(self, spec: BuildSpec, on_line: Callable[[str], None]) -> Built:
        """Build and push ``spec``; output goes to ``on_line``, secrets masked.

        If another run has pushed the image of the same commit under an immutable tag, that image is the result.

        Raises:
            BuildError: the class says why (``deploytool.images.errors``).
        """
        masked = masking(secret_values(spec.secrets, self.environ))
        _require_sources(spec)
        if notice := unused_cache(spec, self.tools, self.environ):
            on_line(notice)
        with tempfile.TemporaryDirectory(prefix="deploytool-build-") as folder:
            metadata = Path(folder) / "metadata.json"
            output: list[str] = []
            for command in commands(spec, self.tools, metadata):
                try:
                    output = self._run(command, spec, masked, on_line)
                except TagTaken as taken:
                    return self._reuse(spec, taken, on_line)
            digest = _built_digest(metadata) or _pushed_digest(output)
        return self._confirmed(spec, digest)

    def _run(
        self, command: Command, spec: BuildSpec, masked: Callable[[str], str], on_line: Callable[[str], None]
    ) -> list[str]:
        tail: deque[str] = deque(maxlen=_REMEMBERED_LINES)

        def show(line: str) -> None:
            tail.append(masked(line))
            on_line(tail[-1])

        if stream(command, self.environ, show, self.timeout_seconds, self.pause) != 0:
            raise explain_failure(command.stage, spec, list(tail))
        return list(tail)

    def _confirmed(self, spec: BuildSpec, digest: str | None) -> Built:
        """By digest: a mutable tag may already name the image of another run."""
        reference = registry.ImageName.parse(spec.reference).at(digest) if digest else spec.reference
        manifest = registry.manifest(reference, self.auth)
        if manifest is None:
            raise RegistryFailed(
                f"{reference} was pushed, but the registry does not have it",
                "release again; then check the registry",
            )
        return Built(spec.reference, manifest.digest, manifest.platforms)

    def _reuse(self, spec: BuildSpec, taken: TagTaken, on_line: Callable[[str], None]) -> Built:
        manifest = registry.manifest(spec.reference, self.auth)
        if manifest is None or spec.revision is None or manifest.revision != spec.revision:
            raise taken
        on_line(f"{spec.reference} was pushed by another run of the same commit: using {manifest.digest}")
        return Built(spec.reference, manifest.digest, manifest.platforms, reused=True)


def _require_sources(spec: BuildSpec) -> None:
    if not spec.context.is_dir():
        raise ContextMissing(
            f"image {spec.name}: the build context {spec.context} is not a directory",
            "correct context in deploytool.yml",
        )
    if not spec.dockerfile.is_file():
        raise DockerfileMissing(
            f"image {spec.name}: {spec.dockerfile} does not exist", "create it, or correct dockerfile in deploytool.yml"
        )


def _built_digest(metadata: Path) -> str | None:
    """From the metadata file of buildx."""
    if not metadata.is_file():
        return None
    digest = json.loads(metadata.read_text(encoding="utf-8")).get("containerimage.digest")
    return str(digest) if digest else None


def _pushed_digest(output: list[str]) -> str | None:
    """From the last line of ``docker push``: ``TAG: digest: sha256:… size: …``."""
    digests = re.findall(r"digest: (sha256:[0-9a-f]{64}) size:", "\n".join(output))
    return str(digests[-1]) if digests else None
