"""``deploytool infra plan``."""

from __future__ import annotations

import click

from deploytool.cli import infra_options, options, rules


@click.command(name="plan", cls=rules.Verb, rules=infra_options.RULES)
@options.environment
@infra_options.stacks
@infra_options.changes
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
    """Show what `infra apply` would do, resource by resource with the properties that change, and change nothing.

    CloudFormation is asked by change sets, which are deleted again. Exit code 3 where `infra apply` would refuse.

    \b
    Example:
      deploytool infra plan --environment production
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.infra_sandbox import fitting
    from deploytool.cli.infra_watched import warned
    from deploytool.cli.infra_wiring import Wish, target_of, world_of
    from deploytool.cli.print_text import print_document, print_text
    from deploytool.cli.project import project
    from deploytool.cli.transaction import Busy
    from deploytool.core.stacks.change import Allowed
    from deploytool.errors import Exit
    from deploytool.report.infra.documents import plan_document
    from deploytool.report.infra.plan import plan_text
    from deploytool.run.stacks.plan import drafted

    clock = SystemClock()
    clock.listen()
    found = project(config, environment)
    target = target_of(found, Wish(only, parameters, Allowed(allow_replace, allow_remove)), fitting())
    with drafted(target, world_of(found, clock, warned, target.run_id, Busy(), "infra plan")) as drafts:
        plan = drafts.plan
    if output == "json":
        print_document(plan_document(plan))
    else:
        print_text(plan_text(plan))
    return int(Exit.REFUSED if plan.problems else Exit.DONE)
