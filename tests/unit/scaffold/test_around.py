"""What the directory and its checkout say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploytool.scaffold.project import scan_project


@pytest.mark.parametrize(
    ("name", "text", "way"),
    [
        ("pnpm-workspace.yaml", "packages: [apps/*]", "../.."),
        ("package.json", '{"workspaces": ["apps/*"]}', "../.."),
        ("package.json", '{"name": "mono"}', ""),
        ("package.json", "not JSON", ""),
        ("README.md", "", ""),
    ],
)
def test_a_package_of_a_workspace_is_told_from_one_that_is_installed_alone(
    name: str, text: str, way: str, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / name).write_text(text)
    package = tmp_path / "apps" / "web"
    package.mkdir(parents=True)
    assert scan_project(package).workspace == way
    assert scan_project(tmp_path).workspace == ""
