"""What docker's output means: the last lines of a failed command, as one of our errors. Pure.

The messages are those of BuildKit 0.8 (in dockerd 20.10) to 0.19, seen with and without buildx; Amazon ECR's own are
from moby/buildkit#3776 and aws-actions/amazon-ecr-login#4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from deploytool.images import errors
from deploytool.images.buildx import daemon_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploytool.errors import BuildError
    from deploytool.images.spec import BuildSpec


_SHOWN_LINES = 20
_VERTEX_LINE = re.compile(r"#(\d+) (.*)")
_STEP_FAILED = re.compile(
    r"(?:executor failed running \[.*\]|process \".*\" did not complete successfully): exit code: (\d+)"
)
_NETWORK = re.compile(
    r"(?i)no such host|connection refused|connection reset|i/o timeout|TLS handshake timeout|network is unreachable"
    r"|failed to do request|context deadline exceeded|unexpected EOF|: EOF$|server misbehaving|50[0234] "
)
_DENIED = re.compile(
    r"(?i)no basic auth credentials|\bdenied\b|unauthorized|\b40[13] (?:Forbidden|Unauthorized)|authorization failed"
    r"|authorization token has expired|insufficient_scope"
)
_DISK_FULL = re.compile(r"(?i)no space left on device|disk quota exceeded")


def explain_failure(stage: Literal["build", "push"], spec: BuildSpec, lines: Sequence[str]) -> BuildError:
    """The error behind ``lines``, the output (already masked) of a docker command that failed."""
    said = _error_lines(lines)
    fault = daemon_fault(said) or _failed_step(spec, lines, said)
    if fault:
        return fault
    if _DISK_FULL.search(said):
        return _disk_full(spec)
    if stage == "push" or _was_pushing(lines, said):
        return _push_failed(spec, said)
    return _build_failed(spec, said)


def _error_lines(lines: Sequence[str]) -> str:
    """Docker's own last word, without what the steps printed."""
    own = [line for line in lines if line.strip() and not _VERTEX_LINE.match(line)]
    told = [line for line in own if line.startswith(("ERROR: ", "error: ", "Error response"))]
    last = (told or own or ["docker said nothing"])[-1].strip()
    return re.sub(r"^(?:ERROR|error): ", "", last)


def _was_pushing(lines: Sequence[str], said: str) -> bool:
    """buildx builds and pushes in one command: the heading of the failed part tells which it was."""
    return "failed to push" in said or any(re.match(r" > (?:pushing|exporting to image)", line) for line in lines)


def _failed_step(spec: BuildSpec, lines: Sequence[str], said: str) -> BuildError | None:
    ended = _STEP_FAILED.search(said)
    if not ended:
        return None
    output = _last_output(lines)
    if any(_DISK_FULL.search(line) for line in output):
        return _disk_full(spec)
    if any("exec format error" in line for line in (*output, said)):
        return errors.EmulationMissing(
            f"image {spec.name}: a RUN step is for another CPU than this machine's",
            "add docker/setup-qemu-action before the release step, or build on a runner of that CPU",
        )
    # Other headings may follow: a cache that could not be read has one, too.
    headings = [line[3:].rstrip(":") for line in lines if re.match(r" > \[.*\] RUN ", line)]
    return errors.StepFailed(spec.name, headings[-1] if headings else "a RUN step", ended.group(1), output)


def _last_output(lines: Sequence[str]) -> tuple[str, ...]:
    """The last lines printed by the step that failed, without BuildKit's step number and seconds."""
    vertices = [found for found in map(_VERTEX_LINE.match, lines) if found]
    failed = [found.group(1) for found in vertices if found.group(2).startswith("ERROR: ")]
    if not failed:
        return ()
    printed = (re.fullmatch(r"\d+\.\d+ (.*)", found.group(2)) for found in vertices if found.group(1) == failed[-1])
    return tuple(line.group(1) for line in printed if line)[-_SHOWN_LINES:]


