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
    """Settle what a killed release left: wait for its migration, bring every service to one version, close its record.

    After a cancelled release: wait until every service is back. Every other verb that changes something does this
    first; this one does nothing else. Ends with exit code 7 where a service does not settle.

    \b
    Example:
      deploytool recover --environment production
    """
    from deploytool.deploy.context import SystemClock, open_context, release_id, triggered_by
    from deploytool.deploy.github import github_reporting

    clock = SystemClock()
    clock.listen()
    found = open_context(config, environment)
    asked_by, name = triggered_by(), release_id()
    with github_reporting(found, name) as github:
        from deploytool.deploy.session import LockConflictPolicy, deployment_session
        from deploytool.output.console import progress_listener

        with (
            progress_listener(github.on_event, as_json=False) as emit,
            deployment_session(
                found, name, asked_by, clock, emit, LockConflictPolicy.asked(if_busy, wait), "recover"
            ) as session,
        ):
            settled = session.settled
    for each in settled:
        click.echo(each.summary)
    if not settled:
        click.echo(f"nothing to recover in {found.settings.environment}")
    session.require_settled()
    return 0
