"""MiniStack, the local AWS: in an environment of its own, since it pins a version of botocore that is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.sandbox import process
from deploytool.sandbox.process import HOST, answers, until
from deploytool.sandbox.state import ministack_host
from deploytool.sandbox.venv import venv

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.sandbox.process import SandboxProcess


REQUIREMENTS = Path(__file__).parent / "ministack-requirements.txt"
SERVER = Path(__file__).parent / "ministack_server.py"
HEALTH = "/_ministack/health"


def install(write_line: Callable[[str], None]) -> Path:
    """The Python of MiniStack's environment; made when it is missing.

    Raises:
        CommandFailed: the packages cannot be had.
    """
    return venv("ministack", REQUIREMENTS, write_line) / "python"


def start(python: Path, sandbox_id: str, port: int, log: Path, stores: Path | None = None) -> SandboxProcess:
    """Start it on 127.0.0.1 and return at once; ``wait`` for it before use.

    ``stores``: a file that says which databases stand behind those that it makes, see ``data.write_addresses``.
    """
    return process.start_process(
        # -I: this directory is not on its path, where modules would take the place of MiniStack's.
        [python, "-I", SERVER],
        log=log,
        env={
            "DEPLOYTOOL_STORES": str(stores or ""),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            # Marks its containers as this sandbox's, see SandboxState.ministack_label.
            "MINISTACK_HOSTNAME": ministack_host(sandbox_id),
            # It asks Docker for a container called like this, to learn whether it runs in one; it does not.
            "HOSTNAME": ministack_host(sandbox_id),
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TMPDIR": str(log.parent),
        },
    )


def wait(server: SandboxProcess, port: int, log: Path) -> None:
    """Return once it answers.

    Raises:
        StartTimedOut: it ended, or does not answer within 60 seconds.
    """
    until("MiniStack", lambda: answers(f"http://{HOST}:{port}{HEALTH}"), seconds=60, process=server, log=log)
