"""The exact command lines, per kind of docker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.images.buildx import Command, Toolchain, commands, unused_cache
from deploytool.images.errors import PlatformsUnsupported
from deploytool.images.spec import BuildSecret, BuildSpec

PLAIN = Toolchain("/usr/bin/docker")
CLASSIC = Toolchain("docker", driver="docker")
CONTAINERD = Toolchain("docker", driver="docker", containerd_store=True)
CONTAINER = Toolchain("docker", driver="docker-container")
METADATA = Path("/tmp/m.json")

SMALL = BuildSpec("app", Path("src"), Path("src/Dockerfile"), "registry.example/shop:app-1a2b")
FULL = replace(
    SMALL,
    target="runtime",
    platforms=("linux/arm64",),
    build_args={"NODE": "22", "COMMIT": "1a2b"},
    secrets=(BuildSecret("npm", env="NPM_TOKEN"), BuildSecret("key", file=Path("/run/a,b.pem"))),
    labels={"org.opencontainers.image.source": "https://example.test/x", "org.opencontainers.image.revision": "1a2b"},
)
FULL_OPTIONS = (
    "--progress=plain --file src/Dockerfile --target runtime --platform linux/arm64"
    " --build-arg COMMIT=1a2b --build-arg NODE=22"
    ' --secret id=npm,env=NPM_TOKEN --secret id=key,"src=/run/a,b.pem"'
    " --label org.opencontainers.image.revision=1a2b --label org.opencontainers.image.source=https://example.test/x"
    " --tag registry.example/shop:app-1a2b"
)
SMALL_OPTIONS = "--progress=plain --file src/Dockerfile --tag registry.example/shop:app-1a2b"
END = "--metadata-file /tmp/m.json --push src"
REF = "type=registry,ref=registry.example/shop:buildcache-app"


@pytest.mark.parametrize(
    ("spec", "options"), [(SMALL, SMALL_OPTIONS), (FULL, FULL_OPTIONS)], ids=["smallest", "everything"]
)
def test_plain_buildkit_builds_and_then_pushes_when_there_is_no_buildx(spec: BuildSpec, options: str) -> None:
    assert commands(spec, PLAIN, METADATA) == (
        Command("build", (*f"/usr/bin/docker build {options} src".split(),), {"DOCKER_BUILDKIT": "1"}),
        Command("push", ("/usr/bin/docker", "push", "registry.example/shop:app-1a2b")),
    )


@pytest.mark.parametrize(
    ("spec", "tools", "options"),
    [
        pytest.param(SMALL, CLASSIC, SMALL_OPTIONS, id="smallest"),
        pytest.param(FULL, CONTAINER, FULL_OPTIONS, id="everything"),
        pytest.param(
            replace(SMALL, cache="registry"),
            CONTAINER,
            f"{SMALL_OPTIONS} --cache-from {REF}"
            f" --cache-to {REF},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true",
            id="registry cache",
        ),
        pytest.param(
            replace(SMALL, cache="registry"),
            CLASSIC,
            f"{SMALL_OPTIONS} --cache-from {REF}",
            id="registry cache, only read, where the driver cannot export one",
        ),
        pytest.param(
            replace(SMALL, cache="github"),
            CONTAINERD,
            f"{SMALL_OPTIONS} --cache-from type=gha,scope=app --cache-to type=gha,scope=app,mode=max,ignore-error=true",
            id="github cache",
        ),
        pytest.param(
            replace(SMALL, cache="github"), CLASSIC, SMALL_OPTIONS, id="no github cache where the driver has none"
        ),
        pytest.param(
            replace(SMALL, platforms=("linux/amd64", "linux/arm64")),
            CONTAINER,
            "--progress=plain --file src/Dockerfile --platform linux/amd64,linux/arm64"
            " --tag registry.example/shop:app-1a2b",
            id="two platforms",
        ),
    ],
)
def test_buildx_builds_and_pushes_in_one_command(spec: BuildSpec, tools: Toolchain, options: str) -> None:
    argv = tuple(f"docker buildx build {options} {END}".split())
    assert commands(spec, tools, METADATA) == (Command("build", argv, {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}),)


@pytest.mark.parametrize("tools", [PLAIN, CLASSIC], ids=["plain BuildKit", "classic image store"])
def test_several_platforms_are_refused_when_docker_builds_one_at_a_time(tools: Toolchain) -> None:
    with pytest.raises(PlatformsUnsupported, match="linux/amd64, linux/arm64") as refused:
        commands(replace(SMALL, platforms=("linux/amd64", "linux/arm64")), tools, METADATA)
    assert refused.value.exit_code == 4
    assert "setup-buildx-action" in refused.value.fix


def test_a_cache_that_is_not_written_is_said_when_the_builder_cannot_export_one() -> None:
    cached = replace(SMALL, cache="registry")
    assert unused_cache(SMALL, PLAIN, {}) is None
    assert unused_cache(cached, CONTAINER, {}) is None
    assert unused_cache(cached, CONTAINERD, {}) is None
    assert "cache registry is not written" in (unused_cache(cached, PLAIN, {}) or "")
    assert "cache registry is not written" in (unused_cache(cached, CLASSIC, {}) or "")


@pytest.mark.parametrize("tools", [PLAIN, CONTAINER], ids=["plain BuildKit", "buildx"])
def test_that_github_s_cache_is_not_used_is_said_when_the_step_has_no_token_for_it(tools: Toolchain) -> None:
    cached = replace(SMALL, cache="github")
    assert "ACTIONS_RUNTIME_TOKEN is not set" in (unused_cache(cached, tools, {}) or "")
    assert unused_cache(cached, CONTAINER, {"ACTIONS_RUNTIME_TOKEN": "t"}) is None


@pytest.mark.parametrize("given", [{}, {"env": "A", "file": Path("b")}], ids=["neither", "both"])
def test_a_build_secret_is_refused_when_it_has_not_exactly_one_source(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        BuildSecret("npm", **given)  # type: ignore[arg-type]  # the wrong arguments are the point


def test_the_commit_of_an_image_is_read_from_its_label() -> None:
    assert SMALL.revision is None
    assert replace(SMALL, labels={"org.opencontainers.image.revision": "1a2b"}).revision == "1a2b"
