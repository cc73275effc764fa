"""``deploytool infra plan``."""

from __future__ import annotations

import click

from deploytool.cli import option_rules, options
from deploytool.cli.options import RULES, changes, stacks


@click.command(name="plan", cls=option_rules.Verb, rules=RULES)
@options.environment
@stacks
@changes
@options.output
def command(
    config: str,
    environment: str | None,
    only: tuple[str, ...],
    parameters: dict[str, str],
    allow_replace: frozenset[str],
    allow_remove: frozenset[str],
    output: str,
) -> int:
    """Show the changes that `infra apply` would make, resource by resource, with their properties.

    Creates change sets and deletes them again. Exit code 3 if `infra apply` would refuse.

    \b
    Example:
      deploytool infra plan --environment production
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import LockConflictPolicy
    from deploytool.errors import Exit
    from deploytool.infra.output import infra_plan_document, infra_plan_text
    from deploytool.infra.planner import draft_plan
    from deploytool.infra.progress import is_warning
    from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
    from deploytool.infra.stacks import Allowed
    from deploytool.output.console import print_document, print_text

    clock = SystemClock()
    clock.listen()
    context = open_context(config, environment)
    target = stack_targets(
        context, InfraOptions(only, parameters, Allowed(allow_replace, allow_remove)), sandbox_template_filter()
    )
    with draft_plan(
        target, infra_dependencies(context, clock, is_warning, target.run_id, LockConflictPolicy(), "infra plan")
    ) as drafts:
        plan = drafts.plan
    if output == "json":
        print_document(infra_plan_document(plan))
    else:
        print_text(infra_plan_text(plan))
    return int(Exit.PRECONDITION_FAILED if plan.problems else Exit.OK)
