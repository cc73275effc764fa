"""The GitHub action: its inputs are validated and become a command line, its step runs ``deploytool``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from deploytool.aws import session
from deploytool.cli.main import run_verb
from deploytool.endpoints import ROLE
from deploytool.errors import ConfigurationError, DeployError, Exit
from deploytool.output.console import print_error, print_text


@dataclass(frozen=True)
class Shape:
    """What an input may look like."""

    pattern: str
    example: str


_NAME = Shape(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "production")
_REVISION = Shape(r"@?[A-Za-z0-9][A-Za-z0-9._/@+-]{0,199}", "1f8b2c4")
SHAPES = {
    "command": Shape(r"[a-z]+(-[a-z]+)*", "release"),
    "environment": _NAME,
    "config": Shape(r"[^\x00-\x1f\x7f]{1,400}", "deploytool.yml"),
    "role": Shape(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}", "arn:aws:iam::123456789012:role/x"),
    "region": Shape(r"[a-z]+(-[a-z]+)+-[0-9]+", "us-east-1"),
    "commit": _REVISION,
    "release": _REVISION,
    "deployment-id": Shape(r"[1-9][0-9]{0,17}", "1234567"),
    "from": _NAME,
    "if-busy": Shape(r"wait|refuse|supersede", "wait"),
    "wait": Shape(r"(?:[0-9]{1,4}h)?(?:[0-9]{1,4}m)?(?:[0-9]{1,6}s?)?", "10m"),
}
_EVERYWHERE = frozenset({"command", "environment", "config", "role", "region"})
_BUSY = {"if-busy": "--if-busy", "wait": "--wait"}
_WHERE = {"environment": "--environment", "config": "--config"}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "release": {**_WHERE, "commit": "--commit", **_BUSY},
    "rollback": {**_WHERE, "release": "--to", "deployment-id": "", **_BUSY},
    "promote": {"environment": "--to", "config": "--config", "from": "--from", "release": "--expect", **_BUSY},
    "migrate": {**_WHERE, "commit": "--commit", **_BUSY},
    "plan": {**_WHERE, "commit": "--commit"},
    "doctor": _WHERE,
    "recover": {**_WHERE, **_BUSY},
    "handle-comment": _WHERE,
}
"""Command to the inputs that it takes, each with the option of ``deploytool`` that it becomes."""
CHANGES = frozenset({"release", "rollback", "promote", "migrate", "recover", "handle-comment"})
"""Commands that can leave something to recover when they are killed."""

_CONTRADICTIONS: tuple[tuple[Callable[[Mapping[str, str]], bool], str, str], ...] = (
    (
        lambda given: {"release", "deployment-id"} <= set(given),
        "inputs release and deployment-id both choose the target of the rollback",
        "give one of them",
    ),
    (
        lambda given: "wait" in given and given.get("if-busy") == "refuse",
        "inputs wait and if-busy: refuse contradict each other: a command that refuses does not wait",
        "leave out wait, or change if-busy to wait",
    ),
    (
        lambda given: given["command"] == "promote" and given.get("from") == given.get("environment"),
        "inputs from and environment contradict promote: both environments are the same",
        "give from and environment different values",
    ),
    (
        lambda given: "region" in given and "role" not in given,
        "input region has no effect without role: the role is assumed in it",
        "give role as well, or leave out region",
    ),
)
"""When inputs contradict each other, with cause and fix."""


class InputsContradict(ConfigurationError):
    """Inputs that cannot be combined, or of which one would be ignored."""


def checked(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that were given, from ``INPUT_…``. Raises ConfigurationError for an invalid one."""
    given = {}
    for name, shape in SHAPES.items():
        value = environ.get(f"INPUT_{name.replace('-', '_').upper()}", "").strip()
        if not value:
            continue
        if not re.fullmatch(shape.pattern, value):
            raise ConfigurationError(f"input {name} cannot be {value[:80]!r}", f"give it as in {name}: {shape.example}")
        given[name] = value
    given.setdefault("command", "release")
    return given


