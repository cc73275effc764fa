"""``deploytool migrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.deploy.session import DeploymentSession, PlannedDeployment
    from deploytool.ledger.lock import IfBusy


RULES = (
    *option_rules.exclusive("--commit", "--live", why="both say whose migration to run", fix="give one of them"),
    *option_rules.BUSY,
)


@click.command(name="migrate", cls=option_rules.Verb, rules=RULES)
@options.environment
@click.option(
    "--commit",
    "revision",
    default="HEAD",
    show_default=True,
    help="The commit whose migration is run. Not with --live.",
)
@click.option(
    "--live", is_flag=True, help="That of the version that is running, by its image's digest. Not with --commit."
)
@options.busy
@options.output
def command(
    config: str,
    environment: str | None,
    revision: str,
    live: bool,
    if_busy: IfBusy | None,
    wait: float | None,
    output: str,
) -> int:
    """Run a commit's migration and nothing else: no service is touched, and no version becomes live.

    The image is built if the registry does not hold it. Judged by the exit code of its container (exit 5 if it failed),
    under the lock, and kept in `deploytool history`.

    \b
    Example:
      deploytool migrate --environment production
    """
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import run_deployment

    clock = SystemClock()
    clock.listen()
    found = open_context(config, environment, revision)

    def planned(session: DeploymentSession) -> PlannedDeployment:
        from deploytool.deploy.plans import plan_migration

        return plan_migration(session, of_live=live)

    outcome = run_deployment(
        found, clock, planned, if_busy=if_busy, wait=wait, reason="migrate", as_json=output == "json"
    )
    return int(outcome.exit_code)
