"""``deploytool infra destroy``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules
from deploytool.errors import Refused

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


class NotAgreed(Refused):
    """Nobody agreed to the deletion."""


@click.command(name="destroy", cls=rules.Verb, rules=rules.BUSY)
@options.environment
@click.option("--include-data", is_flag=True, help="Also stack data: database, cache and their secrets.")
@click.option("--include-account", is_flag=True, help="Also the stacks that every environment of the account shares.")
@click.option("--yes", is_flag=True, help="Agree to what is shown; without it, type the environment's name.")
@click.option("--timeout", type=options.DURATION, default="1h", show_default=True, help="How long it may take.")
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
    """Delete the stacks of an environment, last first, and list what is retained.

    The data, and what the account's environments share, stay unless they are included. Protections are turned off only
    on what is deleted.

    \b
    Example:
      deploytool infra destroy --environment staging
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.infra_sandbox import fitting
    from deploytool.cli.infra_watched import say, warned, watched
    from deploytool.cli.infra_wiring import Wish, target_of, world_of
    from deploytool.cli.print_text import print_text
    from deploytool.cli.project import project
    from deploytool.cli.transaction import Busy
    from deploytool.core.stacks.plan import InfraRefused
    from deploytool.report.infra.destroy import destroy_text
    from deploytool.run.stacks.destroy import destroy, doom
    from deploytool.run.stacks.look import await_running

    found = project(config, environment)
    target, clock, busy = target_of(found, Wish(timeout=timeout), fitting()), SystemClock(), Busy.asked(if_busy, wait)
    looking = world_of(found, clock, warned, target.run_id, busy, "infra destroy")
    await_running(target, looking)
    plan = doom(target, looking, include_data=include_data, include_account=include_account)
    print_text(destroy_text(plan, target.templates), err=output == "json")
    if plan.problems:
        raise InfraRefused(plan.problems)
    if plan.doomed and not yes:
        _agree(target.environment)
    # Only now: before, Ctrl-C ends at once, and nothing is left of it.
    clock.listen()
    with watched(as_json=output == "json") as tell:
        outcome = destroy(plan, target, world_of(found, clock, tell, target.run_id, busy, "infra destroy"))
    say(outcome, as_json=output == "json")
    return int(outcome.exit_code)


def _agree(environment: str) -> None:
    """Raises NotAgreed."""
    fix = "add --yes to agree to what is shown"
    if not sys.stdin.isatty():
        raise NotAgreed("nothing was deleted: nobody agreed to it", fix)
    typed = click.prompt(f"Type {environment} to delete this", default="", show_default=False, err=True)
    if typed.strip() != environment:
        raise NotAgreed(f"nothing was deleted: {typed.strip()!r} is not {environment}", fix)
