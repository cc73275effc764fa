"""``deploytool infra destroy``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options
from deploytool.errors import PreconditionFailed

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


class ConfirmationRequired(PreconditionFailed):
    """The deletion was not confirmed."""


@click.command(name="destroy", cls=option_rules.Verb, rules=option_rules.BUSY)
@options.environment
@click.option("--include-data", is_flag=True, help="Also the data stack: database, cache and their secrets.")
@click.option("--include-account", is_flag=True, help="Also the stacks shared by all environments of the account.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--timeout", type=options.DURATION, default="1h", show_default=True, help="Time limit, such as 1h.")
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
    """Delete the stacks of an environment, last first, and list retained resources.

    The data, and stacks shared by the account's environments, are kept unless included. Protections are turned off
    only on what is deleted.

    \b
    Example:
      deploytool infra destroy --environment staging
    """
    from deploytool.cli.sandbox_account import sandbox_template_filter
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import LockConflictPolicy
    from deploytool.infra.destroy import destroy, plan_deletion
    from deploytool.infra.output import destroy_text
    from deploytool.infra.plan import InfraRefused
    from deploytool.infra.planner import await_running
    from deploytool.infra.progress import infra_listener, is_warning, print_infra_outcome
    from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
    from deploytool.output.console import print_text

    context = open_context(config, environment)
    target, clock, busy = (
        stack_targets(context, InfraOptions(timeout=timeout), sandbox_template_filter()),
        SystemClock(),
        LockConflictPolicy.asked(if_busy, wait),
    )
    deps = infra_dependencies(context, clock, is_warning, target.run_id, busy, "infra destroy")
    await_running(target, deps)
    plan = plan_deletion(target, deps, include_data=include_data, include_account=include_account)
    print_text(destroy_text(plan, target.templates), err=output == "json")
    if plan.problems:
        raise InfraRefused(plan.problems)
    if plan.to_delete and not yes:
        _confirm(target.environment)
    # Not earlier: until here, Ctrl-C may end at once, since nothing was changed.
    clock.listen()
    with infra_listener(as_json=output == "json") as emit:
        outcome = destroy(plan, target, infra_dependencies(context, clock, emit, target.run_id, busy, "infra destroy"))
    print_infra_outcome(outcome, as_json=output == "json")
    return int(outcome.exit_code)


def _confirm(environment: str) -> None:
    """Raises ConfirmationRequired."""
    fix = "add --yes to confirm"
    if not sys.stdin.isatty():
        raise ConfirmationRequired("nothing was deleted: not confirmed", fix)
    typed = click.prompt(f"Type {environment} to delete this", default="", show_default=False, err=True)
    if typed.strip() != environment:
        raise ConfirmationRequired(f"nothing was deleted: {typed.strip()!r} is not {environment}", fix)
