"""Inputs of the action: what becomes of each, and what is refused before anything runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploytool.cli.action import OPTIONS, SHAPES, arguments, checked, recovery_arguments
from deploytool.errors import ConfigurationError
from tests.support.github_runner.files import commands, entries

ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INJECTIONS = (
    "$(touch /tmp/owned)",
    "`touch /tmp/owned`",
    "x; touch owned",
    "x && touch owned",
    "x\n::set-env name=LD_PRELOAD::/tmp/evil.so",
    "::stop-commands::x",
    "::set-output name=result::released",
    "##[set-env name=A]b",
    "--config=/etc/passwd",
    "-e",
    "[click](https://evil.example)",
    "<!-- deploytool:app:production -->",
    "${{ secrets.TOKEN }}",
    "../../etc/passwd",
    "x\x00y",
    "é",
)


def given(**inputs: str) -> dict[str, str]:
    """The variables that action.yml makes of inputs."""
    return {f"INPUT_{name.upper()}": value for name, value in inputs.items()}


def words(**inputs: str) -> list[str]:
    return arguments(checked(given(**inputs)), "event.json")


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({}, "release"),
        ({"environment": "production"}, "release --environment=production"),
        ({"commit": "1f8b2c4", "wait": "5m"}, "release --commit=1f8b2c4 --wait=5m"),
        ({"command": "rollback", "release": "20261123-101112-ab12"}, "rollback --to=20261123-101112-ab12"),
        ({"command": "rollback", "deployment_id": "17"}, "rollback"),
        (
            {"command": "promote", "from": "staging", "environment": "production"},
            "promote --to=production --from=staging",
        ),
        ({"command": "plan", "config": "deploy/deploytool.yml"}, "plan --config=deploy/deploytool.yml"),
        ({"command": "doctor", "environment": "production"}, "doctor --environment=production"),
        ({"command": "migrate", "commit": "1f8b2c4", "wait": "5m"}, "migrate --commit=1f8b2c4 --wait=5m"),
        ({"command": "recover", "if_busy": "wait"}, "recover --if-busy=wait"),
        (
            {"command": "handle-comment", "environment": "staging"},
            "handle-comment --environment=staging --event-path=event.json",
        ),
    ],
)
def test_inputs_become_a_command_line(inputs: dict[str, str], line: str) -> None:
    assert words(**inputs) == line.split()


@pytest.mark.parametrize("value", INJECTIONS)
@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"config"}))
def test_an_input_that_could_mean_something_to_a_shell_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError):
        checked({f"INPUT_{name.replace('-', '_').upper()}": value})


@pytest.mark.parametrize("value", ["--environment=production", "$(id)", "a b.yml"])
def test_a_path_stays_one_word_whatever_it_holds(value: str) -> None:
    assert words(config=value) == ["release", f"--config={value}"]


@pytest.mark.parametrize("value", ["a\nb", "a\x1b[2Jb", "a\x00b"])
def test_a_path_with_control_characters_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError):
        checked(given(config=value))


@pytest.mark.parametrize(
    "inputs",
    [
        {"command": "sandbox"},
        {"command": "rollback", "commit": "1f8b2c4"},
        {"command": "release", "from": "staging"},
        {"command": "promote", "environment": "production"},
        {"command": "promote", "from": "staging"},
        {"command": "rollback", "release": "1f8b2c4", "deployment_id": "7"},
        {"command": "handle-comment", "release": "1f8b2c4"},
        {"command": "promote", "from": "production", "environment": "production"},
        {"command": "release", "if_busy": "refuse", "wait": "10m"},
        {"command": "recover", "if_busy": "refuse", "wait": "10m"},
        {"command": "rollback", "region": "us-east-1"},
    ],
)
def test_inputs_that_do_not_go_together_are_refused(inputs: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        words(**inputs)


ROLE = "arn:aws:iam::123456789012:role/deploy"
EACH = {
    "environment": "production", "config": "deploytool.yml", "role": ROLE, "region": "us-east-1", "commit": "1f8b2c4",
    "release": "1f8b2c4", "deployment_id": "17", "from": "staging", "if_busy": "wait", "wait": "10m",
}  # fmt: skip


@pytest.mark.parametrize("command", OPTIONS)
def test_every_input_is_used_or_refused_with_its_name(command: str) -> None:
    needed = {"from": "staging", "environment": "production"} if command == "promote" else {}
    for name, value in EACH.items():
        dashed = name.replace("_", "-")
        inputs = {**needed, "command": command, "role": ROLE, name: value}
        if dashed in ("environment", "config", "role", "region") or dashed in OPTIONS[command]:
            words(**inputs)
        else:
            with pytest.raises(ConfigurationError, match=f"command {command} has no input {dashed}"):
                words(**inputs)


@pytest.mark.parametrize("command", ["release", "rollback", "promote", "handle-comment"])
def test_what_a_killed_command_left_is_settled_in_its_environment(command: str) -> None:
    line = recovery_arguments({"command": command, "environment": "production", "config": "a.yml"})
    assert line == ["recover", "--environment=production", "--config=a.yml", "--if-busy=wait", "--wait=2m"]


def test_a_plan_leaves_nothing_to_settle() -> None:
    assert recovery_arguments({"command": "plan", "environment": "production"}) == []


def test_a_response_that_was_not_told_its_environment_has_none_to_settle() -> None:
    assert recovery_arguments({"command": "handle-comment"}) == []


def test_every_input_reaches_the_entry_and_every_output_comes_from_it() -> None:
    deploy = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "deploy")
    handed = {name.removeprefix("INPUT_").replace("_", "-").lower() for name in deploy["env"] if "INPUT_" in name}
    assert handed == set(ACTION["inputs"]) == set(SHAPES) | {"token"}
    assert {value for options in OPTIONS.values() for value in options} <= handed


def test_no_expression_stands_in_the_text_of_a_shell() -> None:
    for path in (ROOT / "action.yml", *sorted((ROOT / ".github/workflows").glob("*.yml"))):
        read = yaml.safe_load(path.read_text())
        jobs = [read["runs"]] if "runs" in read else list(read["jobs"].values())
        scripts = [step.get("run", "") for job in jobs for step in job.get("steps", [])]
        assert [script for script in scripts if "${{" in script] == [], path


def entry(tmp_path: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """The action's step as it is started, with the outputs it wrote."""
    output = tmp_path / "output"
    output.touch()
    environ = {"PATH": os.environ["PATH"], "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), **given(**inputs)}
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "action/start.py"],
        cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done, entries(output.read_text())


def test_a_refused_input_says_so_in_annotation_and_outputs(tmp_path: Path) -> None:
    done, outputs = entry(tmp_path, environment="x\n::set-env name=A::b\n##[add-path]/evil")
    assert done.returncode == 2
    assert (outputs["result"], outputs["reason-code"]) == ("usage", "configuration-error")
    assert outputs["ended"] == "true", "nothing was begun that is to be settled"
    result = [command.name for command in commands(done.stdout + done.stderr)]
    assert result == ["error"], "the value is quoted, and the runner finds no command in it"


def test_a_module_in_the_callers_directory_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('taken over')")
    done, _ = entry(tmp_path, command="nothing")
    assert "taken over" not in done.stdout + done.stderr
    assert done.returncode == 2
