"""``deploytool sandbox``: a whole cloud on this machine, to release to, to break, and to watch come back."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options
from deploytool.errors import Exit
from deploytool.output.console import print_document
from deploytool.sandbox import faults, trust
from deploytool.sandbox.errors import NotStarted
from deploytool.sandbox.faults import FAULTS, Change
from deploytool.sandbox.github import client
from deploytool.sandbox.lifecycle import Part, UpOptions, down, sandbox_parts, up
from deploytool.sandbox.process import LAST_PORT
from deploytool.sandbox.state import exclusive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploytool.output.documents import (
        SandboxDocument,
        SandboxDownDocument,
        SandboxEnvDocument,
        SandboxFaultDocument,
        SandboxStatusDocument,
    )
    from deploytool.sandbox.state import SandboxState


PORT = click.IntRange(1, LAST_PORT)


def _say(line: str) -> None:
    click.echo(f"sandbox: {line}", err=True)


def _here() -> SandboxState:
    state = trust.find_sandbox(Path.cwd())
    if state is None:
        raise NotStarted
    return state


@click.group(name="sandbox", cls=option_rules.Verbs)
def command() -> None:
    """A whole cloud on this machine: AWS, GitHub and an example application.

    \b
    Example:
      deploytool sandbox up
      cd .deploytool/workdir && deploytool release
    """


@command.command(
    name="up", rules=[option_rules.different("--aws-port", "--github-port", why="two servers cannot have one port")]
)
@click.option("--staging", is_flag=True, help="Also make a staging environment.")
@click.option(
    "--aws-port", type=PORT, default=4566, show_default=True, help="Port of AWS; the next free one if it is taken."
)
@click.option(
    "--github-port",
    type=PORT,
    default=4580,
    show_default=True,
    help="Port of GitHub; the next free one if it is taken.",
)
@options.output
def up_command(staging: bool, aws_port: int, github_port: int, output: str) -> None:
    """Start it in this directory; where it runs already, say where.

    \b
    Example:
      deploytool sandbox up --staging
    """
    began = time.monotonic()
    root = Path.cwd()
    from deploytool.cli.sandbox_account import apply_example_stacks

    with exclusive(root):
        state = up(root, UpOptions(aws_port, github_port, staging), _say, apply_example_stacks(_say))
    if output == "json":
        print_document(up_document(state, time.monotonic() - began))
        return
    click.echo(f"The sandbox runs ({time.monotonic() - began:.1f} s).")
    click.echo(f"  application   {state.app_url}/")
    click.echo(f"  GitHub        {client.page_url(state, 1)}")
    click.echo(f"  AWS           {state.aws_endpoint_url}")
    click.echo(f"  repository    {state.workdir}")
    click.echo(f"Release it:     cd {shlex.quote(str(state.workdir))} && deploytool release")


@command.command(name="down")
@click.option("--purge", is_flag=True, help="Also remove what makes the next start fast: images and packages.")
@options.output
def down_command(purge: bool, output: str) -> None:
    """Stop it.

    Every container, network and process that it made goes, and no other.

    \b
    Example:
      deploytool sandbox down
    """
    found = trust.find_sandbox(Path.cwd())
    if found is not None:
        with exclusive(found.root):
            state = trust.at(found.root)
            if state is not None:
                down(state, _say, purge=purge)
    if output == "json":
        print_document(down_document(stopped=found is not None))
    else:
        click.echo("There is no sandbox here." if found is None else "The sandbox is gone.")


@command.command(name="status")
@options.output
def status_command(output: str) -> int:
    """Show what of it runs. Exit code 3 where a part does not.

    \b
    Example:
      deploytool sandbox status --output json
    """
    state = _here()
    found = sandbox_parts(state)
    code = int(Exit.OK if all(part.runs for part in found) else Exit.PRECONDITION_FAILED)
    if output == "json":
        print_document(status_document(state, found, code))
        return code
    for part in found:
        click.echo(f"{'up' if part.runs else 'DOWN':5} {part.name:20} {part.detail}")
    click.echo(state.left_out)
    click.echo(f"faults: {', '.join(state.broken) or 'none'}")
    return code


@command.command(name="env")
@options.output
def env_command(output: str) -> None:
    """Print what leads other programs to it, for the shell.

    \b
    Example:
      eval "$(deploytool sandbox env)" && aws ecs list-clusters
    """
    variables = trust.sandbox_environment(_here())
    if output == "json":
        print_document(env_document(variables))
        return
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}" if value else f"unset {name}")


class Faults(option_rules.Verb):
    """Lists the ways to break, each with what the next release should come to."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of faults, then the options."""
        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.outcome) for name, fault in FAULTS.items()])
        super().format_options(ctx, formatter)


