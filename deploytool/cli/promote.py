"""``deploytool promote``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.ledger.lock import IfBusy


RULES = (options.different("--from", "--to", why="both environments are the same"), *options.BUSY)


@click.command(name="promote", cls=options.Verb, rules=RULES)
@click.option("--from", "source", required=True, metavar="ENVIRONMENT", help="The environment that runs the version.")
@click.option("--to", "destination", required=True, metavar="ENVIRONMENT", help="The environment to release it to.")
@click.option("--expect", default="", metavar="RELEASE", help="Refuse unless this release or commit is live there.")
@options.config
@options.busy
@options.output
def command(
    source: str, destination: str, expect: str, config: str, if_busy: IfBusy | None, wait: float | None, output: str
) -> int:
    """Release what is live in one environment to another: the same image digests, no build; migrations run there.

    \b
    Example:
      deploytool promote --from staging --to production
      deploytool promote --from staging --to production --expect 4f2a9c1
    """
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.github import github_reporting
    from deploytool.ledger.lock import LockConflictPolicy

    run, as_json = start_run(), output == "json"
    context, conflict = open_context(config, destination), LockConflictPolicy.of(if_busy, wait)
    with github_reporting(context, run.id) as github:
        # Imported here: boto3 loads while GitHub is connected.
        from deploytool.deploy.plans import plan_promotion
        from deploytool.deploy.session import execute, finish, open_session, print_outcome

        with open_session(context, run, github, conflict, reason=f"from {source}", as_json=as_json) as session:
            planned = plan_promotion(session, source, expect)
            outcome = execute(session, planned, github)
        if not as_json:
            print_outcome(outcome)
    return finish(session, planned, outcome, github, as_json=as_json)
