"""``deploytool infra apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.cli.options import RULES, changes, stacks

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


@click.command(name="apply", cls=options.Verb, rules=(*RULES, *options.BUSY))
@options.environment
@stacks
@changes
@click.option("--timeout", type=options.DURATION, default="1h", show_default=True, help="Maximum duration.")
@options.busy
@options.output
def command(
    config: str,
    environment: str | None,
    only: tuple[str, ...],
    parameters: dict[str, str],
    allow_replace: frozenset[str],
    allow_remove: frozenset[str],
    timeout: float,
    if_busy: IfBusy | None,
    wait: float | None,
    output: str,
) -> int:
    """Create or update the stacks in order, in parallel where possible, and wait until they have completed.

    Executes the plan of `infra plan`. Replaces or removes a resource that holds data only if it is named. The service
    stack keeps the running images, and is updated under the lock of releases. Operations of an interrupted run are
    awaited first.

    \b
    Example:
      deploytool infra apply --environment production
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import open_context, start_run
    from deploytool.infra.progress import infra_listener, print_infra_outcome
    from deploytool.infra.session import InfraOptions, apply_stacks
    from deploytool.infra.stacks import Allowed
    from deploytool.ledger.lock import LockConflictPolicy

    clock = start_run().clock
    context = open_context(config, environment)
    options = InfraOptions(only, parameters, Allowed(allow_replace, allow_remove), timeout)
    with infra_listener(as_json=output == "json") as emit:
        outcome = apply_stacks(
            context, clock, emit, sandbox_template_filter(), options, LockConflictPolicy.of(if_busy, wait)
        )
    print_infra_outcome(outcome, "apply", as_json=output == "json")
    return int(outcome.exit_code)
