"""``deploytool recover``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


@click.command(name="recover", cls=option_rules.Verb, rules=option_rules.BUSY)
@options.environment
@options.busy
def command(config: str, environment: str | None, if_busy: IfBusy | None, wait: float | None) -> int:
    """Recover from an interrupted release: bring every service to one version and close the release record.

    Waits for its migration, and for the rollback of a cancelled release. Every verb that changes something does this
    first. Exit code 7 if a service does not reach a steady state.

    \b
    Example:
      deploytool recover --environment production
    """
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.github import github_reporting
    from deploytool.ledger.lock import LockConflictPolicy

    run = start_run()
    context, conflict = open_context(config, environment), LockConflictPolicy.of(if_busy, wait)
    with github_reporting(context, run.id) as github:
        # Imported here: boto3 loads while GitHub is connected.
        from deploytool.deploy.session import open_session

        with open_session(context, run, github, conflict, reason="recover") as session:
            pass
    for result in session.recovered:
        click.echo(result.summary)
    if not session.recovered:
        click.echo(f"nothing to recover in {context.settings.environment}")
    session.require_recovered()
    return 0
