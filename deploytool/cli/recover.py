"""``deploytool recover``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


@click.command(name="recover", cls=rules.Verb, rules=rules.BUSY)
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
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.project import project
    from deploytool.cli.tell_github import told_github

    clock = SystemClock()
    clock.listen()
    found = project(config, environment)
    asked_by, name = origin(), release_id()
    with told_github(found, name) as github:
        from deploytool.cli.transaction import Busy, transaction
        from deploytool.cli.watched import watched

        with (
            watched(github.tell, as_json=False) as tell,
            transaction(found, name, asked_by, clock, tell, Busy.asked(if_busy, wait), "recover") as open_one,
        ):
            settled = open_one.settled
    for each in settled:
        click.echo(each.sentence)
    if not settled:
        click.echo(f"nothing to recover in {found.settings.environment}")
    open_one.require_settled()
    return 0
