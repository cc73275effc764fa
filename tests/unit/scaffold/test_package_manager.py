from __future__ import annotations

import pytest

from deploytool.scaffold.node import NPM, UNLOCKED, package_manager, run
from tests.unit.scaffold.projects import scan


@pytest.mark.parametrize(
    ("files", "named", "name", "setup"),
    [
        ({"package-lock.json": ""}, "", "npm", ""),
        ({"npm-shrinkwrap.json": ""}, "", "npm", ""),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "", "pnpm", "npm install --global pnpm@10"),
        ({"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "", "pnpm", "npm install --global pnpm@8"),
        ({"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, "", "pnpm", "npm install --global pnpm@7"),
        ({"pnpm-lock.yaml": ""}, "", "pnpm", "npm install --global pnpm@10"),
        ({"pnpm-lock.yaml": ""}, "pnpm@9.1.0+sha512.ab", "pnpm", "npm install --global pnpm@9.1.0"),
        ({"pnpm-lock.yaml": ""}, "pnpm@9.1\nRUN evil", "pnpm", "npm install --global pnpm@9.1"),
        ({"pnpm-lock.yaml": ""}, "pnpm@latest", "pnpm", "npm install --global pnpm@10"),
        ({"yarn.lock": ""}, "", "yarn", "npm install --global --force yarn@1.22.22"),
        ({"yarn.lock": ""}, "yarn@1.22.19", "yarn", "npm install --global --force yarn@1.22.19"),
        ({"bun.lock": ""}, "", "bun", "npm install --global bun@1"),
        ({"bun.lockb": ""}, "bun@1.2.3", "bun", "npm install --global bun@1.2.3"),
        ({"package-lock.json": "", "pnpm-lock.yaml": ""}, "", "pnpm", "npm install --global pnpm@10"),
        ({"package-lock.json": "", "pnpm-lock.yaml": ""}, "npm@11.0.0", "npm", ""),
        ({"package-lock.json": ""}, "pnpm@9.0.0", "npm", ""),
    ],
)
def test_the_lock_file_says_which_it_is_and_packagemanager_which_version(
    files: dict[str, str], named: str, name: str, setup: str
) -> None:
    found = package_manager(scan(texts=files), {"packageManager": named})
    assert (found.name, found.setup) == (name, setup)


@pytest.mark.parametrize(
    ("files", "named"),
    [(("yarn.lock", ".yarnrc.yml"), ""), (("yarn.lock",), "yarn@4.5.0"), (("yarn.lock",), "yarn@12.0")],
)
def test_a_newer_yarn_is_told_from_the_first_one(files: tuple[str, ...], named: str) -> None:
    assert "--immutable" in package_manager(scan(*files), {"packageManager": named}).install


def test_nothing_is_locked_when_there_is_no_lock_file() -> None:
    found = package_manager(scan("package.json"), {})
    assert (found, found.install) == (UNLOCKED, "npm install")


def test_scripts_are_run_by_the_package_manager() -> None:
    assert run(NPM, "build") == "npm run build"
