"""What one image is built from, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


Cache = Literal["none", "registry", "github"]

REVISION_LABEL = "org.opencontainers.image.revision"
SOURCE_LABEL = "org.opencontainers.image.source"


@dataclass(frozen=True)
class BuildSecret:
    """A value the Dockerfile mounts with ``RUN --mount=type=secret,id=…``; it comes from ``env`` or from ``file``."""

    id: str
    env: str | None = None
    file: Path | None = None

    def __post_init__(self) -> None:
        if (self.env is None) == (self.file is None):
            raise ValueError(f"build secret {self.id}: give exactly one of env and file")


@dataclass(frozen=True)
class BuildSpec:
    """One image. Paths are absolute or relative to the working directory; ``reference`` is ``registry/repository:tag``.

    ``labels`` are OCI annotation keys (``org.opencontainers.image.revision``, ``.source``, ``.created``, ``.version``).
    """

    name: str
    context: Path
    dockerfile: Path
    reference: str
    target: str | None = None
    platforms: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[BuildSecret, ...] = ()
    cache: Cache = "none"
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> str | None:
        """The commit of the image, from its label."""
        return self.labels.get(REVISION_LABEL)


@dataclass(frozen=True)
class Built:
    """An image in the registry. ``digest`` is ``sha256:…``; ``platforms`` are ``os/architecture[/variant]``."""

    reference: str
    digest: str
    platforms: tuple[str, ...] = ()
    reused: bool = False
