"""``deploytool release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.decide import Decided
    from deploytool.cli.transaction import Transaction
    from deploytool.core.lease import IfBusy


@click.command(name="release", cls=rules.Verb, rules=rules.BUSY)
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit to release.")
@options.busy
@options.output
def command(
    config: str, environment: str | None, revision: str, if_busy: IfBusy | None, wait: float | None, output: str
) -> int:
    """Release a commit: build, migrate, roll out all services together, verify.

    Ends when ECS is truly done. If any service fails, every one goes back to the version before (exit 6).

    \b
    Example:
      deploytool release --environment production
    """
    # Loaded here so that `deploytool --help` waits for none of it.
    from deploytool.cli.change import change
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.project import project

    clock = SystemClock()
    clock.listen()
    found = project(config, environment, revision)

    def decided(open_one: Transaction) -> Decided:
        from deploytool.cli.decide import decide, request_for

        request = request_for(found, open_one.release_id, open_one.origin)
        return decide(found, open_one.ecs, request, clock, open_one.version)

    outcome = change(found, clock, decided, if_busy=if_busy, wait=wait, as_json=output == "json")
    return int(outcome.exit_code)
