"""``deploytool rollback``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options
from deploytool.ledger.rollback_target import RollbackRequest

if TYPE_CHECKING:
    from deploytool.deploy.context import Context, SystemClock
    from deploytool.deploy.session import DeploymentSession, PlannedDeployment
    from deploytool.ledger.lock import IfBusy
    from deploytool.release.model import Outcome


RULES = (
    *option_rules.exclusive("--to", "--steps", why="both choose the version to bring back", fix="give one of them"),
    *option_rules.BUSY,
)


@click.command(name="rollback", cls=option_rules.Verb, rules=RULES)
@options.environment
@click.option(
    "--to",
    "goal",
    default="",
    metavar="RELEASE|COMMIT",
    help="What to bring back; see `deploytool history`. Not with --steps.",
)
@click.option(
    "--steps", type=click.IntRange(1), default=1, show_default=True, help="How many versions back. Not with --to."
)
@click.option("--service", "services", multiple=True, help="Only this service; may be given several times.")
@click.option("--expect-current", default="", metavar="RELEASE", help="Refuse unless this release is what is live.")
@options.busy
@options.output
def command(
    config: str,
    environment: str | None,
    goal: str,
    steps: int,
    services: tuple[str, ...],
    expect_current: str,
    if_busy: IfBusy | None,
    wait: float | None,
    output: str,
) -> int:
    """Bring back the version that was live before: all services as one, no build, no migration.

    Goes to the revisions that served then, by their image digests. A second rollback goes one further back.

    \b
    Example:
      deploytool rollback --environment production
    """
    from deploytool.deploy.context import SystemClock, open_context

    clock = SystemClock()
    clock.listen()
    request = RollbackRequest(goal, steps, services, expect_current, if_busy, wait)
    return int(run_rollback(open_context(config, environment), request, clock, as_json=output == "json").exit_code)


def run_rollback(found: Context, request: RollbackRequest, clock: SystemClock, *, as_json: bool) -> Outcome:
    """Carry out the wish, from the lock to what GitHub is told. Raises DeployError where it is refused."""
    from deploytool.deploy.session import run_deployment

    def planned(session: DeploymentSession) -> PlannedDeployment:
        from deploytool.deploy.plans import plan_rollback

        return plan_rollback(session, request)

    return run_deployment(
        found, clock, planned, if_busy=request.if_busy, wait=request.wait, reason="rollback", as_json=as_json
    )
