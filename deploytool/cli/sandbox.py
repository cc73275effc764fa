"""``deploytool sandbox``: a local AWS and GitHub to release to, to inject faults into, and to roll back on."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules
from deploytool.output.console import print_document
from deploytool.sandbox import faults, trust
from deploytool.sandbox.errors import NotStarted
from deploytool.sandbox.github import client
from deploytool.sandbox.lifecycle import UpOptions, down, sandbox_parts, up
from deploytool.sandbox.process import LAST_PORT
from deploytool.sandbox.state import exclusive

if TYPE_CHECKING:
    from click.decorators import FC

    from deploytool.sandbox.state import SandboxState

OUTPUT = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format."
)
PORT = click.IntRange(1, LAST_PORT)


def _port_option(service: str, default: int) -> Callable[[FC], FC]:
    text = f"Port of {service}; the next free one if it is taken."
    return click.option(f"--{service.lower()}-port", type=PORT, default=default, show_default=True, help=text)


def _write_line(line: str) -> None:
    click.echo(f"sandbox: {line}", err=True)


def _require_sandbox() -> SandboxState:
    state = trust.find_sandbox(Path.cwd())
    if state is None:
        raise NotStarted
    return state


@click.group(name="sandbox", cls=option_rules.Verbs)
def command() -> None:
    """Run a local AWS and GitHub to try deploytool.

    \b
    Example:
      deploytool sandbox up
      cd .deploytool/workdir && deploytool release
    """


@command.command(
    name="up", rules=[option_rules.different("--aws-port", "--github-port", why="two servers cannot have one port")]
)
@click.option("--staging", is_flag=True, help="Also create a staging environment.")
@_port_option("AWS", 4566)
@_port_option("GitHub", 4580)
@OUTPUT
def up_command(staging: bool, aws_port: int, github_port: int, output: str) -> None:
    """Start the sandbox in this directory, or show the running one.

    \b
    Example:
      deploytool sandbox up --staging
    """
    from deploytool.cli.sandbox_account import apply_example_stacks

    start, root = time.monotonic(), Path.cwd()
    with exclusive(root):
        state = up(root, UpOptions(aws_port, github_port, staging), _write_line, apply_example_stacks(_write_line))
    if output == "json":
        click.echo((state.directory / "sandbox.json").read_text(), nl=False)
        return
    click.echo(f"The sandbox is running ({time.monotonic() - start:.1f} s).")
    click.echo(f"  application   {state.app_url}/")
    click.echo(f"  GitHub        {client.page_url(state, 1)}")
    click.echo(f"  AWS           {state.aws_endpoint_url}")
    click.echo(f"  repository    {state.workdir}")
    _print_release_command(state)


@command.command(name="down")
@click.option("--purge", is_flag=True, help="Also remove what makes the next start fast: images and packages.")
def down_command(purge: bool) -> None:
    """Stop the sandbox.

    Removes every container, network and process that it created, and no others.

    \b
    Example:
      deploytool sandbox down
    """
    state = trust.find_sandbox(Path.cwd())
    if state is None:
        click.echo("No sandbox here.")
        return
    with exclusive(state.root):
        state = trust.load_sandbox(state.root)
        if state is not None:
            down(state, _write_line, purge=purge)
    click.echo("The sandbox is removed.")


@command.command(name="status")
@OUTPUT
def status_command(output: str) -> None:
    """Show which parts are running. Exit code 3 if one is down.

    \b
    Example:
      deploytool sandbox status --output json
    """
    state = _require_sandbox()
    parts = sandbox_parts(state)
    if output == "json":
        print_document(
            {
                "parts": {part.name: {"runs": part.runs, "detail": part.detail} for part in parts},
                "app_url": state.app_url,
                "workdir": str(state.workdir),
                "broken": state.broken,
                "left_out": state.left_out,
            }
        )
    else:
        for part in parts:
            click.echo(f"{'up' if part.runs else 'down':5} {part.name:20} {part.detail}")
        click.echo(state.left_out)
        click.echo(f"faults: {', '.join(state.broken) or 'none'}")
    if not all(part.runs for part in parts):
        raise SystemExit(3)


@command.command(name="env")
@OUTPUT
def env_command(output: str) -> None:
    """Print the environment variables of the sandbox, for the shell.

    \b
    Example:
      eval "$(deploytool sandbox env)" && aws ecs list-clusters
    """
    variables = trust.sandbox_environment(_require_sandbox())
    if output == "json":
        print_document(variables)
        return
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}" if value else f"unset {name}")


class FaultsHelp(option_rules.Verb):
    """Lists the faults, each with the expected outcome of the next release."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of faults, then the options."""
        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.outcome) for name, fault in faults.FAULTS.items()])
        super().format_options(ctx, formatter)


@command.command(name="break", cls=FaultsHelp)
@click.argument("fault", metavar="FAULT", type=click.Choice(list(faults.FAULTS)))
def break_command(fault: str) -> None:
    """Inject a fault into the example, so that the next release fails.

    \b
    Example:
      deploytool sandbox break worker
    """
    state = _require_sandbox()
    with exclusive(state.root):
        change = faults.inject(state, fault)
    _print_change(state, change)
    click.echo("Undo:           deploytool sandbox fix")


@command.command(name="fix")
def fix_command() -> None:
    """Undo all injected faults.

    \b
    Example:
      deploytool sandbox fix
    """
    state = _require_sandbox()
    with exclusive(state.root):
        change = faults.undo_all(state)
    _print_change(state, change)


def _print_change(state: SandboxState, change: faults.Change) -> None:
    if change.commit:
        click.echo(f"Commit {change.commit[:7]}, pull request {change.page}")
    click.echo(f"Expect:         {change.outcome}")
    _print_release_command(state)


def _print_release_command(state: SandboxState) -> None:
    click.echo(f"Release it:     cd {shlex.quote(str(state.workdir))} && deploytool release")
