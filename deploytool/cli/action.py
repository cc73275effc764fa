"""The action's step: inputs come from the environment, outputs go to the runner's file; between is ``deploytool``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from deploytool.aws import oidc
from deploytool.cli import action_inputs
from deploytool.cli.failure import tell_failure
from deploytool.cli.main import run_verb
from deploytool.cli.print_text import print_text
from deploytool.errors import ConfigurationError, DeployError, Exit

SETTLE = "ACTION_SETTLE"
"""Set for the last step: settle what the step before it left open."""


def main() -> NoReturn:
    """Run the step, and end with deploytool's exit code."""
    code = _step(os.environ)
    if code != Exit.OUR_FAULT:
        _end()
    sys.stdout.flush()
    sys.stderr.flush()
    # As deploytool itself ends: everything is said by now.
    os._exit(code)


def _step(environ: Mapping[str, str]) -> int:
    try:
        inputs = action_inputs.checked(environ)
        words = action_inputs.settling(inputs) if environ.get(SETTLE) else _words(inputs, environ)
        _hand_over(inputs)
        if words and "deployment-id" in inputs:
            words.append(f"--to={_release_of(inputs)}")
    except DeployError as error:
        tell_failure(error)
        return int(error.exit_code)
    if not words:
        return Exit.DONE
    print_text(f"deploytool {' '.join(words)}", err=True)
    sys.argv = ["deploytool", *words]
    return run_verb()


def _words(inputs: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    event = environ.get("GITHUB_EVENT_PATH", "")
    if inputs["command"] == "respond" and not event:
        raise ConfigurationError("command respond needs the event of a comment", "use it on: issue_comment")
    return action_inputs.arguments(inputs, event)


def _hand_over(inputs: Mapping[str, str]) -> None:
    """Token and role, as the verbs look for them; the variables that begin with INPUT_ go to no child process."""
    given = {
        "GITHUB_TOKEN": os.environ.get("INPUT_TOKEN", ""),
        oidc.ROLE: inputs.get("role", ""),
        oidc.REGION: inputs.get("region", ""),
        # Also on a runner that does not say so: no sandbox is looked for in the action.
        "GITHUB_ACTIONS": "true",
    }
    for name in [name for name in os.environ if name.startswith("INPUT_")]:
        del os.environ[name]
    os.environ.update({name: value for name, value in given.items() if value})


def _release_of(inputs: Mapping[str, str]) -> str:
    from deploytool.github.client import GithubClient
    from deploytool.github.context import github_context
    from deploytool.github.released import release_of

    context = github_context(os.environ, {})
    if context.silent_because:
        raise ConfigurationError(
            f"input deployment-id cannot be looked up: {context.silent_because}", "give input release instead"
        )
    client = GithubClient(context.api_url, context.token, context.repository)
    return release_of(client, int(inputs["deployment-id"]), _on_github(inputs))


def _on_github(inputs: Mapping[str, str]) -> str:
    """What the environment of the inputs is called on GitHub; the verb itself tells where there is none."""
    from deploytool.cli.read_config import read_config
    from deploytool.core.config.resolve import resolve

    name = inputs.get("environment", "")
    config = read_config(inputs.get("config", "deploytool.yml"))
    return resolve(config, name).github_environment if name in config.environments else name


def _end() -> None:
    """Tell the settling step that nothing was cut short, neither by a signal nor by a fault of ours."""
    if path := os.environ.get("GITHUB_OUTPUT"):
        with Path(path).open("a", encoding="utf-8", newline="\n") as outputs:
            outputs.write("ended=true\n")
