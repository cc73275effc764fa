"""``deploytool promote``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


@click.command(name="promote")
@click.option("--from", "source", required=True, metavar="ENVIRONMENT", help="Where the version is live now.")
@click.option("--to", "destination", required=True, metavar="ENVIRONMENT", help="Where it is to be live.")
@click.option("--config", default="deploytool.yml", show_default=True, help="The configuration file.")
@options.busy
@options.output
def command(source: str, destination: str, config: str, if_busy: IfBusy | None, wait: float | None, output: str) -> int:
    """Release what is live in one environment to another: the same image digests, no build; migrations run there.

    \b
    Example:
      deploytool promote --from staging --to production
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.project import project
    from deploytool.cli.tell_github import told_github

    clock = SystemClock()
    clock.listen()
    found = project(config, destination)
    asked_by, name = origin(), release_id()
    with told_github(found, name) as github:
        from deploytool.cli.carry_out import carry_out, say
        from deploytool.cli.decide_promotion import decide_promotion
        from deploytool.cli.transaction import Busy, transaction
        from deploytool.cli.watched import watched
        from deploytool.core.ledger import Kind

        with (
            watched(github.tell, as_json=output == "json") as tell,
            transaction(found, name, asked_by, clock, tell, Busy.asked(if_busy, wait), f"from {source}") as open_one,
        ):
            decided = decide_promotion(open_one, name, asked_by, source)
            outcome = carry_out(open_one, decided, Kind.PROMOTE, github)
        say(outcome, as_json=output == "json")
        return int(outcome.exit_code)
