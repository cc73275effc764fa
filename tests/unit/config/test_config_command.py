from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploytool.cli.config import command
from deploytool.config.errors import ConfigErrors, ConfigIssue
from deploytool.config.schema import json_schema
from deploytool.errors import ConfigurationError
from tests.unit.config.mistakes import GOOD


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "deploytool.yml"


def test_one_line_says_what_is_in_it_when_the_file_is_valid(here: Path) -> None:
    here.write_text(GOOD)
    result = CliRunner().invoke(command, ["check"])
    assert (result.exit_code, result.output) == (
        0,
        "deploytool.yml is valid: app shop; images app, job; services web, worker; environments production, staging\n",
    )


def test_each_fault_is_a_line_and_the_exit_code_2_when_the_file_is_wrong(here: Path) -> None:
    here.write_text(GOOD.replace("images:", "imagess:").replace("like: web", "like: wep"))
    result = CliRunner().invoke(command, ["check"])
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        'deploytool.yml:1:1: the file lacks "images"; add it: Images to build, by name.',
        'deploytool.yml:2:1: unknown key "imagess"; did you mean "images"?',
        'deploytool.yml:5:49: there is no service "wep"; did you mean "web"?',
    ]


def test_errors_are_data_when_json_is_asked_for(here: Path) -> None:
    here.write_text(GOOD.replace("like: web", "like: wep"))
    result = CliRunner().invoke(command, ["check", "--output", "json"])
    assert result.exit_code == 2
    document = json.loads(result.output)
    assert (document["kind"], document["exit_code"], document["valid"]) == ("config_check", 2, False)
    assert document["settings"] is None
    [problem] = document["problems"]
    assert (problem["cause"], problem["fix"]) == ('there is no service "wep"', 'did you mean "web"?')
    assert problem["location"] == {"file": "deploytool.yml", "line": 5, "column": 49, "key": "migrate.like"}


def test_the_effective_settings_are_shown_when_an_environment_is_named(here: Path) -> None:
    here.write_text(GOOD)
    as_text = CliRunner().invoke(command, ["check", "--environment", "staging"])
    as_json = CliRunner().invoke(command, ["check", "--environment", "staging", "--output", "json"])
    settings = json.loads(as_json.output)["settings"]
    assert settings["cluster"] == "shop-staging"
    assert json.loads(as_text.output.partition("\n")[2]) == settings


def test_it_is_refused_when_the_environment_is_unknown(here: Path) -> None:
    here.write_text(GOOD)
    result = CliRunner().invoke(command, ["check", "--environment", "stagin"])
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.fix == 'did you mean "staging"?'


def test_another_file_is_checked_when_it_is_named(here: Path) -> None:
    result = CliRunner().invoke(command, ["check", "--config", "other.yml"])
    assert (result.exit_code, result.output) == (
        2,
        "other.yml: file not found; run this in its directory, or use --config PATH\n",
    )


def test_the_schema_is_printed_as_json() -> None:
    assert json.loads(CliRunner().invoke(command, ["schema"]).output) == json_schema()


def test_neither_yaml_nor_the_configuration_is_loaded_when_only_help_is_asked_for() -> None:
    program = (
        "import sys, deploytool.cli.config; print({'yaml', 'pydantic', 'deploytool.config.loader'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_error_is_the_fault_itself_with_its_own_fix_when_there_is_one() -> None:
    error = ConfigErrors([issue_of(1)])
    assert (error.cause, error.fix) == ("f:1:1: wrong", "do right")


def test_the_error_says_how_to_check_when_its_only_fault_has_no_fix() -> None:
    error = ConfigErrors([ConfigIssue("f", "", 2, 1, "is not YAML")])
    assert error.fix == "correct it, then run `deploytool config check`"


def test_the_error_counts_the_faults_when_there_are_several() -> None:
    error = ConfigErrors([issue_of(2), issue_of(1)])
    assert error.cause == "the configuration has 2 errors:\n  f:1:1: wrong; do right\n  f:2:1: wrong; do right"
    assert error.exit_code == 2


def issue_of(line: int) -> ConfigIssue:
    return ConfigIssue("f", "a", line, 1, "wrong", "do right")
