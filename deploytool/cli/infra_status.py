"""``deploytool infra status``."""

from __future__ import annotations

import click

from deploytool.cli import options, rules


@click.command(name="status", cls=rules.Verb)
@options.environment
@options.output
def command(config: str, environment: str | None, output: str) -> int:
    """Show the stacks: state, last change, protection, and the outputs that people need.

    Exit code 3 where one of them needs somebody.

    \b
    Example:
      deploytool infra status --environment production
    """
    from deploytool.aws.stacks.stacks import Stacks
    from deploytool.cli.print_text import print_document, print_text
    from deploytool.cli.project import project
    from deploytool.core.stacks.order import stacks_of
    from deploytool.core.stacks.shown import Shown
    from deploytool.errors import Exit
    from deploytool.report.infra.status import status_document, status_text

    found = project(config, environment)
    name, aws = found.settings.environment, Stacks(found.session)
    states = [(stack, aws.describe(stack.name)) for stack in stacks_of(found.settings.app, name)]
    shown = [Shown(stack, state, aws.policy(stack.name) if state else "") for stack, state in states]
    if output == "json":
        print_document(status_document(name, shown))
    else:
        print_text(status_text(name, shown))
    return int(Exit.REFUSED if any(each.advice for each in shown) else Exit.DONE)
