"""Why an image was not built or not pushed."""

from __future__ import annotations

from deploytool.errors import BuildError


class DockerMissing(BuildError):
    """No ``docker`` on PATH."""

    def __init__(self) -> None:
        super().__init__(
            "docker is not installed", "install Docker, or use a runner that has it, such as GitHub's Ubuntu runners"
        )


class BuildKitMissing(BuildError):
    """A docker client of version 23 or newer without its buildx component."""

    def __init__(self, docker: str, version: str) -> None:
        super().__init__(
            f"{docker} {version} cannot build: its buildx component is missing",
            "install docker-buildx-plugin (https://docs.docker.com/go/buildx/)",
        )


class DaemonUnreachable(BuildError):
    """The daemon does not respond."""

    def __init__(self, output: str) -> None:
        super().__init__(f"the Docker daemon does not respond: {output}", "start Docker, or correct DOCKER_HOST")


class SocketDenied(BuildError):
    """No permission for the daemon's socket."""

    def __init__(self) -> None:
        super().__init__(
            "no permission for the socket of the Docker daemon",
            "add the user to the group docker and log in again, or use a rootless daemon",
        )


class DockerConfigUnreadable(BuildError):
    """The user's Docker ``config.json`` is invalid."""


class ContextMissing(BuildError):
    """The build context is not a directory."""


class DockerfileMissing(BuildError):
    """There is no such Dockerfile."""


class DockerfileInvalid(BuildError):
    """BuildKit cannot parse the Dockerfile."""


class TargetMissing(BuildError):
    """The Dockerfile has no stage of that name."""


class CopiedFileMissing(BuildError):
    """COPY or ADD names a file that is not in the build context."""


class BaseImageMissing(BuildError):
    """A FROM (or COPY --from) names an image that does not exist."""


class BaseImageDenied(BuildError):
    """The registry of a base image requires a login."""


class SecretMissing(BuildError):
    """A build secret has no value: its variable is not set or its file does not exist."""


class PlatformsUnsupported(BuildError):
    """This Docker cannot build for these platforms at once."""


class EmulationMissing(BuildError):
    """A RUN step is for another CPU and the kernel cannot emulate it."""


class StepFailed(BuildError):
    """A RUN step ended with a non-zero exit code. ``output`` is its last lines, secrets masked."""

    def __init__(self, image: str, step: str, exit_code: str, output: tuple[str, ...]) -> None:
        self.step = step
        self.output = output
        lines = "".join(f"\n  {line}" for line in output)
        super().__init__(
            f"image {image}: {step} ended with exit code {exit_code}{lines}",
            "reproduce it with docker build; correct the Dockerfile or what it runs",
        )


class DiskFull(BuildError):
    """No space left where Docker keeps its layers."""


class BuildTimedOut(BuildError):
    """A docker command ran longer than it may."""


class BuildFailed(BuildError):
    """Docker failed for another reason; the cause is its last line."""


class RegistryDenied(BuildError):
    """The registry denied reading or writing."""


class RepositoryMissing(BuildError):
    """The registry has no such repository."""


class TagTaken(BuildError):
    """The tag is immutable and already names another image."""


class RegistryUnreachable(BuildError):
    """The registry did not respond."""


class RegistryFailed(BuildError):
    """The registry returned neither an image nor a known error."""
