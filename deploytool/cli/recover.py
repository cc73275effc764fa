"""``deploytool recover``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_text

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


@click.command(name="recover", cls=options.Verb, rules=options.BUSY)
@options.environment
@options.busy
@options.output
def command(config: str, environment: str | None, if_busy: IfBusy | None, wait: float | None, output: str) -> int:
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
    from deploytool.output.console import print_document
    from deploytool.output.history import recovery_document

    run, as_json = start_run(), output == "json"
    context, conflict = open_context(config, environment, None), LockConflictPolicy.of(if_busy, wait)
    with github_reporting(context, run.id) as github:
        # Imported here: boto3 loads while GitHub is connected.
        from deploytool.deploy.session import open_session

        with open_session(context, run, github, conflict, reason="recover", as_json=as_json) as session:
            pass
    name = context.settings.environment
    if as_json:
        print_document(recovery_document(name, session.recovered, session.unrecovered_error))
    else:
        for result in session.recovered:
            print_text(result.summary)
        if not session.recovered:
            print_text(f"nothing to recover in {name}")
    session.require_recovered()
    return 0
