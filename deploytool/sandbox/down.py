"""Stop the sandbox: its processes, known by pid and start time, its containers, known by label, and no others."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from deploytool.sandbox import engine, images, process
from deploytool.sandbox.cache import cache
from deploytool.sandbox.cloud.example import PRODUCTION
from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.state import FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.sandbox.state import SandboxState

SERVERS = ("ministack", "github", "responder")
ROUNDS = 5
PAUSE = 0.5
"""Seconds before Docker is asked again."""


def down(state: SandboxState, say: Callable[[str], None], *, keep_docker: bool = False, purge: bool = False) -> None:
    """Stop and remove all of it. ``purge`` also removes what makes the next ``up`` fast: images and packages.

    Raises:
        CommandFailed: Docker did not remove a container; the state stays, so that ``down`` can be run again.
    """
    with ThreadPoolExecutor(len(SERVERS)) as pool:
        # Nothing of theirs is worth saving, and MiniStack would first stop its containers one by one.
        list(pool.map(lambda name: process.stop(state.processes.get(name), patience=0.5), SERVERS))
    if engine.answers():
        _remove_containers(state)
        if purge:
            _remove_images(state)
        if state.dockerd_started and not keep_docker:
            _stop_docker(state, say)
    if purge:
        shutil.rmtree(cache())
    shutil.rmtree(state.workdir, ignore_errors=True)
    shutil.rmtree(state.directory / "logs", ignore_errors=True)
    for file in (state.aws_config, state.addresses, state.directory / "github.json", state.directory / FILE):
        file.unlink(missing_ok=True)


def _remove_containers(state: SandboxState) -> None:
    # A task that MiniStack was just starting may appear after the first look, and one that it was just removing makes
    # Docker refuse.
    for left in reversed(range(ROUNDS)):
        ids = engine.containers(state.label) + engine.containers(state.ministack_label)
        if not ids:
            return
        try:
            engine.remove(ids)
        except CommandFailed:
            if not left:
                raise
            time.sleep(PAUSE)


def _remove_images(state: SandboxState) -> None:
    ours = (f"{state.registry}/{PRODUCTION.repository}", images.BASE, images.DATA, images.OWN_DEBIAN)
    ids = {found for image in ours for found in engine.docker("images", "-q", "--no-trunc", image).split()}
    if ids:
        engine.docker("rmi", "-f", *sorted(ids))


def _stop_docker(state: SandboxState, say: Callable[[str], None]) -> None:
    if engine.docker("ps", "-q").strip():
        say("Docker runs on: it has containers that are not the sandbox's")
        return
    process.stop(state.processes.get("dockerd"), patience=20)
