"""What `--help` shows on a terminal of 80 columns."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from deploytool.cli.main import VERBS, verb_command

GROUPS = [name for name in VERBS if isinstance(verb_command(name), click.Group)]


@pytest.mark.parametrize("name", GROUPS)
def test_no_sentence_is_cut_off_in_the_list_of_commands(name: str) -> None:
    command = verb_command(name)
    shown = CliRunner().invoke(command, ["--help"], terminal_width=80).output
    assert not [line for line in shown.splitlines() if line.endswith("...") and not line.startswith("Usage:")]
