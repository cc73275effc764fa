"""``deploytool infra plan``."""

from __future__ import annotations

import click

from deploytool.cli import options
from deploytool.cli.options import RULES, changes, stacks


@click.command(name="plan", cls=options.Verb, rules=RULES)
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
    """Show what `infra apply` would do, with the properties of each resource that change, and change nothing.

    Creates change sets in CloudFormation and deletes them again. Exit code 3 if `infra apply` would refuse.

    \b
    Example:
      deploytool infra plan --environment production
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import open_context, start_run
    from deploytool.errors import Exit
    from deploytool.infra.documents import infra_plan_document
    from deploytool.infra.output import infra_plan_text
    from deploytool.infra.planner import draft_plan
    from deploytool.infra.progress import print_warning
    from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
    from deploytool.infra.stacks import Allowed
    from deploytool.ledger.lock import LockConflictPolicy
    from deploytool.output.console import print_document, print_text

    clock = start_run().clock
    context = open_context(config, environment)
    choices = InfraOptions(only, parameters, Allowed(allow_replace, allow_remove))
    target = stack_targets(context, choices, sandbox_template_filter())
    deps = infra_dependencies(context, clock, print_warning, target.run_id, LockConflictPolicy(), "infra plan")
    with draft_plan(target, deps) as drafts:
        plan = drafts.plan
    if output == "json":
        print_document(infra_plan_document(plan))
    else:
        print_text(infra_plan_text(plan))
    return int(Exit.PRECONDITION_FAILED if plan.problems else Exit.OK)
