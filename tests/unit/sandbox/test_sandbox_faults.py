"""Every way to break the example changes the example as it is today."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploytool.cli.sandbox import command
from deploytool.sandbox.checkout import PLACES, SECOND
from deploytool.sandbox.errors import PortTaken, SandboxError
from deploytool.sandbox.faults import FAULTS
from deploytool.sandbox.process import free_port

EDITING = sorted(name for name, fault in FAULTS.items() if fault.edit)
VERSIONS = ("first", "second")


@pytest.fixture(params=VERSIONS)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    workdir = tmp_path / "workdir"
    shutil.copytree(PLACES[0], workdir)
    if request.param == "second":
        shutil.copytree(PLACES[0] / SECOND, workdir, dirs_exist_ok=True)
    return workdir


def contents(workdir: Path) -> dict[str, bytes]:
    return {str(file.relative_to(workdir)): file.read_bytes() for file in workdir.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", EDITING)
def test_one_file_is_changed_or_added_when_something_is_broken(example: Path, name: str) -> None:
    before = contents(example)
    edit = FAULTS[name].edit
    assert edit is not None
    edit.apply(example)
    after = contents(example)
    assert len(after.items() - before.items()) == 1


def test_a_broken_migration_comes_last_when_there_are_others(example: Path) -> None:
    edit = FAULTS["migrate"].edit
    assert edit is not None
    edit.apply(example)
    last = max((example / "migrations").glob("*.sql"))
    assert last.name.endswith("_orders_per_customer.sql")


def test_a_fault_is_refused_when_the_lines_it_breaks_are_gone(example: Path) -> None:
    (example / "Dockerfile").write_text("FROM scratch\n")
    edit = FAULTS["image"].edit
    assert edit is not None
    with pytest.raises(SandboxError, match="no longer has the lines"):
        edit.apply(example)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_changes_the_repository_or_can_be_taken_back_in_the_account(name: str) -> None:
    fault = FAULTS[name]
    assert bool(fault.edit) == bool(fault.title)
    assert bool(fault.inject) == bool(fault.undo)
    assert fault.edit or fault.inject


def test_the_next_release_meets_a_secret_that_is_gone_whatever_is_live() -> None:
    """It would have nothing to do, and look for no secret, if no commit came with it."""
    assert FAULTS["secret-missing"].edit


def test_every_way_to_break_is_listed_with_what_will_happen() -> None:
    output = " ".join(CliRunner().invoke(command, ["break", "--help"]).output.split())
    for name, fault in FAULTS.items():
        assert f"{name} {fault.outcome}" in output


@pytest.mark.parametrize("option", ["--aws-port", "--github-port"])
def test_a_port_that_cannot_be_is_a_wrong_command_line(option: str) -> None:
    result = CliRunner().invoke(command, ["up", option, "65536"])
    assert result.exit_code == 2
    assert "65536 is not in the range 1<=x<=65535" in result.output


def test_the_last_port_is_the_last_one_that_is_tried() -> None:
    with pytest.raises(PortTaken, match="ports 65530 to 65535 are taken"):
        free_port(65530, taken=set(range(65530, 65536)))
