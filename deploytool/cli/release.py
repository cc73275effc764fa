"""``deploytool release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


@click.command(name="release", cls=options.Verb, rules=options.BUSY)
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit to release.")
@options.busy
@options.output
def command(
    config: str, environment: str | None, revision: str, if_busy: IfBusy | None, wait: float | None, output: str
) -> int:
    """Release a commit: build, migrate, deploy all services together, verify.

    Waits until the ECS deployments have completed. If one service fails, all are rolled back (exit code 6).

    \b
    Example:
      deploytool release --environment production
    """
    # Imported here: `deploytool --help` needs none of it.
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.github import github_reporting
    from deploytool.ledger.lock import LockConflictPolicy

    run, as_json = start_run(), output == "json"
    context, conflict = open_context(config, environment, revision), LockConflictPolicy.of(if_busy, wait)
    with github_reporting(context, run.id) as github:
        # Imported here: boto3 loads while GitHub is connected.
        from deploytool.deploy.plans import plan_release
        from deploytool.deploy.session import execute, finish, open_session, print_outcome

        with open_session(context, run, github, conflict, as_json=as_json) as session:
            planned = plan_release(session)
            outcome = execute(session, planned, github)
        if not as_json:
            print_outcome(outcome)
    return finish(session, planned, outcome, github, as_json=as_json)
