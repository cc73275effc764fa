"""``deploytool infra destroy``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.errors import PreconditionFailed

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


class ConfirmationRequired(PreconditionFailed):
    """The deletion was not confirmed."""


@click.command(name="destroy", cls=options.Verb, rules=options.BUSY)
@options.environment
@click.option("--include-data", is_flag=True, help="Also delete stack data: database, cache and their secrets.")
@click.option("--include-account", is_flag=True, help="Also delete the stacks that all environments share.")
@click.option("--yes", is_flag=True, help="Confirm the deletion; without it, type the environment's name.")
@click.option("--timeout", type=options.DURATION, default="1h", show_default=True, help="Maximum duration.")
@options.busy
@options.output
def command(
    config: str,
    environment: str | None,
    include_data: bool,
    include_account: bool,
    yes: bool,
    timeout: float,
    if_busy: IfBusy | None,
    wait: float | None,
    output: str,
) -> int:
    """Delete the stacks of an environment in reverse order, and list what is retained.

    Keeps the data, and what the account's environments share, unless they are included. Turns off protections only of
    what is deleted.

    \b
    Example:
      deploytool infra destroy --environment staging
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.infra.destroy import destroy, plan_deletion
    from deploytool.infra.output import destroy_text
    from deploytool.infra.plan import InfraRefused
    from deploytool.infra.planner import await_running
    from deploytool.infra.progress import infra_listener, print_infra_outcome, print_warning
    from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
    from deploytool.ledger.lock import LockConflictPolicy
    from deploytool.output.console import print_text

    context = open_context(config, environment)
    target = stack_targets(context, InfraOptions(timeout=timeout), sandbox_template_filter())
    clock, conflict = SystemClock(), LockConflictPolicy.of(if_busy, wait)
    deps = infra_dependencies(context, clock, print_warning, target.run_id, conflict, "infra destroy")
    await_running(target, deps)
    plan = plan_deletion(target, deps, include_data=include_data, include_account=include_account)
    print_text(destroy_text(plan, target.templates), err=output == "json")
    if plan.problems:
        raise InfraRefused(plan.problems)
    if plan.to_delete and not yes:
        _confirm(target.environment)
    # Only now: until here Ctrl-C ends at once, and leaves nothing.
    clock.listen()
    with infra_listener(as_json=output == "json") as emit:
        deps = infra_dependencies(context, clock, emit, target.run_id, conflict, "infra destroy")
        outcome = destroy(plan, target, deps)
    print_infra_outcome(outcome, "destroy", as_json=output == "json")
    return int(outcome.exit_code)


def _confirm(environment: str) -> None:
    """Raises ConfirmationRequired."""
    fix = "add --yes to confirm"
    if not sys.stdin.isatty():
        raise ConfirmationRequired("nothing was deleted: not confirmed", fix)
    typed = click.prompt(f"Type {environment} to delete this", default="", show_default=False, err=True)
    if typed.strip() != environment:
        raise ConfirmationRequired(f"nothing was deleted: {typed.strip()!r} is not {environment}", fix)
