"""``deploytool infra``: the CloudFormation stacks under an environment."""

from __future__ import annotations

import importlib

import click

SUBCOMMANDS = {
    "plan": "Show the changes that `infra apply` would make, resource by resource.",
    "apply": "Create or update the stacks, and wait until they are done.",
    "status": "Show the stacks with state, protection and outputs.",
    "drift": "Detect changes made outside CloudFormation. Exit code 3 if there are any.",
    "destroy": "Delete the stacks, and list retained resources.",
    "cost": "Estimate the monthly cost of the stacks, next to the guide's figures.",
}
"""Each has a module ``deploytool.cli.infra.NAME`` with a ``command``, loaded when it is used."""


class Subcommands(click.Group):
    """Lists the subcommands without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
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
    """Manage the CloudFormation stacks of an environment: network, data, platform, service, and those of the account.

    \b
    Example:
      deploytool infra plan --environment production
      deploytool infra apply --environment production
      deploytool infra cost --size minimal
    """
