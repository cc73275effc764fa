"""``deploytool infra drift``."""

from __future__ import annotations

import click

from deploytool.cli import infra_options, options, rules


@click.command(name="drift", cls=rules.Verb)
@options.environment
@infra_options.stacks
@click.option("--timeout", type=options.DURATION, default="15m", show_default=True, help="How long it may take.")
@options.output
def command(config: str, environment: str | None, only: tuple[str, ...], timeout: float, output: str) -> int:
    """Find what somebody changed beside CloudFormation. Exit code 3 where there is any.

    The revision of a service and its desired count change by releases and autoscaling: they are told, and do not count.

    \b
    Example:
      deploytool infra drift --environment production
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.infra_sandbox import fitting
    from deploytool.cli.infra_watched import warned
    from deploytool.cli.infra_wiring import Wish, target_of, world_of
    from deploytool.cli.print_text import print_document, print_text
    from deploytool.cli.project import project
    from deploytool.cli.transaction import Busy
    from deploytool.errors import Exit
    from deploytool.report.infra.drift import drift_document, drift_text
    from deploytool.run.stacks.drift import drift

    clock = SystemClock()
    clock.listen()
    found = project(config, environment)
    target = target_of(found, Wish(only, timeout=timeout), fitting())
    drifts = drift(target, world_of(found, clock, warned, target.run_id, Busy(), "infra drift"))
    if output == "json":
        print_document(drift_document(target.environment, drifts))
    else:
        print_text(drift_text(target.environment, drifts))
    return int(Exit.REFUSED if any(each.drifted for each in drifts) else Exit.DONE)
