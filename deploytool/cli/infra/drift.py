"""``deploytool infra drift``."""

from __future__ import annotations

import click

from deploytool.cli import options
from deploytool.cli.options import stacks


@click.command(name="drift", cls=options.Verb)
@options.environment
@stacks
@click.option("--timeout", type=options.DURATION, default="15m", show_default=True, help="Maximum duration.")
@options.output
def command(config: str, environment: str | None, only: tuple[str, ...], timeout: float, output: str) -> int:
    """Detect changes made outside CloudFormation. Exit code 3 if there are any.

    Releases and autoscaling change the revision and desired count of a service: they are shown, but do not count.

    \b
    Example:
      deploytool infra drift --environment production
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import open_context, start_run
    from deploytool.errors import Exit
    from deploytool.infra.documents import drift_document
    from deploytool.infra.drift import drift
    from deploytool.infra.output import drift_text
    from deploytool.infra.progress import print_warning
    from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
    from deploytool.ledger.lock import LockConflictPolicy
    from deploytool.output.console import print_document, print_text

    clock = start_run().clock
    context = open_context(config, environment)
    target = stack_targets(context, InfraOptions(only, timeout=timeout), sandbox_template_filter())
    deps = infra_dependencies(context, clock, print_warning, target.run_id, LockConflictPolicy(), "infra drift")
    drifts = drift(target, deps)
    if output == "json":
        print_document(drift_document(target.environment, drifts))
    else:
        print_text(drift_text(target.environment, drifts))
    return int(Exit.PRECONDITION_FAILED if any(stack.drifted for stack in drifts) else Exit.OK)
