"""``deploytool migrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.decide import Decided
    from deploytool.cli.transaction import Transaction
    from deploytool.core.lease import IfBusy

RULES = (
    *rules.exclusive("--commit", "--live", why="both say whose migration to run", fix="give one of them"),
    *rules.BUSY,
)


@click.command(name="migrate", cls=rules.Verb, rules=RULES)
@options.environment
@click.option(
    "--commit",
    "revision",
    default="HEAD",
    show_default=True,
    help="The commit whose migration is run. Not with --live.",
)
@click.option(
    "--live", is_flag=True, help="That of the version that is running, by its image's digest. Not with --commit."
)
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
    from deploytool.cli.change import change
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.project import project

    clock = SystemClock()
    clock.listen()
    found = project(config, environment, revision)

    def decided(open_one: Transaction) -> Decided:
        from deploytool.cli.decide_migration import decide_migration

        return decide_migration(open_one, of_live=live)

    outcome = change(found, clock, decided, if_busy=if_busy, wait=wait, reason="migrate", as_json=output == "json")
    return int(outcome.exit_code)