def arguments(inputs: Mapping[str, str], event_path: str = "") -> list[str]:
    """The command line for :func:`checked` inputs. Raises ConfigurationError for inputs that cannot be combined."""
    command = inputs["command"]
    if command not in OPTIONS:
        raise ConfigurationError(f"input command cannot be {command!r}", f"it is one of {', '.join(OPTIONS)}")
    options = OPTIONS[command]
    if stray := sorted(set(inputs) - _EVERYWHERE - set(options)):
        raise ConfigurationError(
            f"command {command} has no input {', '.join(stray)}", "leave it out, or change command"
        )
    if command == "promote" and not {"from", "environment"} <= set(inputs):
        raise ConfigurationError("command promote needs inputs from and environment", "name both environments")
    if reason := next((reason for test, *reason in _CONTRADICTIONS if test(inputs)), None):
        raise InputsContradict(*reason)
    # One word per option: a value that begins with a dash stays a value.
    words = [command, *(f"{options[name]}={value}" for name, value in inputs.items() if options.get(name))]
    return [*words, f"--event-path={event_path}"] if command == "handle-comment" else words


def recovery_arguments(inputs: Mapping[str, str]) -> list[str]:
    """The command line that recovers what a killed command left; empty where it can have left nothing."""
    if inputs["command"] not in CHANGES or (inputs["command"] == "handle-comment" and "environment" not in inputs):
        return []
    # A killed run's lease must expire first; a run that took the lock meanwhile recovers it instead.
    kept = {name: inputs[name] for name in ("environment", "config") if name in inputs}
    return arguments({"command": "recover", **kept, "if-busy": "wait", "wait": "2m"})


SETTLE = "ACTION_SETTLE"
"""Set for the last step: recover what the step before it left."""


def main() -> NoReturn:
    """Run the step, and end with deploytool's exit code."""
    code = _step(os.environ)
    if code != Exit.INTERNAL_ERROR:
        _end()
    sys.stdout.flush()
    sys.stderr.flush()
    # As deploytool itself ends: everything is printed by now.
    os._exit(code)


def _step(environ: Mapping[str, str]) -> int:
    try:
        inputs = checked(environ)
        words = recovery_arguments(inputs) if environ.get(SETTLE) else _words(inputs, environ)
        _hand_over(inputs)
        if words and "deployment-id" in inputs:
            words.append(f"--to={_release_of(inputs)}")
    except DeployError as error:
        print_error(error)
        return int(error.exit_code)
    if not words:
        return Exit.OK
    print_text(f"deploytool {' '.join(words)}", err=True)
    sys.argv = ["deploytool", *words]
    return run_verb()


def _words(inputs: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    event = environ.get("GITHUB_EVENT_PATH", "")
    if inputs["command"] == "handle-comment" and not event:
        raise ConfigurationError("command handle-comment needs the event of a comment", "use it on: issue_comment")
    return arguments(inputs, event)


def _hand_over(inputs: Mapping[str, str]) -> None:
    """Token and role, where the verbs expect them; the variables INPUT_… go to no child process."""
    given = {
        "GITHUB_TOKEN": os.environ.get("INPUT_TOKEN", ""),
        ROLE: inputs.get("role", ""),
        session.REGION: inputs.get("region", ""),
        # Also on a runner that does not set it: the action never uses a sandbox.
        "GITHUB_ACTIONS": "true",
    }
    for name in [name for name in os.environ if name.startswith("INPUT_")]:
        del os.environ[name]
    os.environ.update({name: value for name, value in given.items() if value})


def _release_of(inputs: Mapping[str, str]) -> str:
    from deploytool.github.client import GithubClient
    from deploytool.github.deployments import release_of
    from deploytool.github.runner import github_context

    context = github_context(os.environ, {})
    if context.silent_because:
        raise ConfigurationError(
            f"input deployment-id cannot be looked up: {context.silent_because}", "give input release instead"
        )
    client = GithubClient(context.api_url, context.token, context.repository)
    return release_of(client, int(inputs["deployment-id"]), _on_github(inputs))


def _on_github(inputs: Mapping[str, str]) -> str:
    """The environment's name on GitHub; one that does not exist is reported by the verb itself."""
    from deploytool.config.loader import resolve
    from deploytool.config.yaml import read_config

    name = inputs.get("environment", "")
    config = read_config(inputs.get("config", "deploytool.yml"))
    return resolve(config, name).github_environment if name in config.environments else name


def _end() -> None:
    """Tell the recovery step that this one ended, neither killed nor by an internal error."""
    if path := os.environ.get("GITHUB_OUTPUT"):
        with Path(path).open("a", encoding="utf-8", newline="\n") as outputs:
            outputs.write("ended=true\n")
