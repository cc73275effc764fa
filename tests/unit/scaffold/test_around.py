"""What the directory and its checkout say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploytool.scaffold.model import decoded
from deploytool.scaffold.project import scan_project


@pytest.mark.parametrize(
    ("name", "text", "is_member"),
    [
        ("pnpm-workspace.yaml", "packages: [apps/*]", True),
        ("pnpm-workspace.yaml", "packages:\n  # apps\n  - 'apps/*'\n\ncatalog:\n  next: 16\n", True),
        ("pnpm-workspace.yaml", "packages:\n- apps/**\n- '!apps/web'\n", False),
        ("pnpm-workspace.yaml", "onlyBuiltDependencies:\n  - apps/*\n", False),
        ("package.json", '{"workspaces": ["apps/*"]}', True),
        ("package.json", '{"workspaces": {"packages": ["./apps/web"]}}', True),
        ("package.json", '{"workspaces": ["packages/*"]}', False),
        ("package.json", '{"name": "mono"}', False),
        ("package.json", "not JSON", False),
        ("README.md", "", False),
    ],
)
def test_a_package_of_a_workspace_is_told_from_one_that_is_installed_alone(
    name: str, text: str, is_member: bool, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / name).write_text(text)
    package = tmp_path / "apps" / "web"
    package.mkdir(parents=True)
    (package / "package.json").write_text("{}")
    scan = scan_project(package)
    assert (scan.workspace is not None, scan.member) == (is_member, "apps/web")
    assert scan_project(tmp_path).root is None


def test_a_workspace_below_the_top_of_the_checkout_is_the_root(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    package = tmp_path / "js" / "apps" / "web"
    package.mkdir(parents=True)
    (tmp_path / "js" / "package.json").write_text('{"workspaces": ["apps/*"]}')
    (package / "package.json").write_text("{}")
    scan = scan_project(package)
    assert (scan.member, scan.within) == ("apps/web", "js/apps/web")
    assert scan.workspace is not None


def test_ignored_and_deleted_files_are_no_part_of_the_project_when_git_says_so(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for path in (".gitignore", "gone.js", "dist/index.js", "build/worker.js"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("build\n")
    subprocess.run(["git", "-C", str(tmp_path), "add", "--all"], check=True)
    (tmp_path / "gone.js").unlink()
    (tmp_path / "new.js").write_text("")
    assert scan_project(tmp_path).paths == {".gitignore", "dist/index.js", "new.js"}


def test_a_file_is_seen_when_the_checkout_has_very_many(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for number in range(21):
        folder = tmp_path / "big" / str(number)
        folder.mkdir(parents=True)
        for name in range(1000):
            (folder / str(name)).touch()
    (tmp_path / "src" / "app").mkdir(parents=True)
    (tmp_path / "src" / "app" / "page.tsx").touch()
    assert scan_project(tmp_path).has("src/app/page.tsx")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbf{}", "{}"),
        ("{}".encode("utf-16"), "{}"),
        (b"output: 'standalone' // caf\xe9", "output: 'standalone' // caf\ufffd"),
        (b"", ""),
    ],
)
def test_a_file_in_another_encoding_is_read(data: bytes, text: str) -> None:
    assert decoded(data) == text
