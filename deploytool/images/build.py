"""Builds an image, pushes it and finds out its digest."""

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
from deploytool.images.secrets import mask, secret_values
from deploytool.images.spec import Built

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploytool.images.buildx import Toolchain
    from deploytool.images.spec import BuildSpec


# Enough to hold a failed step's last lines and everything Docker says after them.
_REMEMBERED_LINES = 500


@dataclass(frozen=True)
class Builder:
    """Builds one image after another, so that they share the layer cache.

    ``environ`` is docker's environment (``login.registry_login`` gives one that is logged in) and where build secrets
    are taken from. ``timeout_seconds`` is for each docker command.
    """

    tools: Toolchain
    environ: Mapping[str, str]
    auth: registry.Auth | None = None
    timeout_seconds: float = 3600
    pause: Callable[[float], None] = time.sleep
    """Waits for more output, or raises where we are to stop."""

    def build(self, spec: BuildSpec, on_line: Callable[[str], None]) -> Built:
        """Build and push ``spec``; its output goes to ``on_line``, secrets masked.

        Where another run pushed the same commit's image first, under a tag that is immutable, that image is the result.

        Raises:
            BuildError: the class says why (``deploytool.images.errors``).
        """
        hidden = secret_values(spec.secrets, self.environ)
        _require_sources(spec)
        if notice := unused_cache(spec, self.tools, self.environ):
            on_line(notice)
        with tempfile.TemporaryDirectory(prefix="deploytool-build-") as folder:
            metadata = Path(folder) / "metadata.json"
            output: list[str] = []
            for command in commands(spec, self.tools, metadata):
                try:
                    output = self._run(command, spec, hidden, on_line)
                except TagTaken as taken:
                    return self._pushed_by_another(spec, taken, on_line)
            digest = _built_digest(metadata) or _pushed_digest(output)
        return self._confirmed(spec, digest)

    def _run(
        self, command: Command, spec: BuildSpec, hidden: tuple[str, ...], on_line: Callable[[str], None]
    ) -> list[str]:
        tail: deque[str] = deque(maxlen=_REMEMBERED_LINES)

        def show(line: str) -> None:
            for masked in mask([line], hidden):
                tail.append(masked)
                on_line(masked)

        if stream(command, self.environ, show, self.timeout_seconds, self.pause) != 0:
            raise explain_failure(command.stage, spec, list(tail))
        return list(tail)

    def _confirmed(self, spec: BuildSpec, digest: str | None) -> Built:
        """Asked by digest: the tag of a mutable repository may already be another run's."""
        reference = registry.ImageName.parse(spec.reference).at(digest) if digest else spec.reference
        held = registry.manifest(reference, self.auth)
        if held is None:
            raise RegistryFailed(
                f"{reference} was pushed, but the registry does not hold it", "release again; if it stays, look there"
            )
        return Built(spec.reference, held.digest, held.platforms)

    def _pushed_by_another(self, spec: BuildSpec, taken: TagTaken, on_line: Callable[[str], None]) -> Built:
        held = registry.manifest(spec.reference, self.auth)
        if held is None or spec.revision is None or held.revision != spec.revision:
            raise taken
        on_line(f"{spec.reference} was pushed by another run of the same commit: using {held.digest}")
        return Built(spec.reference, held.digest, held.platforms, reused=True)


def _require_sources(spec: BuildSpec) -> None:
    if not spec.context.is_dir():
        raise ContextMissing(
            f"image {spec.name}: the build context {spec.context} is not a directory",
            "correct context in deploytool.yml",
        )
    if not spec.dockerfile.is_file():
        raise DockerfileMissing(
            f"image {spec.name}: there is no {spec.dockerfile}", "create it, or correct dockerfile in deploytool.yml"
        )


def _built_digest(metadata: Path) -> str | None:
    """What buildx pushed (``containerimage.digest`` in its metadata file)."""
    if not metadata.is_file():
        return None
    digest = json.loads(metadata.read_text(encoding="utf-8")).get("containerimage.digest")
    return str(digest) if digest else None


def _pushed_digest(output: list[str]) -> str | None:
    """What ``docker push`` pushed: its last line is ``TAG: digest: sha256:… size: …``."""
    found = [match for match in (re.search(r"digest: (sha256:[0-9a-f]{64}) size:", line) for line in output) if match]
    return found[-1].group(1) if found else None
