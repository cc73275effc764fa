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
@options.output
def command(config: str, environment: str | None, if_busy: IfBusy | None, wait: float | None, output: str) -> int:
    """Settle what a killed release left: wait for its migration, bring every service to one version, close its record.

    After a cancelled release: wait until every service is back. Every other verb that changes something does this
    first; this one does nothing else. Ends with exit code 7 where a service does not settle.

    \b
    Example:
      deploytool recover --environment production
    """
    from deploytool.deploy.context import SystemClock, open_context, release_id, triggered_by
    from deploytool.deploy.github import github_reporting
    from deploytool.output.console import print_document
    from deploytool.output.history import recovery_document

    clock, as_json = SystemClock(), output == "json"
    clock.listen()
    found = open_context(config, environment)
    asked_by, name = triggered_by(), release_id()
    with github_reporting(found, name) as github:
        from deploytool.deploy.session import LockConflictPolicy, deployment_session
        from deploytool.output.console import progress_listener

        with (
            progress_listener(github.on_event, as_json=as_json) as emit,
            deployment_session(
                found, name, asked_by, clock, emit, LockConflictPolicy.asked(if_busy, wait), "recover"
            ) as session,
        ):
            settled = session.settled
    error, name = session.unsettled_error, found.settings.environment
    if as_json:
        print_document(recovery_document(name, settled, error))
    else:
        for each in settled:
            click.echo(each.summary)
        if not settled:
            click.echo(f"nothing to recover in {name}")
    if error:
        raise error
    return 0
