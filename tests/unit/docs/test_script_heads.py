"""The commands in scripts/: their heads are their help."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.docs.documents import ROOT

_FRONT = re.compile(r"^exec .*/dev\" python -m (\S+) \"\$@\"$", re.MULTILINE)
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and os.access(path, os.X_OK))
TOOLS = sorted(path for path in (ROOT / "scripts/tools").iterdir() if path.is_file() and path.suffix == "")
FRONTS = {path: module for path in SCRIPTS for module in _FRONT.findall(path.read_text())}
DEV = ROOT / "scripts/dev"
DEV_NAMES = re.findall(r"^#   ([a-z-]+)  ", DEV.read_text(), re.MULTILINE)
_OPTION = re.compile(r"--[a-z-]+")


def run(path: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environ}
    return subprocess.run(
        [path, *words], cwd="/", env=variables, capture_output=True, text=True, check=False, timeout=30
    )


def test_only_what_everybody_types_is_a_script_of_its_own() -> None:
    assert [path.name for path in SCRIPTS] == ["bench", "chaos", "demo", "dev", "prove", "record-ecs", "setup", "test"]
    assert {path.suffix for path in (ROOT / "scripts").iterdir() if path.is_file() and path not in SCRIPTS} == {".sh"}


@pytest.mark.parametrize("path", [*SCRIPTS, *TOOLS], ids=lambda path: path.name)
def test_a_script_only_says_how_it_is_used_when_it_is_asked_for_help(path: Path, tmp_path: Path) -> None:
    # Alone in a checkout without an environment: whatever it tried beside its help would fail, or leave something.
    copy = tmp_path / path.relative_to(ROOT)
    copy.parent.mkdir(parents=True)
    shutil.copy(path, copy)
    shutil.copy(ROOT / "scripts/usage.sh", tmp_path / "scripts/usage.sh")
    before = sorted(tmp_path.rglob("*"))
    shown = run(copy, "--help", HOME=str(tmp_path))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"  scripts/{'dev ' if path in TOOLS else ''}{path.name}" in shown.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", FRONTS, ids=lambda path: path.name)
def test_the_help_of_a_script_names_the_options_that_it_takes(path: Path) -> None:
    parser = run(DEV, "python", "-m", FRONTS[path], "--help")
    assert parser.returncode == 0, parser.stderr
    options = set(_OPTION.findall(parser.stdout)) - {"--help"}
    assert set(_OPTION.findall(run(path, "--help").stdout)) == options


def test_every_tool_of_a_developer_is_listed_in_the_help_of_dev() -> None:
    modules = [path for directory in ("scripts/tools", "tests/tools") for path in (ROOT / directory).glob("*.py")]
    tools = {path.stem.replace("_", "-") for path in modules if "__main__" in path.read_text()}
    assert sorted(DEV_NAMES) == sorted(tools | {path.name for path in TOOLS} | {"python"})


@pytest.mark.parametrize("name", DEV_NAMES)
def test_a_tool_that_the_help_of_dev_lists_has_help_of_its_own(name: str) -> None:
    shown = run(DEV, name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "usage: " in shown.stdout or f"scripts/dev {name}" in shown.stdout


@pytest.mark.parametrize("script", ["setup", "test", "demo", "dev", "dev pictures", "dev plant-faults"])
def test_a_script_refuses_what_it_does_not_know_before_it_does_anything(script: str) -> None:
    name, *words = script.split()
    refused = run(ROOT / "scripts" / name, *words, "--unknown")
    assert refused.returncode == 2
    assert f"scripts/{script}" in refused.stderr
