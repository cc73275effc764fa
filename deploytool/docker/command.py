"""Docker command lines as data: what is run is decided here, ``process`` runs it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from deploytool.docker.errors import PlatformsUnsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from deploytool.docker.spec import BuildSecret, BuildSpec
    from deploytool.docker.toolchain import Toolchain


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
