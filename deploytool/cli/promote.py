"""``deploytool promote``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.decide import Decided
    from deploytool.cli.transaction import Transaction
    from deploytool.core.lease import IfBusy

RULES = (rules.different("--from", "--to", why="both environments are the same"), *rules.BUSY)


@click.command(name="promote", cls=rules.Verb, rules=RULES)
@click.option("--from", "source", required=True, metavar="ENVIRONMENT", help="Where the version is live now.")
@click.option("--to", "destination", required=True, metavar="ENVIRONMENT", help="Where it is to be live.")
@click.option("--config", default="deploytool.yml", show_default=True, help="The configuration file.")
@options.busy
@options.output
def command(source: str, destination: str, config: str, if_busy: IfBusy | None, wait: float | None, output: str) -> int:
    """Release what is live in one environment to another: the same image digests, no build; migrations run there.

    \b
    Example:
      deploytool promote --from staging --to production
    """
    from deploytool.cli.change import change
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.project import project

    clock = SystemClock()
    clock.listen()

    def decided(open_one: Transaction) -> Decided:
        from deploytool.cli.decide_promotion import decide_promotion

        return decide_promotion(open_one, source)

    found, reason = project(config, destination), f"from {source}"
    outcome = change(found, clock, decided, if_busy=if_busy, wait=wait, reason=reason, as_json=output == "json")
    return int(outcome.exit_code)
