"""``deploytool migrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


@click.command(name="migrate")
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit whose migration is run.")
@click.option("--live", is_flag=True, help="Instead: of the version that is live, by its image's digest.")
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
    """Run a commit's migration and nothing else: no service is touched, and no version becomes live.

    The image is built if the registry does not hold it. Judged by the exit code of its container (exit 5 if it failed),
    under the lock, and kept in `deploytool history`.

    \b
    Example:
      deploytool migrate --environment production
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.project import project
    from deploytool.cli.tell_github import told_github
    from deploytool.core.plan_model import Build
    from deploytool.errors import ConfigurationError

    if live and revision != "HEAD":
        raise ConfigurationError("--live and --commit both say whose migration to run", "give one of them")
    clock = SystemClock()
    clock.listen()
    found = project(config, environment, revision)
    asked_by, name = origin(), release_id()
    with told_github(found, name) as github:
        from deploytool.cli.carry_out import carry_out, say
        from deploytool.cli.decide_migration import decide_migration
        from deploytool.cli.git import checkout, require_clean
        from deploytool.cli.transaction import Busy, transaction
        from deploytool.cli.watched import watched
        from deploytool.core.ledger import Kind

        with (
            watched(github.tell, as_json=output == "json") as tell,
            transaction(found, name, asked_by, clock, tell, Busy.asked(if_busy, wait), "migrate") as open_one,
        ):
            decided = decide_migration(open_one, name, asked_by, of_live=live)
            if any(isinstance(step, Build) for step in decided.plan.steps):
                require_clean(checkout(found.root), found.commit)
            outcome = carry_out(open_one, decided, Kind.MIGRATE, github)
        say(outcome, as_json=output == "json")
        return int(outcome.exit_code)
