"""Each failure, caused for real, ends in one error that names it. Exit code 4, a cause, a fix."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from deploytool.errors import BuildError
from deploytool.images import errors
from deploytool.images.build import Builder
from deploytool.images.buildx import find_toolchain
from deploytool.images.registry import Auth, manifest, registry_login
from deploytool.images.spec import BuildSecret, BuildSpec
from tests.e2e.docker.local_registry import forget
from tests.support.free_port import free_port

if TYPE_CHECKING:
    from deploytool.images.buildx import Toolchain
    from tests.e2e.docker.local_registry import Registry


TOKEN = "s3cr3t-t0ken-value"


@pytest.fixture
def builder(tools: Toolchain, environ: dict[str, str], registry: Registry) -> Builder:
    return Builder(tools, {**environ, "TESTS_TOKEN": TOKEN}, registry.auth)


@pytest.fixture
def spec(context: Path, base_image: str, reference: str) -> BuildSpec:
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(f"FROM {base_image} AS app\n")
    return BuildSpec("app", context, dockerfile, reference)


def failure(builder: Builder, spec: BuildSpec) -> BuildError:
    with pytest.raises(BuildError) as failed:
        builder.build(spec, lambda _: None)
    assert failed.value.exit_code == 4
    assert failed.value.fix
    return failed.value


@pytest.mark.parametrize(
    ("dockerfile", "kind", "cause"),
    [
        ("FROM {base}\nRUNN x\n", errors.DockerfileInvalid, "unknown instruction: RUNN"),
        ("", errors.DockerfileInvalid, "cannot be empty"),
        ("FROM {base}\nCOPY nothere /\n", errors.CopiedFileMissing, "/nothere"),
        ("FROM {registry}/shop:nothere\nRUN true\n", errors.BaseImageMissing, "/shop:nothere"),
        ("FROM localhost:1/shop:1\nRUN true\n", errors.RegistryUnreachable, "base image"),
        (
            "FROM {base}\nRUN --mount=type=secret,id=npm,required=true true\n",
            errors.SecretMissing,
            "build secret npm",
        ),
        ("FROM {base}\nRUN echo a long story; exit 7\n", errors.StepFailed, "exit code 7\n  a long story"),
        ("FROM {base}\nRUN echo x > /dev/full\n", errors.DiskFull, "no space left"),
    ],
)
def test_the_error_names_what_is_wrong_with_the_dockerfile(
    dockerfile: str,
    kind: type[BuildError],
    cause: str,
    builder: Builder,
    spec: BuildSpec,
    base_image: str,
    registry: Registry,
) -> None:
    spec.dockerfile.write_text(dockerfile.format(base=base_image, registry=registry.host))
    fault = failure(builder, spec)
    assert type(fault) is kind
    assert cause in fault.cause


def test_the_error_names_the_file_folder_stage_or_secret_that_is_missing(builder: Builder, spec: BuildSpec) -> None:
    assert type(failure(builder, replace(spec, dockerfile=Path("/nowhere/D")))) is errors.DockerfileMissing
    assert type(failure(builder, replace(spec, context=Path("/nowhere")))) is errors.ContextMissing
    assert type(failure(builder, replace(spec, target="worker"))) is errors.TargetMissing
    unset = replace(spec, secrets=(BuildSecret("npm", env="TESTS_NOT_SET"),))
    assert type(failure(builder, unset)) is errors.SecretMissing


def test_the_failed_steps_output_is_masked(builder: Builder, spec: BuildSpec, base_image: str) -> None:
    spec.dockerfile.write_text(
        f"FROM {base_image}\nRUN --mount=type=secret,id=t echo got $(cat /run/secrets/t); exit 1\n"
    )
    fault = failure(builder, replace(spec, secrets=(BuildSecret("t", env="TESTS_TOKEN"),)))
    assert isinstance(fault, errors.StepFailed)
    assert fault.output == ("got ***",)


def test_a_push_is_denied_when_the_password_is_wrong(
    tools: Toolchain, environ: dict[str, str], spec: BuildSpec, registry: Registry
) -> None:
    with registry_login(registry.host, Auth("AWS", "wrong"), environ) as private:
        assert type(failure(Builder(tools, private), spec)) is errors.RegistryDenied
    with pytest.raises(errors.RegistryDenied):
        manifest(spec.reference, Auth("AWS", "wrong"))


def test_the_registry_is_called_unreachable_when_nothing_listens_there(builder: Builder, spec: BuildSpec) -> None:
    host = f"localhost:{free_port()}"
    nowhere = replace(spec, reference=f"{host}/shop:{uuid4().hex}")
    assert type(failure(builder, nowhere)) is errors.RegistryUnreachable
    forget(builder.tools.docker, host)
    with pytest.raises(errors.RegistryUnreachable):
        manifest(nowhere.reference)


def test_the_build_is_stopped_when_it_takes_too_long(builder: Builder, spec: BuildSpec, base_image: str) -> None:
    spec.dockerfile.write_text(f"FROM {base_image}\nRUN echo {uuid4()}; sleep 60\n")
    assert type(failure(replace(builder, timeout_seconds=3), spec)) is errors.BuildTimedOut


def test_the_daemon_is_called_unreachable_when_it_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(errors.DaemonUnreachable):
        find_toolchain({**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/nothing.sock"})
