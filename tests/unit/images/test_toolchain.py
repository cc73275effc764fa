"""Which docker is built with. Each docker here is a script that answers as one of a kind really does."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytool.images.buildx import Toolchain, find_toolchain
from deploytool.images.errors import BuildKitMissing, DaemonUnreachable, DockerMissing, SocketDenied

NO_BUILDX = "echo 'docker: unknown command: docker buildx' >&2; exit 1"
SERVER = "echo 20.10.24"
STOPPED = "echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1"
DENIED = "echo 'permission denied while trying to connect to the Docker daemon socket at unix:///x: …' >&2; exit 1"


class SearchPath:
    """Folders with a docker in each, in the order of PATH."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folders: list[Path] = []

    def add(
        self,
        client: str,
        *,
        buildx: str = NO_BUILDX,
        server: str = SERVER,
        driver: str = "docker",
        status: str = '[["Backing Filesystem","extfs"]]',
    ) -> str:
        folder = self.root / str(len(self.folders))
        folder.mkdir()
        docker = folder / "docker"
        docker.write_text(
            f"""#!/bin/sh
case "$*" in
  "buildx version") {buildx} ;;
  "buildx inspect") printf 'Name:   default\\nDriver: {driver}\\nLast Activity: today\\n' ;;
  "version --format {{{{.Client.Version}}}}") echo {client} ;;
  "version --format {{{{.Server.Version}}}}") {server} ;;
  "info --format {{{{json .DriverStatus}}}}") echo '{status}' ;;
  *) echo "unexpected: $*" >&2; exit 64 ;;
esac
"""
        )
        docker.chmod(0o755)
        self.folders.append(folder)
        return str(docker)

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": ":".join(map(str, self.folders))}


@pytest.fixture
def path(tmp_path: Path) -> SearchPath:
    return SearchPath(tmp_path)


def test_plain_buildkit_is_used_when_an_older_docker_has_no_buildx(path: SearchPath) -> None:
    docker = path.add("20.10.24+dfsg1")
    assert find_toolchain(path.environ) == Toolchain(docker)


@pytest.mark.parametrize(
    ("driver", "status", "beyond"),
    [
        ("docker", '[["Backing Filesystem","extfs"]]', False),
        ("docker", '[["driver-type","io.containerd.snapshotter.v1"]]', True),
        ("docker-container", "null", True),
    ],
)
def test_buildx_is_used_when_it_is_there(path: SearchPath, driver: str, status: str, beyond: bool) -> None:
    docker = path.add("27.3.1", buildx="echo buildx", driver=driver, status=status)
    found = find_toolchain(path.environ)
    assert (found.docker, found.driver, found.beyond_classic_store) == (docker, driver, beyond)


def test_a_remote_builder_needs_no_daemon(path: SearchPath) -> None:
    path.add("27.3.1", buildx="echo buildx", driver="remote", server=STOPPED)
    assert find_toolchain(path.environ).driver == "remote"


def test_the_next_docker_on_path_is_used_when_the_first_cannot_build(path: SearchPath) -> None:
    path.add("28.2.2")
    docker = path.add("20.10.24+dfsg1")
    assert find_toolchain(path.environ) == Toolchain(docker)


def test_the_missing_component_is_named_when_no_docker_can_build(path: SearchPath) -> None:
    docker = path.add("28.2.2")
    with pytest.raises(BuildKitMissing, match=f"{docker} 28.2.2 cannot build") as missing:
        find_toolchain(path.environ)
    assert "docker-buildx-plugin" in missing.value.fix


def test_docker_is_called_missing_when_path_has_none(tmp_path: Path) -> None:
    with pytest.raises(DockerMissing):
        find_toolchain({"PATH": str(tmp_path)})


@pytest.mark.parametrize("buildx", [NO_BUILDX, "echo buildx"], ids=["plain", "buildx"])
@pytest.mark.parametrize(
    ("server", "kind"), [(STOPPED, DaemonUnreachable), (DENIED, SocketDenied)], ids=["stopped", "denied"]
)
def test_the_daemon_is_asked_before_anything_is_built(
    path: SearchPath, buildx: str, server: str, kind: type[Exception]
) -> None:
    # buildx inspect ends with 0 and an empty driver when there is no daemon.
    path.add("20.10.24", buildx=buildx, server=server, driver="")
    with pytest.raises(kind):
        find_toolchain(path.environ)
