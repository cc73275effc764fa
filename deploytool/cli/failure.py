"""A failure on the terminal and in the action's outputs: what happened, and what to do."""

from __future__ import annotations

import json
import os
import re
import secrets

import click

from deploytool.cli.print_text import print_text
from deploytool.cli.surroundings import in_actions
from deploytool.errors import DeployError


def tell_failure(error: DeployError) -> None:
    """Cause and fix on standard error; in GitHub Actions also as an annotation and as outputs."""
    print_text(f"{click.style('error:', fg='red', bold=True)} {error.cause}", err=True)
    if error.fix:
        print_text(f"{click.style('fix:', fg='yellow')} {error.fix}", err=True)
    if in_actions():
        from deploytool.report import github_actions

        click.echo(github_actions.error(f"{error.cause}\n{error.fix}".strip(), "deploytool"))
    if path := os.environ.get("GITHUB_OUTPUT"):
        from deploytool.github.runner_files import append_outputs
        from deploytool.report import github_actions

        append_outputs(path, github_actions.outputs(failure_outputs(error), secrets.token_hex(16)))


def failure_outputs(error: DeployError) -> dict[str, str]:
    """Outputs of a step that ended before it had an outcome: exit code and class, as words that stay the same."""
    result = error.exit_code.name.lower().replace("_", "-")
    reason = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    document = {
        "schema": 1, "kind": "failure", "result": result, "exit_code": int(error.exit_code),
        "reason": reason, "cause": error.cause, "fix": error.fix,
    }  # fmt: skip
    return {"result": result, "reason-code": reason, "json": json.dumps(document, ensure_ascii=False)}
