"""``deploytool rollback``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.decide import Decided
    from deploytool.cli.project import Project
    from deploytool.cli.transaction import Transaction
    from deploytool.core.lease import IfBusy
    from deploytool.core.outcome import Outcome


@dataclass(frozen=True)
class Wish:
    """What the person asked for."""

    goal: str = ""
    back: int = 1
    services: tuple[str, ...] = ()
    expect_current: str = ""
    if_busy: IfBusy | None = None
    wait: float | None = None


RULES = (
    *rules.exclusive("--to", "--back", why="both choose the version to bring back", fix="give one of them"),
    *rules.BUSY,
)


@click.command(name="rollback", cls=rules.Verb, rules=RULES)
@options.environment
@click.option(
    "--to",
    "goal",
    default="",
    metavar="RELEASE|COMMIT",
    help="What to bring back; see `deploytool history`. Not with --back.",
)
@click.option(
    "--back", type=click.IntRange(1), default=1, show_default=True, help="How many versions back. Not with --to."
)
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
    from deploytool.cli.project import project

    clock = SystemClock()
    clock.listen()
    wish = Wish(goal, back, services, expect_current, if_busy, wait)
    return int(roll_back(project(config, environment), wish, clock, as_json=output == "json").exit_code)


def roll_back(found: Project, wish: Wish, clock: SystemClock, *, as_json: bool) -> Outcome:
    """Carry out the wish, from the lock to what GitHub is told. Raises DeployError where it is refused."""
    from deploytool.cli.change import change

    def decided(open_one: Transaction) -> Decided:
        from deploytool.cli.decide_rollback import decide_rollback

        return decide_rollback(open_one, wish)

    return change(found, clock, decided, if_busy=wish.if_busy, wait=wish.wait, reason="rollback", as_json=as_json)
