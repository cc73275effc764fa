"""MiniStack without a sandbox around it, for tests that need AWS and no containers of the example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploytool.sandbox import ministack, process


@contextmanager
def running_ministack(directory: Path, name: str, port: int) -> Iterator[str]:
    """Its address on 127.0.0.1; installed once per machine, gone when the block ends."""
    log = directory / "log"
    server = ministack.start(ministack.install(print), name, port, log)
    try:
        ministack.wait(server, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop(server)
