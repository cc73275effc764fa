"""Containers that are being removed already keep nobody from removing the rest; one that stays is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.sandbox import lifecycle as module
from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.lifecycle import down
from tests.unit.sandbox.test_sandbox_state import state_in

DOCKER = """#!/bin/sh
case $1 in
  ps) [ -e {gone} ] || echo c62998a6c2a4 ;;
  rm) echo "$@" >> {asked}
      if [ "$(wc -l < {asked})" -le {refusals} ]; then
        echo "removal of container c62998a6c2a4 is already in progress" >&2; exit 1
      fi
      touch {gone} ;;
esac
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)


def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int) -> Path:
    """A docker on PATH that refuses so often; the file of what it was asked to remove."""
    asked, program = tmp_path / "asked", tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(gone=tmp_path / "gone", asked=asked, refusals=refusals))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return asked


def test_it_is_asked_again_when_docker_is_removing_one_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = docker(tmp_path, monkeypatch, refusals=2)
    state = replace(state_in(tmp_path), processes={})
    down(state, print)
    assert len(asked.read_text().splitlines()) == 3


def test_it_is_told_when_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(tmp_path, monkeypatch, refusals=99)
    state = replace(state_in(tmp_path), processes={})
    with pytest.raises(CommandFailed, match="already in progress"):
        down(state, print)
