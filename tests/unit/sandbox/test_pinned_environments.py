"""Python environments of programs that would clash with ours; without packages, so that no registry is asked."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.process import cache as cached
from deploytool.sandbox.venv import venv


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Where scripts/setup put uv; without it an environment takes nine seconds.
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{cached() / 'uv' / 'bin'}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    requirements = tmp_path / "nothing.txt"
    requirements.touch()
    return requirements


def prefix(programs: Path) -> Path:
    command = [str(programs / "python"), "-c", "import sys; print(sys.prefix)"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def test_an_environment_is_made_once_when_two_ask_for_it_at_the_same_time(nothing: Path) -> None:
    output: list[str] = []
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: venv("tool", nothing, output.append), range(2))
    assert first == second
    assert output == ["installing tool (once)"]
    assert prefix(first) == first.parent


def test_an_environment_is_made_anew_when_its_making_was_cut_short(nothing: Path) -> None:
    programs = venv("tool", nothing, lambda _: None)
    (programs.parent / "whole").unlink()
    (programs / "python").unlink()
    assert prefix(venv("tool", nothing, lambda _: None)) == programs.parent


def test_an_environment_is_another_one_when_its_packages_are_others(nothing: Path) -> None:
    before = venv("tool", nothing, lambda _: None)
    nothing.write_text("# another list\n")
    assert venv("tool", nothing, lambda _: None) != before


def test_nothing_counts_as_made_when_a_package_has_no_hash(cache: Path, nothing: Path) -> None:
    nothing.write_text("click==8.1.8\n")
    with pytest.raises(CommandFailed):
        venv("tool", nothing, lambda _: None)
    assert not list(cache.rglob("whole"))
