"""MiniStack, the local AWS: in an environment of its own, since it pins a version of botocore that is not ours."""

from __future__ import annotations

from pathlib import Path

from deploytool.sandbox.process import HOST, SandboxProcess, WriteLine, start_process, wait_for_url
from deploytool.sandbox.state import ministack_host
from deploytool.sandbox.venv import venv

REQUIREMENTS = Path(__file__).parent / "ministack-requirements.txt"
SERVER = Path(__file__).parent / "ministack_server.py"
HEALTH = "/_ministack/health"


def install(write_line: WriteLine) -> Path:
    """The Python of MiniStack's environment, which is created when it is missing. Raises CommandFailed."""
    return venv("ministack", REQUIREMENTS, write_line) / "python"


def start(
    python: Path, sandbox_id: str, port: int, log: Path, stores: Path | None = None, *, server: Path = SERVER
) -> SandboxProcess:
    """Start it on 127.0.0.1 and return at once; ``wait`` for it before use.

    ``stores`` is a file with the addresses of the databases, see ``databases.write_addresses``.
    """
    return start_process(
        # -I: this directory is not on its path, where modules would replace MiniStack's.
        [python, "-I", server],
        log=log,
        env={
            "DEPLOYTOOL_STORES": str(stores or ""),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            # Marks its containers as this sandbox's, see SandboxState.ministack_label.
            "MINISTACK_HOSTNAME": ministack_host(sandbox_id),
            # It asks Docker for a container with this name, to learn whether it runs in one; it does not.
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
    """Return once it answers. Raises StartTimedOut."""
    wait_for_url("MiniStack", f"http://{HOST}:{port}{HEALTH}", seconds=60, process=server, log=log)
