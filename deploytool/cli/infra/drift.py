"""``deploytool infra drift``."""

from __future__ import annotations

import click

from deploytool.cli import option_rules, options
from deploytool.cli.options import stacks


@click.command(name="drift", cls=option_rules.Verb)
@options.environment
@stacks
@click.option("--timeout", type=options.DURATION, default="15m", show_default=True, help="Time limit, such as 1h.")
@options.output
def command(config: str, environment: str | None, only: tuple[str, ...], timeout: float, output: str) -> int:
    """Detect changes made outside CloudFormation. Exit code 3 if there are any.

    Releases change the revision of a service, autoscaling its desired count: both are listed, and do not count.

    \b
    Example:
      deploytool infra drift --environment production
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import LockConflictPolicy
    from deploytool.errors import Exit
    from deploytool.infra.drift import drift
    from deploytool.infra.output import drift_document, drift_text
    from deploytool.infra.progress import is_warning
    from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
    from deploytool.output.console import print_document, print_text

    clock = SystemClock()
    clock.listen()
    context = open_context(config, environment)
    target = stack_targets(context, InfraOptions(only, timeout=timeout), sandbox_template_filter())
    drifts = drift(
        target, infra_dependencies(context, clock, is_warning, target.run_id, LockConflictPolicy(), "infra drift")
    )
    if output == "json":
        print_document(drift_document(target.environment, drifts))
    else:
        print_text(drift_text(target.environment, drifts))
    return int(Exit.PRECONDITION_FAILED if any(stack.drifted for stack in drifts) else Exit.OK)
