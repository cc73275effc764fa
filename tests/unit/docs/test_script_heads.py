"""The commands in scripts/: their heads are their help."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.docs.documents import ROOT

_FRONT = re.compile(r"^exec .*/python\" -m (\S+) \"\$@\"$", re.MULTILINE)
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and os.access(path, os.X_OK))
FRONTS = {path: module for path in SCRIPTS for module in _FRONT.findall(path.read_text())}
_OPTION = re.compile(r"--[a-z-]+")


def run(path: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environ}
    return subprocess.run(
        [path, *words], cwd="/", env=variables, capture_output=True, text=True, check=False, timeout=30
    )


def test_every_script_is_a_command_and_only_modules_have_a_suffix() -> None:
    others = {path.suffix for path in (ROOT / "scripts").iterdir() if path.is_file() and path not in SCRIPTS}
    assert others == {".py", ".sh"}
    assert {path.suffix for path in SCRIPTS} == {""}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_only_says_how_it_is_used_when_it_is_asked_for_help(path: Path, tmp_path: Path) -> None:
    # Alone in a checkout without an environment: whatever it tried beside its help would fail, or leave something.
    alone = tmp_path / "scripts"
    alone.mkdir()
    for file in (path, path.with_name("usage.sh")):
        (alone / file.name).write_bytes(file.read_bytes())
        (alone / file.name).chmod(0o755)
    before = sorted(tmp_path.rglob("*"))
    shown = run(alone / path.name, "--help", HOME=str(tmp_path))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"  scripts/{path.name}" in shown.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", FRONTS, ids=lambda path: path.name)
def test_the_help_of_a_script_names_the_options_that_it_takes(path: Path) -> None:
    parser = run(ROOT / "scripts/python", "-m", FRONTS[path], "--help")
    assert parser.returncode == 0, parser.stderr
    options = set(_OPTION.findall(parser.stdout)) - {"--help"}
    assert set(_OPTION.findall(run(path, "--help").stdout)) == options


@pytest.mark.parametrize("name", ["setup", "test", "demo", "pictures", "plant-faults"])
def test_a_script_refuses_what_it_does_not_know_before_it_does_anything(name: str) -> None:
    refused = run(ROOT / "scripts" / name, "--unknown")
    assert refused.returncode == 2
    assert f"scripts/{name}" in refused.stderr
