"""Amazon ECR's own refusals, by the sandbox's ECR (MiniStack): immutable tags, repositories that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from deploytool.images import errors
from deploytool.images.build import Builder
from deploytool.images.registry import manifest
from deploytool.images.spec import REVISION_LABEL, BuildSpec
from deploytool.sandbox.account import Account
from tests.e2e.docker.local_registry import forget
from tests.support.ministack import running_ministack

if TYPE_CHECKING:
    from deploytool.images.buildx import Toolchain


@pytest.fixture(scope="module")
def ecr(tmp_path_factory: pytest.TempPathFactory, tools: Toolchain) -> Iterator[str]:
    """``host:port`` of a MiniStack with an immutable repository ``shop``."""
    with running_ministack(tmp_path_factory.mktemp("ministack"), "docker-tests") as address:
        client = Account(address, "us-east-1").client("ecr")
        client.create_repository(repositoryName="shop", imageTagMutability="IMMUTABLE")
        # Docker speaks HTTP without TLS to a registry of this name only.
        host = address.removeprefix("http://").replace("127.0.0.1", "localhost")
        yield host
        forget(tools.docker, host)


@pytest.fixture
def spec(context: Path, base_image: str, ecr: str) -> BuildSpec:
    (context / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo {uuid4()} > /first\n")
    return BuildSpec(
        "app", context, context / "Dockerfile", f"{ecr}/shop:{uuid4().hex}", labels={REVISION_LABEL: "1a2b3c"}
    )


@pytest.fixture
def builder(tools: Toolchain, environ: dict[str, str]) -> Builder:
    return Builder(tools, environ)


def rebuilt(spec: BuildSpec, revision: str) -> BuildSpec:
    """The same tag with other bytes: builds are not reproducible to the bit."""
    with spec.dockerfile.open("a") as dockerfile:
        dockerfile.write(f"RUN echo {uuid4()} > /second\n")
    return replace(spec, labels={REVISION_LABEL: revision})


def test_the_image_of_the_other_run_is_used_when_it_pushed_the_same_commit_first(
    builder: Builder, spec: BuildSpec
) -> None:
    first = builder.build(spec, lambda _: None)
    lines: list[str] = []
    second = builder.build(rebuilt(spec, "1a2b3c"), lines.append)
    assert (second.digest, second.reused) == (first.digest, True)
    assert "pushed by another run of the same commit" in lines[-1]


def test_the_tag_is_called_taken_when_it_names_another_commits_image(builder: Builder, spec: BuildSpec) -> None:
    builder.build(spec, lambda _: None)
    with pytest.raises(errors.TagTaken, match="already names another image"):
        builder.build(rebuilt(spec, "4d5e6f"), lambda _: None)


def test_the_repository_is_called_missing_when_it_was_never_created(builder: Builder, spec: BuildSpec) -> None:
    nowhere = replace(spec, reference=spec.reference.replace("/shop:", "/nosuch:"))
    with pytest.raises(errors.RepositoryMissing, match="no repository nosuch"):
        builder.build(nowhere, lambda _: None)
    with pytest.raises(errors.RepositoryMissing):
        manifest(nowhere.reference)


def test_there_is_nothing_when_the_commit_was_never_pushed(spec: BuildSpec) -> None:
    assert manifest(spec.reference) is None
