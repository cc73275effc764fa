"""What ARCHITECTURE.md and the decisions say of the code is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.docs.documents import DOCUMENTS, ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text()
PACKAGE = ROOT / "deploytool"
ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
_PATH = re.compile(r"`(?:deploytool/)?((\w+)/[a-z_/]+\.py)`")


def test_the_tree_names_every_room_and_every_file_at_the_top() -> None:
    tree = TEXT.partition("deploytool/\n")[2].partition("tests/")[0]
    files = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert set(re.findall(r"^  (\w+)/", tree, re.MULTILINE)) == ROOMS
    assert set(re.findall(r"\b(\w+\.py)\b", tree)) - {"ports.py"} == files


def test_the_direction_is_the_one_that_import_linter_checks() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == "one direction")
    assert f"`{' → '.join(layer for layer in layers if layer != '__main__')}`" in TEXT


def test_it_fits_on_two_screens() -> None:
    assert len(TEXT.splitlines()) <= 100


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_module_that_a_document_names_is_there(path: Path) -> None:
    modules = [module for module, room in _PATH.findall(path.read_text()) if room in ROOMS]
    assert [module for module in modules if not (PACKAGE / module).exists()] == []
