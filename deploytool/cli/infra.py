"""``deploytool infra``: the verbs of the stacks, each from its own module when it is used."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "cost": "Estimate what the stacks cost in a month.",
}


class Infra(click.Group):
    """Lists its commands without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, from its own module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"deploytool.cli.infra_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from ``COMMANDS`` alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(name="infra", cls=Infra, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The cloud under the services: CloudFormation stacks.

    \b
    Example:
      deploytool infra cost --size minimal
    """
