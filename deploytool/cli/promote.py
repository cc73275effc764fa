"""``deploytool promote``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.deploy.session import DeploymentSession, PlannedDeployment
    from deploytool.ledger.lock import IfBusy


RULES = (option_rules.different("--from", "--to", why="both environments are the same"), *option_rules.BUSY)


@click.command(name="promote", cls=option_rules.Verb, rules=RULES)
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
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import run_deployment

    clock = SystemClock()
    clock.listen()

    def planned(session: DeploymentSession) -> PlannedDeployment:
        from deploytool.deploy.plans import plan_promotion

        return plan_promotion(session, source)

    found, reason = open_context(config, destination), f"from {source}"
    outcome = run_deployment(found, clock, planned, if_busy=if_busy, wait=wait, reason=reason, as_json=output == "json")
    return int(outcome.exit_code)
