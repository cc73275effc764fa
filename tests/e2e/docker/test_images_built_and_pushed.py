"""An image is built, pushed, and known by the digest the registry holds it under. Real docker, real registry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploytool.images import registry as images
from deploytool.images.build import Builder
from deploytool.images.buildx import find_toolchain
from deploytool.images.registry import registry_login
from deploytool.images.spec import REVISION_LABEL, BuildSpec

if TYPE_CHECKING:
    from deploytool.images.buildx import Toolchain
    from tests.e2e.docker.local_registry import Registry


@pytest.fixture
def spec(context: Path, base_image: str, reference: str) -> BuildSpec:
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(
        f"FROM {base_image} AS app\nARG COMMIT\nRUN echo built of $COMMIT\nFROM app AS migrate\nRUN echo migrate\n"
    )
    labels = {REVISION_LABEL: "1a2b3c", "org.opencontainers.image.source": "https://example.test/shop"}
    return BuildSpec(
        "app", context, dockerfile, reference, target="app", build_args={"COMMIT": "1a2b3c"}, labels=labels
    )


def test_the_digest_and_platform_are_the_registrys_when_an_image_was_pushed(
    spec: BuildSpec, tools: Toolchain, environ: dict[str, str], registry: Registry
) -> None:
    lines: list[str] = []
    built = Builder(tools, environ, registry.auth).build(spec, lines.append)
    held = images.manifest(spec.reference, registry.auth)
    assert held is not None
    assert (built.digest, built.platforms, built.reused) == (held.digest, ("linux/amd64",), False)
    assert held.revision == "1a2b3c"
    assert any("built of 1a2b3c" in line for line in lines)
    assert not any("echo migrate" in line for line in lines), "only the stages of the target are built"


def test_the_digest_can_be_pulled_and_run(
    spec: BuildSpec, tools: Toolchain, environ: dict[str, str], registry: Registry
) -> None:
    built = Builder(tools, environ, registry.auth).build(spec, lambda _: None)
    pinned = images.ImageName.parse(spec.reference).at(built.digest)
    output = subprocess.run(
        [tools.docker, "run", "--rm", "--network", "none", pinned, "echo", "runs"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert output.stdout == "runs\n"
    subprocess.run([tools.docker, "image", "rm", "--force", pinned], check=True, capture_output=True)


def test_there_is_nothing_when_the_commit_was_never_pushed(registry: Registry) -> None:
    assert images.manifest(f"{registry.host}/shop:never", registry.auth) is None


def test_our_login_counts_when_the_users_credentials_store_does_not_know_the_registry(
    spec: BuildSpec, registry: Registry, tmp_path: Path
) -> None:
    store = tmp_path / "bin" / "docker-credential-tests"
    store.parent.mkdir()
    store.write_text("#!/bin/sh\necho credentials not found in native keychain\nexit 1\n")
    store.chmod(0o755)
    # A laptop's: on Docker Desktop every login is in the store.
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    users = tmp_path / "users"
    users.mkdir()
    if (own / "cli-plugins").exists():
        (users / "cli-plugins").symlink_to(own / "cli-plugins")
    config = users / "config.json"
    config.write_text('{"credsStore": "tests"}')
    before = (config.read_bytes(), config.stat().st_mtime_ns, sorted(users.iterdir()))
    environ = {**os.environ, "DOCKER_CONFIG": str(users), "PATH": f"{store.parent}:{os.environ['PATH']}"}
    with registry_login(registry.host, registry.auth, environ) as private:
        assert Builder(find_toolchain(private), private, registry.auth).build(spec, lambda _: None).digest
    assert (config.read_bytes(), config.stat().st_mtime_ns, sorted(users.iterdir())) == before
