"""``deploytool release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.deploy.session import DeploymentSession, PlannedDeployment
    from deploytool.ledger.lock import IfBusy


@click.command(name="release", cls=option_rules.Verb, rules=option_rules.BUSY)
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit to release.")
@options.busy
@options.output
def command(
    config: str, environment: str | None, revision: str, if_busy: IfBusy | None, wait: float | None, output: str
) -> int:
    """Release a commit: build, migrate, roll out all services together, verify.

    Ends when ECS is truly done. If any service fails, every one goes back to the version before (exit 6).

    \b
    Example:
      deploytool release --environment production
    """
    # Loaded here so that `deploytool --help` waits for none of it.
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import run_deployment

    clock = SystemClock()
    clock.listen()
    found = open_context(config, environment, revision)

    def planned(session: DeploymentSession) -> PlannedDeployment:
        from deploytool.deploy.plans import plan_release, request_for

        request = request_for(found, session.release_id, session.triggered_by)
        return plan_release(found, session.ecs, request, clock, session.version)

    outcome = run_deployment(found, clock, planned, if_busy=if_busy, wait=wait, as_json=output == "json")
    return int(outcome.exit_code)
