"""What docker's output means: the last lines of a failed command, as an error.

The messages are those of BuildKit 0.8 (in dockerd 20.10) to 0.19, seen with and without buildx; Amazon ECR's own are
from moby/buildkit#3776 and aws-actions/amazon-ecr-login#4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from deploytool.images import errors
from deploytool.images.buildx import daemon_error

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
    message = _error_lines(lines)
    error = daemon_error(message) or _failed_step(spec, lines, message)
    if error:
        return error
    if _DISK_FULL.search(message):
        return _disk_full(spec)
    if stage == "push" or _was_pushing(lines, message):
        return _push_failed(spec, message)
    return _build_failed(spec, message)


def _error_lines(lines: Sequence[str]) -> str:
    """Docker's last message, without the output of the steps."""
    own = [line for line in lines if line.strip() and not _VERTEX_LINE.match(line)]
    errors_only = [line for line in own if line.startswith(("ERROR: ", "error: ", "Error response"))]
    last = (errors_only or own or ["docker printed nothing"])[-1].strip()
    return re.sub(r"^(?:ERROR|error): ", "", last)


def _was_pushing(lines: Sequence[str], message: str) -> bool:
    """buildx builds and pushes in one command: the heading of the failed part shows which it was."""
    return "failed to push" in message or any(re.match(r" > (?:pushing|exporting to image)", line) for line in lines)


def _failed_step(spec: BuildSpec, lines: Sequence[str], message: str) -> BuildError | None:
    ended = _STEP_FAILED.search(message)
    if not ended:
        return None
    output = _last_output(lines)
    if any(_DISK_FULL.search(line) for line in output):
        return _disk_full(spec)
    if any("exec format error" in line for line in (*output, message)):
        return errors.EmulationMissing(
            f"image {spec.name}: a RUN step is for another CPU than this machine's",
            "add docker/setup-qemu-action before the release step, or build on a runner of that CPU",
        )
    # Other headings may follow, such as one of an unreadable cache.
    headings = [line[3:].rstrip(":") for line in lines if re.match(r" > \[.*\] RUN ", line)]
    return errors.StepFailed(spec.name, headings[-1] if headings else "a RUN step", ended.group(1), output)


def _last_output(lines: Sequence[str]) -> tuple[str, ...]:
    """The last lines of the failed step, without BuildKit's step number and seconds."""
    vertices = [match for match in map(_VERTEX_LINE.match, lines) if match]
    failed = [match.group(1) for match in vertices if match.group(2).startswith("ERROR: ")]
    printed = (re.fullmatch(r"\d+\.\d+ (.*)", match.group(2)) for match in vertices if match.group(1) in failed[-1:])
    return tuple(line.group(1) for line in printed if line)[-_SHOWN_LINES:]


def _push_failed(spec: BuildSpec, message: str) -> BuildError:
    registry, _, repository = spec.reference.rpartition(":")[0].partition("/")
    if re.search(r"(?i)is immutable|already exists in the .* cannot be overwritten", message):
        return errors.TagTaken(
            f"{spec.reference} already names another image, and tags of {repository} are immutable",
            "release a new commit; this one already has an image",
        )
    if re.search(r"(?i)name unknown|NAME_UNKNOWN|does not exist in the registry|404 Not Found", message):
        return errors.RepositoryMissing(
            f"{registry} has no repository {repository}", "create it, or correct repository in deploytool.yml"
        )
    if _DENIED.search(message):
        return errors.RegistryDenied(
            f"{registry} refused the push to {repository}: {message}",
            "allow ecr:GetAuthorizationToken, BatchCheckLayerAvailability, InitiateLayerUpload, UploadLayerPart,"
            " CompleteLayerUpload, PutImage and BatchGetImage on the repository",
        )
    if _NETWORK.search(message):
        return _unreachable(registry, message)
    return errors.BuildFailed(f"image {spec.name} could not be pushed: {message}", "see Docker's output above")


def _build_failed(spec: BuildSpec, message: str) -> BuildError:
    if re.search(r"target stage \S+ could not be found", message):
        return errors.TargetMissing(
            f"image {spec.name}: {spec.dockerfile} has no stage {spec.target}",
            f"name the stage: FROM … AS {spec.target}, or correct target in deploytool.yml",
        )
    if "failed to read dockerfile" in message:
        return errors.DockerfileMissing(
            f"image {spec.name}: Docker cannot read {spec.dockerfile}", "correct dockerfile in deploytool.yml"
        )
    if re.search(r"(?i)dockerfile parse error|Dockerfile cannot be empty|no build stage in current context", message):
        what = message.rpartition("failed to create LLB definition: ")[2]
        return errors.DockerfileInvalid(f"image {spec.name}: {spec.dockerfile}: {what}", "correct the Dockerfile")
    if copied := re.search(r"failed to (?:compute cache key|calculate checksum).*?\"(/[^\"]*)\":? not found", message):
        return errors.CopiedFileMissing(
            f"image {spec.name}: {copied.group(1)} is not in the build context {spec.context}",
            "commit the file, remove it from .dockerignore, or correct COPY",
        )
    if mounted := re.search(r"secret (\S+)(?: not found|: not found)", message):
        return errors.SecretMissing(
            f"image {spec.name}: the Dockerfile requires a build secret {mounted.group(1)} that is not configured",
            f"add {mounted.group(1)} to the image's secrets in deploytool.yml",
        )
    if re.search(r"(?i)multi-platform build is not supported|multiple platforms feature is currently not", message):
        return errors.PlatformsUnsupported(
            f"image {spec.name}: this Docker's builder cannot build {', '.join(spec.platforms)} at once",
            "add docker/setup-buildx-action (locally: docker buildx create --use), or name one platform",
        )
    return _base_image(spec, message) or errors.BuildFailed(
        f"image {spec.name} could not be built: {message}", "see Docker's output above"
    )


def _base_image(spec: BuildSpec, message: str) -> BuildError | None:
    what = message.rpartition("failed to create LLB definition: ")[2]
    # Docker Hub also says "access denied" for an image that does not exist.
    if re.search(r"(?i)pull access denied|repository does not exist", message):
        return errors.BaseImageMissing(
            f"image {spec.name}: a base image does not exist or is private: {what}",
            "correct the FROM line, or log in to its registry before the release step",
        )
    if _DENIED.search(message):
        return errors.BaseImageDenied(
            f"image {spec.name}: the registry of a base image denied access: {what}",
            "log in to that registry before the release step (docker/login-action, docker login)",
        )
    if re.search(r": not found$", message):
        return errors.BaseImageMissing(
            f"image {spec.name}: a base image does not exist: {what}", "correct the FROM line"
        )
    if _NETWORK.search(message):
        return _unreachable("the registry of a base image", what)
    return None


def _unreachable(registry: str, message: str) -> BuildError:
    return errors.RegistryUnreachable(
        f"{registry} does not respond: {message}", "check the network and the registry's name, then release again"
    )


def _disk_full(spec: BuildSpec) -> BuildError:
    return errors.DiskFull(
        f"image {spec.name}: no space left on Docker's device", "free space: docker system prune --all"
    )
