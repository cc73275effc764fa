"""A build secret reaches the step that mounts it, and nothing else: no layer, no history, no argv, no log."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from deploytool.images.build import Builder
from deploytool.images.buildx import commands
from deploytool.images.spec import BuildSecret, BuildSpec

if TYPE_CHECKING:
    from deploytool.images.buildx import Toolchain
    from tests.e2e.docker.local_registry import Registry


TOKEN = "s3cr3t-t0ken-value"
KEY = "-----BEGIN KEY-----\nfirst-line-of-it\nsecond-line-of-it\n-----END KEY-----\n"
VALUES = (TOKEN, "first-line-of-it", "second-line-of-it")


def test_no_value_is_found_anywhere_when_the_dockerfile_even_prints_it(
    context: Path,
    base_image: str,
    reference: str,
    tools: Toolchain,
    environ: dict[str, str],
    registry: Registry,
    tmp_path: Path,
) -> None:
    (tmp_path / "key.pem").write_text(KEY)
    mounts = "--mount=type=secret,id=token,required=true --mount=type=secret,id=key,required=true"
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(
        f"""FROM {base_image}
RUN {mounts} test -s /run/secrets/token && cat /run/secrets/* && echo END-OF-IT {uuid4()}
RUN test ! -s /run/secrets/token && echo GONE
RUN echo in-a-layer > /marker
"""
    )
    secrets = (BuildSecret("token", env="TESTS_TOKEN"), BuildSecret("key", file=tmp_path / "key.pem"))
    spec = BuildSpec("app", context, dockerfile, reference, secrets=secrets)
    lines: list[str] = []
    Builder(tools, {**environ, "TESTS_TOKEN": TOKEN}, registry.auth).build(spec, lines.append)
    log = "\n".join(lines)
    assert "***" in log
    assert "GONE" in log

    history = run(tools, "history", "--no-trunc", reference)
    inspected = run(tools, "image", "inspect", reference)
    saved = b"".join(layers(run(tools, "save", reference)))
    argv = repr(commands(spec, tools, tmp_path / "m.json"))
    for value in VALUES:
        assert value not in log
        assert value not in argv
        assert value.encode() not in history + inspected
        assert value.encode() not in saved
    assert b"END-OF-IT" in history
    assert b"in-a-layer" in saved, "the search looks where it should"


def run(tools: Toolchain, *argv: str) -> bytes:
    return subprocess.run([tools.docker, *argv], capture_output=True, check=True).stdout


def layers(archive: bytes) -> Iterator[bytes]:
    """Every file of a ``docker save``; daemons with the containerd store save their layers compressed."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            content = tar.extractfile(member)
            assert content is not None
            read = content.read()
            yield gzip.decompress(read) if read.startswith(b"\x1f\x8b") else read
