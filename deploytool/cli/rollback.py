"""``deploytool rollback``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


RULES = (
    *options.exclusive("--to", "--steps", why="both choose the target of the rollback", fix="give one of them"),
    *options.BUSY,
)


@click.command(name="rollback", cls=options.Verb, rules=RULES)
@options.environment
@click.option(
    "--to",
    default="",
    metavar="RELEASE|COMMIT",
    help="The version to roll back to; see `deploytool history`. Not with --steps.",
)
@click.option(
    "--steps", type=click.IntRange(1), default=1, show_default=True, help="How many versions back. Not with --to."
)
@click.option("--service", "services", multiple=True, help="Only this service; may be given several times.")
@click.option("--expect-current", default="", metavar="RELEASE", help="Refuse unless this release is live.")
@options.busy
@options.output
def command(
    config: str,
    environment: str | None,
    to: str,
    steps: int,
    services: tuple[str, ...],
    expect_current: str,
    if_busy: IfBusy | None,
    wait: float | None,
    output: str,
) -> int:
    """Roll back to the previous version: all services together, no build, no migration.

    The services get the revisions and image digests that ran then. A second rollback goes one version further back.

    \b
    Example:
      deploytool rollback --environment production
    """
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.rollback import run_rollback
    from deploytool.ledger.lock import LockConflictPolicy
    from deploytool.ledger.rollback_target import RollbackRequest

    run = start_run()
    request = RollbackRequest(to, steps, services, expect_current)
    conflict = LockConflictPolicy.of(if_busy, wait)
    outcome = run_rollback(open_context(config, environment, None), run, request, conflict, as_json=output == "json")
    return int(outcome.exit_code)