def _push_failed(spec: BuildSpec, said: str) -> BuildError:
    registry, _, repository = spec.reference.rpartition(":")[0].partition("/")
    if re.search(r"(?i)is immutable|already exists in the .* cannot be overwritten", said):
        return errors.TagTaken(
            f"{spec.reference} already names another image, and tags of {repository} are immutable",
            "release a new commit; the image of this one is already there",
        )
    if re.search(r"(?i)name unknown|NAME_UNKNOWN|does not exist in the registry|404 Not Found", said):
        return errors.RepositoryMissing(
            f"{registry} has no repository {repository}", "create it, or correct repository in deploytool.yml"
        )
    if _DENIED.search(said):
        return errors.RegistryDenied(
            f"{registry} refused the push to {repository}: {said}",
            "allow ecr:GetAuthorizationToken, BatchCheckLayerAvailability, InitiateLayerUpload, UploadLayerPart,"
            " CompleteLayerUpload, PutImage and BatchGetImage on the repository",
        )
    if _NETWORK.search(said):
        return _unreachable(registry, said)
    return errors.BuildFailed(f"image {spec.name} could not be pushed: {said}", "see Docker's output above")


def _build_failed(spec: BuildSpec, said: str) -> BuildError:
    if re.search(r"target stage \S+ could not be found", said):
        return errors.TargetMissing(
            f"image {spec.name}: {spec.dockerfile} has no stage {spec.target}",
            f"name the stage: FROM … AS {spec.target}, or correct target in deploytool.yml",
        )
    if "failed to read dockerfile" in said:
        return errors.DockerfileMissing(
            f"image {spec.name}: Docker cannot read {spec.dockerfile}", "correct dockerfile in deploytool.yml"
        )
    if re.search(r"(?i)dockerfile parse error|Dockerfile cannot be empty|no build stage in current context", said):
        what = said.rpartition("failed to create LLB definition: ")[2]
        return errors.DockerfileInvalid(f"image {spec.name}: {spec.dockerfile}: {what}", "correct the Dockerfile")
    if copied := re.search(r"failed to (?:compute cache key|calculate checksum).*?\"(/[^\"]*)\":? not found", said):
        return errors.CopiedFileMissing(
            f"image {spec.name}: {copied.group(1)} is not in the build context {spec.context}",
            "commit the file, or take it out of .dockerignore, or correct COPY",
        )
    if mounted := re.search(r"secret (\S+)(?: not found|: not found)", said):
        return errors.SecretMissing(
            f"image {spec.name}: the Dockerfile requires a build secret {mounted.group(1)} that is not configured",
            f"add {mounted.group(1)} to the image's secrets in deploytool.yml",
        )
    if re.search(r"(?i)multi-platform build is not supported|multiple platforms feature is currently not", said):
        return errors.PlatformsUnsupported(
            f"image {spec.name}: this Docker's builder cannot build {', '.join(spec.platforms)} at once",
            "add docker/setup-buildx-action (locally: docker buildx create --use), or name one platform",
        )
    return _base_image(spec, said) or errors.BuildFailed(
        f"image {spec.name} could not be built: {said}", "see Docker's output above"
    )


def _base_image(spec: BuildSpec, said: str) -> BuildError | None:
    what = said.rpartition("failed to create LLB definition: ")[2]
    # Docker Hub says "access denied" of an image that does not exist, too.
    if re.search(r"(?i)pull access denied|repository does not exist", said):
        return errors.BaseImageMissing(
            f"image {spec.name}: a base image does not exist or is private: {what}",
            "correct the FROM line, or log in to its registry before the release step",
        )
    if _DENIED.search(said):
        return errors.BaseImageDenied(
            f"image {spec.name}: the registry of a base image refuses us: {what}",
            "log in to that registry before the release step (docker/login-action, docker login)",
        )
    if re.search(r": not found$", said):
        return errors.BaseImageMissing(
            f"image {spec.name}: a base image does not exist: {what}", "correct the FROM line"
        )
    if _NETWORK.search(said):
        return _unreachable("the registry of a base image", what)
    return None


def _unreachable(registry: str, said: str) -> BuildError:
    return errors.RegistryUnreachable(
        f"{registry} does not answer: {said}", "check the network and the registry's name, then release again"
    )


def _disk_full(spec: BuildSpec) -> BuildError:
    return errors.DiskFull(
        f"image {spec.name}: no space left on the device Docker builds on", "free some: docker system prune --all"
    )
