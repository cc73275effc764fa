"""``deploytool sandbox``: a local AWS and GitHub to release to, to inject faults into, and to roll back on."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.errors import Exit
from deploytool.output.console import print_document, print_text
from deploytool.output.documents import (
    SandboxDocument,
    SandboxDownDocument,
    SandboxEnvDocument,
    SandboxFaultDocument,
    SandboxStatusDocument,
)
from deploytool.sandbox import faults, trust
from deploytool.sandbox.errors import NotStarted
from deploytool.sandbox.faults import Change
from deploytool.sandbox.github import client
from deploytool.sandbox.lifecycle import Part, UpOptions, down, sandbox_parts, up
from deploytool.sandbox.process import LAST_PORT
from deploytool.sandbox.state import SandboxState, exclusive

if TYPE_CHECKING:
    from click.decorators import FC

    from deploytool.sandbox.state import SandboxState

PORT = click.IntRange(1, LAST_PORT)


def _port_option(service: str, default: int) -> Callable[[FC], FC]:
    text = f"Port of {service}; the next free one if it is taken."
    return click.option(f"--{service.lower()}-port", type=PORT, default=default, show_default=True, help=text)


def _write_line(line: str) -> None:
    print_text(f"sandbox: {line}", err=True)


def _require_sandbox() -> SandboxState:
    state = trust.find_sandbox(Path.cwd())
    if state is None:
        raise NotStarted
    return state


@click.group(name="sandbox", cls=options.Verbs)
def command() -> None:
    """Run a local AWS and GitHub to try deploytool.

    \b
    Example:
      deploytool sandbox up
      cd .deploytool/workdir && deploytool release
    """


@command.command(
    name="up", rules=[options.different("--aws-port", "--github-port", why="two servers cannot have one port")]
)
@click.option("--staging", is_flag=True, help="Also create a staging environment.")
@_port_option("AWS", 4566)
@_port_option("GitHub", 4580)
@click.option(
    "--steady",
    type=options.Duration(),
    help="How long new tasks of the example must run before a release succeeds; 0s turns it off. Default: 15s.",
)
@options.output
def up_command(staging: bool, aws_port: int, github_port: int, steady: float | None, output: str) -> None:
    """Start the sandbox in this directory, or show the running one.

    \b
    Example:
      deploytool sandbox up --staging
    """
    from deploytool.cli.sandbox_account import apply_example_stacks

    start, root = time.monotonic(), Path.cwd()
    options = UpOptions(aws_port, github_port, staging, None if steady is None else int(steady))
    with exclusive(root):
        state = up(root, options, _write_line, apply_example_stacks(_write_line))
    if output == "json":
        print_document(up_document(state, time.monotonic() - start))
        return
    print_text(f"The sandbox is running ({time.monotonic() - start:.1f} s).")
    print_text(f"  application   {state.app_url}/")
    print_text(f"  GitHub        {client.page_url(state, 1)}")
    print_text(f"  AWS           {state.aws_endpoint_url}")
    print_text(f"  repository    {state.workdir}")
    _print_release_command(state)


@command.command(name="down")
@click.option("--purge", is_flag=True, help="Also remove what makes the next start fast: images and packages.")
@options.output
def down_command(purge: bool, output: str) -> None:
    """Stop the sandbox.

    Removes every container, network and process that it created, and no others.

    \b
    Example:
      deploytool sandbox down
    """
    running = trust.find_sandbox(Path.cwd())
    if running is not None:
        with exclusive(running.root):
            state = trust.load_sandbox(running.root)
            if state is not None:
                down(state, _write_line, purge=purge)
    if output == "json":
        print_document(down_document(stopped=running is not None))
    else:
        print_text("No sandbox here." if running is None else "The sandbox is removed.")


@command.command(name="status")
@options.output
def status_command(output: str) -> int:
    """Show which parts are running. Exit code 3 if one is down.

    \b
    Example:
      deploytool sandbox status --output json
    """
    state = _require_sandbox()
    parts = sandbox_parts(state)
    code = int(Exit.OK if all(part.runs for part in parts) else Exit.PRECONDITION_FAILED)
    if output == "json":
        print_document(status_document(state, parts, code))
        return code
    for part in parts:
        print_text(f"{'up' if part.runs else 'down':5} {part.name:20} {part.detail}")
    print_text(state.left_out)
    print_text(f"faults: {', '.join(state.broken) or 'none'}")
    return code


@command.command(name="env")
@options.output
def env_command(output: str) -> None:
    """Print the environment variables of the sandbox, for the shell.

    \b
    Example:
      eval "$(deploytool sandbox env)" && aws ecs list-clusters
    """
    variables = trust.sandbox_environment(_require_sandbox())
    if output == "json":
        print_document(env_document(variables))
        return
    for name, value in variables.items():
        print_text(f"export {name}={shlex.quote(value)}" if value else f"unset {name}")


class FaultsHelp(options.Verb):
    """Lists the faults, each with the expected outcome of the next release."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of faults, then the options."""
        with formatter.section("Faults"):
            formatter.write_dl([(name, fault.outcome) for name, fault in faults.FAULTS.items()])
        super().format_options(ctx, formatter)


@command.command(name="break", cls=FaultsHelp)
@click.argument("fault", metavar="FAULT", type=click.Choice(list(faults.FAULTS)))
@options.output
def break_command(fault: str, output: str) -> None:
    """Inject a fault into the example, so that the next release fails.

    \b
    Example:
      deploytool sandbox break worker
    """
    state = _require_sandbox()
    with exclusive(state.root):
        change = faults.inject(state, fault)
    _print_change(state, change, output)
    if output == "text":
        print_text("Undo:           deploytool sandbox fix")


@command.command(name="fix")
@options.output
def fix_command(output: str) -> None:
    """Undo all injected faults.

    \b
    Example:
      deploytool sandbox fix
    """
    state = _require_sandbox()
    with exclusive(state.root):
        change = faults.undo_all(state)
    _print_change(state, change, output)


def _print_change(state: SandboxState, change: faults.Change, output: str) -> None:
    if output == "json":
        print_document(fault_document(trust.load_sandbox(state.root) or state, change))
        return
    if change.commit:
        print_text(f"Commit {change.commit[:7]}, pull request {change.page}")
    print_text(f"Expect:         {change.outcome}")
    _print_release_command(state)


def _print_release_command(state: SandboxState) -> None:
    print_text(f"Release it:     cd {shlex.quote(str(state.workdir))} && deploytool release")


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
