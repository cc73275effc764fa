"""``deploytool sandbox``: a whole cloud on this machine, to release to, to break, and to watch come back."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules
from deploytool.output.console import print_document
from deploytool.sandbox import faults, trust
from deploytool.sandbox.errors import NotStarted
from deploytool.sandbox.faults import FAULTS
from deploytool.sandbox.github import client
from deploytool.sandbox.lifecycle import UpOptions, down, sandbox_parts, up
from deploytool.sandbox.process import LAST_PORT
from deploytool.sandbox.state import exclusive

if TYPE_CHECKING:
    from deploytool.sandbox.faults import Change
    from deploytool.sandbox.state import SandboxState


OUTPUT = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print the result."
)
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
@OUTPUT
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
        click.echo((state.directory / "sandbox.json").read_text(), nl=False)
        return
    click.echo(f"The sandbox runs ({time.monotonic() - began:.1f} s).")
    click.echo(f"  application   {state.app_url}/")
    click.echo(f"  GitHub        {client.page_url(state, 1)}")
    click.echo(f"  AWS           {state.aws_endpoint_url}")
    click.echo(f"  repository    {state.workdir}")
    click.echo(f"Release it:     cd {shlex.quote(str(state.workdir))} && deploytool release")


@command.command(name="down")
@click.option("--purge", is_flag=True, help="Also remove what makes the next start fast: images and packages.")
def down_command(purge: bool) -> None:
    """Stop it.

    Every container, network and process that it made goes, and no other.

    \b
    Example:
      deploytool sandbox down
    """
    found = trust.find_sandbox(Path.cwd())
    if found is None:
        click.echo("There is no sandbox here.")
        return
    with exclusive(found.root):
        state = trust.at(found.root)
        if state is not None:
            down(state, _say, purge=purge)
    click.echo("The sandbox is gone.")


@command.command(name="status")
@OUTPUT
def status_command(output: str) -> None:
    """Show what of it runs. Exit code 3 where a part does not.

    \b
    Example:
      deploytool sandbox status --output json
    """
    state = _here()
    found = sandbox_parts(state)
    if output == "json":
        shown = {part.name: {"runs": part.runs, "detail": part.detail} for part in found}
        print_document(
            {
                "parts": shown,
                "app_url": state.app_url,
                "workdir": str(state.workdir),
                "broken": state.broken,
                "left_out": state.left_out,
            }
        )
    else:
        for part in found:
            click.echo(f"{'runs' if part.runs else 'DOWN':5} {part.name:20} {part.detail}")
        click.echo(state.left_out)
        click.echo(f"broken: {', '.join(state.broken) or 'nothing'}")
    if not all(part.runs for part in found):
        raise SystemExit(3)


@command.command(name="env")
@OUTPUT
def env_command(output: str) -> None:
    """Print what leads other programs to it, for the shell.

    \b
    Example:
      eval "$(deploytool sandbox env)" && aws ecs list-clusters
    """
    variables = trust.sandbox_environment(_here())
    if output == "json":
        print_document(variables)
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
def break_command(fault: str) -> None:
    """Break the example in one way more, so that the next release fails.

    \b
    Example:
      deploytool sandbox break worker
    """
    state = _here()
    with exclusive(state.root):
        change = faults.inject(state, fault)
    _show(state, change)
    click.echo("Mend it:        deploytool sandbox fix")


@command.command(name="fix")
def fix_command() -> None:
    """Mend everything that was broken.

    \b
    Example:
      deploytool sandbox fix
    """
    state = _here()
    with exclusive(state.root):
        change = faults.undo_all(state)
    _show(state, change)


def _show(state: SandboxState, change: Change) -> None:
    if change.commit:
        click.echo(f"Commit {change.commit[:7]}, pull request {change.page}")
    click.echo(f"Expect:         {change.outcome}")
    click.echo(f"Release it:     cd {shlex.quote(str(state.workdir))} && deploytool release")
