"""``deploytool infra apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import infra_options, options, rules

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


@click.command(name="apply", cls=rules.Verb, rules=(*infra_options.RULES, *rules.BUSY))
@options.environment
@infra_options.stacks
@infra_options.changes
@click.option("--timeout", type=options.DURATION, default="1h", show_default=True, help="How long it may take.")
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
    """Make or change the stacks, in order and where possible at the same time, and follow them to their end.

    Takes the plan that `infra plan` shows. Nothing that holds data is replaced or removed unless it is named. The
    service stack gets the images that run now, so that no release is undone; it is changed under the lock of releases.
    What a killed run began is followed to its end first.

    \b
    Example:
      deploytool infra apply --environment production
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.infra_watched import say, watched
    from deploytool.cli.infra_wiring import Wish, apply_stacks
    from deploytool.cli.project import project
    from deploytool.cli.transaction import Busy
    from deploytool.core.stacks.change import Allowed

    clock = SystemClock()
    clock.listen()
    found = project(config, environment)
    wish = Wish(only, parameters, Allowed(allow_replace, allow_remove), timeout)
    with watched(as_json=output == "json") as tell:
        outcome = apply_stacks(found, clock, tell, wish, Busy.asked(if_busy, wait))
    say(outcome, as_json=output == "json")
    return int(outcome.exit_code)
