"""``deploytool infra``: the CloudFormation stacks under an environment."""

from __future__ import annotations

import importlib

import click

SUBCOMMANDS = {
    "plan": "Show what `infra apply` would do, resource by resource, and change nothing.",
    "apply": "Create or update the stacks, and wait until they have completed.",
    "status": "Show the stacks, their state, protection and outputs.",
    "drift": "Detect changes made outside CloudFormation. Exit code 3 if there are any.",
    "destroy": "Delete the stacks, and list what is retained.",
    "cost": "Estimate what the stacks cost in a month, beside the guide's figures.",
}
"""Each has a module ``deploytool.cli.infra.NAME`` with a ``command``, loaded when it is used."""


class Subcommands(click.Group):
    """Lists the subcommands without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, from its own module."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = importlib.import_module(f"deploytool.cli.infra.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of subcommands, from ``SUBCOMMANDS`` alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group(name="infra", cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Manage the CloudFormation stacks of an environment (network, data, platform, service) and of its account.

    \b
    Example:
      deploytool infra plan --environment production
      deploytool infra apply --environment production
      deploytool infra cost --size minimal
    """
