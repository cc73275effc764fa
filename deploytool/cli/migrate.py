"""``deploytool migrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


RULES = (
    *options.exclusive("--commit", "--live", why="both choose whose migration runs", fix="give one of them"),
    *options.BUSY,
)


@click.command(name="migrate", cls=options.Verb, rules=RULES)
@options.environment
@click.option(
    "--commit",
    "revision",
    default="HEAD",
    show_default=True,
    help="The commit whose migration runs. Not with --live.",
)
@click.option("--live", is_flag=True, help="Run the migration of the live version. Not with --commit.")
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
    """Run a commit's migration and nothing else: no service is updated, and no version becomes live.

    Builds the image if the registry does not hold it, and runs under the lock. Exit code 5 if the container's exit
    code is not 0. `deploytool history` shows it.

    \b
    Example:
      deploytool migrate --environment production
    """
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.github import github_reporting
    from deploytool.ledger.lock import LockConflictPolicy

    run, as_json = start_run(), output == "json"
    context, conflict = open_context(config, environment, revision), LockConflictPolicy.of(if_busy, wait)
    with github_reporting(context, run.id) as github:
        # Imported here: boto3 loads while GitHub is connected.
        from deploytool.deploy.plans import plan_migration
        from deploytool.deploy.session import execute, finish, open_session, print_outcome

        with open_session(context, run, github, conflict, reason="migrate", as_json=as_json) as session:
            planned = plan_migration(session, of_live=live)
            outcome = execute(session, planned, github)
        if not as_json:
            print_outcome(outcome)
    return finish(session, planned, outcome, github, as_json=as_json)
