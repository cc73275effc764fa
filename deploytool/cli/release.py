"""``deploytool release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.core.lease import IfBusy


@click.command(name="release")
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
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.project import project
    from deploytool.cli.tell_github import told_github
    from deploytool.core.plan_model import Build

    clock = SystemClock()
    clock.listen()
    found = project(config, environment, revision)
    asked_by, name = origin(), release_id()
    with told_github(found, name) as github:
        from deploytool.cli.carry_out import carry_out, say
        from deploytool.cli.decide import decide, request_for
        from deploytool.cli.git import checkout, require_clean
        from deploytool.cli.transaction import Busy, transaction
        from deploytool.cli.watched import watched
        from deploytool.core.ledger import Kind

        request = request_for(found, name, asked_by)
        busy = Busy.asked(if_busy, wait)
        with (
            watched(github.tell, as_json=output == "json") as tell,
            transaction(found, name, asked_by, clock, tell, busy) as open_one,
        ):
            decided = decide(found, open_one.ecs, request, clock)
            if any(isinstance(step, Build) for step in decided.plan.steps):
                require_clean(checkout(found.root), found.commit)
            outcome = carry_out(open_one, decided, Kind.RELEASE, github)
        say(outcome, as_json=output == "json")
        return int(outcome.exit_code)