@command.command(name="break", cls=Faults)
@click.argument("fault", metavar="FAULT", type=click.Choice(list(FAULTS)))
@options.output
def break_command(fault: str, output: str) -> None:
    """Break the example in one way more, so that the next release fails.

    \b
    Example:
      deploytool sandbox break worker
    """
    state = _here()
    with exclusive(state.root):
        change = faults.inject(state, fault)
    _show(trust.at(state.root) or state, change, as_json=output == "json")
    if output == "text":
        click.echo("Undo:           deploytool sandbox fix")


@command.command(name="fix")
@options.output
def fix_command(output: str) -> None:
    """Mend everything that was broken.

    \b
    Example:
      deploytool sandbox fix
    """
    state = _here()
    with exclusive(state.root):
        change = faults.undo_all(state)
    _show(trust.at(state.root) or state, change, as_json=output == "json")


def _show(state: SandboxState, change: Change, *, as_json: bool) -> None:
    if as_json:
        print_document(fault_document(state, change))
        return
    if change.commit:
        click.echo(f"Commit {change.commit[:7]}, pull request {change.page}")
    click.echo(f"Expect:         {change.outcome}")
    click.echo(f"Release it:     cd {shlex.quote(str(state.workdir))} && deploytool release")


def up_document(state: SandboxState, seconds: float) -> SandboxDocument:
    """``deploytool sandbox up --output json``."""
    return {
        "schema": 1,
        "kind": "sandbox",
        "exit_code": 0,
        "problems": [],
        "app_url": state.app_url,
        "github_url": state.github_web_url,
        "github_api_url": state.github_api_url,
        "aws_endpoint_url": state.aws_endpoint_url,
        "registry": state.registry,
        "region": state.region,
        "repository": state.repository,
        "workdir": str(state.workdir),
        "environments": list(state.environments),
        "seconds": round(seconds, 3),
    }


def status_document(state: SandboxState, parts: Sequence[Part], exit_code: int) -> SandboxStatusDocument:
    """``deploytool sandbox status --output json``."""
    return {
        "schema": 1,
        "kind": "sandbox_status",
        "exit_code": exit_code,
        "problems": [
            {
                "code": "sandbox-part-down",
                "cause": f"{part.name} is down: {part.detail}",
                "fix": "deploytool sandbox up",
            }
            for part in parts
            if not part.runs
        ],
        "parts": [
            {"name": part.name, "status": "up" if part.runs else "down", "detail": part.detail} for part in parts
        ],
        "app_url": state.app_url,
        "workdir": str(state.workdir),
        "faults": list(state.broken),
        "omitted": state.left_out,
    }


def env_document(variables: dict[str, str]) -> SandboxEnvDocument:
    """``deploytool sandbox env --output json``."""
    return {"schema": 1, "kind": "sandbox_env", "exit_code": 0, "problems": [], "variables": variables}


def down_document(*, stopped: bool) -> SandboxDownDocument:
    """``deploytool sandbox down --output json``."""
    return {"schema": 1, "kind": "sandbox_down", "exit_code": 0, "problems": [], "stopped": stopped}


def fault_document(state: SandboxState, change: Change) -> SandboxFaultDocument:
    """``deploytool sandbox break`` and ``fix``, ``--output json``."""
    return {
        "schema": 1,
        "kind": "sandbox_fault",
        "exit_code": 0,
        "problems": [],
        "faults": list(state.broken),
        "commit": change.commit or None,
        "url": change.page or None,
        "expected": change.outcome,
        "workdir": str(state.workdir),
    }
