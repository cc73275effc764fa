"""MiniStack without a sandbox around it, for tests that need AWS and no containers of the example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploytool.sandbox import docker, ministack, process
from deploytool.sandbox.state import ministack_host
from tests.support.free_port import free_port

WITHOUT_DOCKER = Path(__file__).with_name("ministack_without_docker.py")


@contextmanager
def running_ministack(directory: Path, name: str, script: Path = ministack.SERVER) -> Iterator[str]:
    """Its address on 127.0.0.1; installed once per machine, gone with its containers when the block ends."""
    port, log = free_port(), directory / "log"
    instance = f"{name}-{port}"
    server = ministack.start(ministack.install(print), instance, port, log, server=script)
    try:
        ministack.wait(server, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop_process(server)
        if docker.daemon_answers():
            docker.remove(docker.containers(f"ministack.instance={ministack_host(instance)}:{port}"))


def aws_at(url: str) -> dict[str, str]:
    """The variables with which boto3 finds this address and nothing of the caller's own."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def point_to(url: str, patch: pytest.MonkeyPatch) -> None:
    """Lead boto3 in this process to ``url``, until the patch is undone."""
    for name, value in aws_at(url).items():
        patch.setenv(name, value)
    patch.delenv("AWS_PROFILE", raising=False)
