"""``deploytool rollback``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


@click.command(name="rollback")
@options.environment
@click.option(
    "--to", "goal", default="", metavar="RELEASE|COMMIT", help="What to bring back; see `deploytool history`."
)
@click.option("--back", type=click.IntRange(1), default=1, show_default=True, help="Or: how many versions back.")
@click.option("--service", "services", multiple=True, help="Only this service; may be given several times.")
@click.option("--expect-current", default="", metavar="RELEASE", help="Refuse unless this release is what is live.")
@options.busy
@options.output
def command(
    config: str,
    environment: str | None,
    goal: str,
    back: int,
    services: tuple[str, ...],
    expect_current: str,
    if_busy: IfBusy | None,
    wait: float | None,
    output: str,
) -> int:
    """Bring back the version that was live before: all services as one, no build, no migration.

    Goes to the revisions that served then, by their image digests. A second rollback goes one further back.

    \b
    Example:
      deploytool rollback --environment production
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.project import project
    from deploytool.cli.tell_github import told_github

    clock = SystemClock()
    clock.listen()
    found = project(config, environment)
    asked_by, name = origin(), release_id()
    with told_github(found.settings, name) as github:
        from deploytool.cli.carry_out import carry_out, say
        from deploytool.cli.decide_rollback import Wish, decide_rollback
        from deploytool.cli.transaction import Busy, transaction
        from deploytool.cli.watched import watched
        from deploytool.core.ledger import Kind

        with (
            watched(github, as_json=output == "json") as tell,
            transaction(found, name, asked_by, clock, tell, Busy.asked(if_busy, wait), "rollback") as open_one,
        ):
            wish = Wish(goal, back, services, expect_current)
            decided, restored = decide_rollback(open_one, name, asked_by, wish)
            outcome = carry_out(open_one, decided, Kind.ROLLBACK, restored.live_id)
        say(outcome, as_json=output == "json")
        return int(outcome.exit_code)
