"""``deploytool infra status``."""

from __future__ import annotations

import click

from deploytool.cli import options


@click.command(name="status", cls=options.Verb)
@options.environment
@options.output
def command(config: str, environment: str | None, output: str) -> int:
    """Show the stacks: state, last change, protection and the main outputs.

    Exit code 3 if a stack needs attention.

    \b
    Example:
      deploytool infra status --environment production
    """
    from deploytool.deploy.context import open_context
    from deploytool.errors import Exit
    from deploytool.infra.client import Stacks
    from deploytool.infra.documents import status_document
    from deploytool.infra.output import status_text
    from deploytool.infra.plan import StackSummary
    from deploytool.infra.stacks import StackCondition, condition_of, stacks_of
    from deploytool.output.console import print_document, print_text

    context = open_context(config, environment)
    name, aws = context.settings.environment, Stacks(context.session)
    states = [(stack, aws.describe(stack.name)) for stack in stacks_of(context.settings.app, name)]
    summaries = [
        StackSummary(
            stack,
            state,
            aws.policy(stack.name) if state else "",
            aws.held(stack.name) if condition_of(state) is StackCondition.CREATE_FAILED else (),
        )
        for stack, state in states
    ]
    if output == "json":
        print_document(status_document(name, summaries))
    else:
        print_text(status_text(name, summaries))
    return int(Exit.PRECONDITION_FAILED if any(summary.advice for summary in summaries) else Exit.OK)
