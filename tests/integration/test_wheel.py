"""The wheel, installed as a user installs it: apart from this checkout, with nothing of the developer's environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploytool import __version__

ROOT = Path(__file__).parent.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Without the variables of this environment: an installed command must not find our packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "AWS_"))}
    return subprocess.run(
        command, cwd=cwd, env=kept | environ, capture_output=True, text=True, check=False, timeout=240
    )


@pytest.fixture(scope="module")
def uv() -> Path:
    """The one on PATH, or the one that scripts/setup installed."""
    path = shutil.which("uv") or CACHE / "deploytool/uv/bin/uv"
    assert Path(path).exists(), "run scripts/setup"
    return Path(path)


@pytest.fixture(scope="module")
def wheel(uv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    built = run(uv, "build", "--quiet", "--wheel", "--no-config", "--out-dir", directory, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (path,) = directory.glob("*.whl")
    return path


@pytest.fixture(scope="module", params=["uv tool install", "pip install"])
def deploytool(request: pytest.FixtureRequest, uv: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command. `pipx install` is a virtual environment and pip, which the second one does."""
    directory = tmp_path_factory.mktemp("installed")
    python = ("--python", sys.executable)
    steps: list[tuple[str | Path, ...]]
    if request.param == "uv tool install":
        places = {"UV_TOOL_DIR": str(directory / "tools"), "UV_TOOL_BIN_DIR": str(directory / "bin")}
        steps = [(uv, "tool", "install", "--quiet", *python, wheel)]
    else:
        places = {}
        steps = [
            (uv, "venv", "--quiet", *python, directory),
            (uv, "pip", "install", "--quiet", "--python", directory / "bin/python", f"{wheel}[sandbox]"),
        ]
    for step in steps:
        done = run(*step, cwd=directory, **places)
        assert done.returncode == 0, done.stderr
    return directory / "bin/deploytool"


def test_the_installed_command_says_its_version(deploytool: Path, tmp_path: Path) -> None:
    shown = run(deploytool, "--version", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == f"deploytool, version {__version__}\n"


@pytest.mark.parametrize("words", [("--help",), ("sandbox", "--help"), ("infra", "apply", "--help")])
def test_the_installed_command_shows_its_help(deploytool: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    shown = run(deploytool, *words, cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("Usage: deploytool ")


def test_the_installed_command_has_the_templates_and_workflows_of_the_commit(deploytool: Path, tmp_path: Path) -> None:
    run("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "package.json").write_text(json.dumps({"name": "shop", "dependencies": {"next": "15.0.0"}}))
    shown = run(deploytool, "init", "--diff", "--region", "us-east-1", cwd=tmp_path, HOME=str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    commit = run("git", "rev-parse", "HEAD", cwd=ROOT).stdout.strip()
    assert f"uses: archdeck/archdeck-deploy@{commit} # v{__version__}" in shown.stdout
    assert not (tmp_path / "deploytool.yml").exists()


def test_a_configuration_is_checked_by_the_installed_command(deploytool: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples/architecturedeck/deploytool.yml", tmp_path)
    checked = run(deploytool, "config", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_the_wheel_has_the_package_and_nothing_of_its_development(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"deploytool", f"archdeck_deploy-{__version__}.dist-info"}
    assert {"deploytool/_built_from.json", "deploytool/deploytool.schema.json", "deploytool/prices.json"} <= set(names)
    assert [name for name in names if "__pycache__" in name] == []
