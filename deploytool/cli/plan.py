"""``deploytool plan``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.deploy.context import Context
    from deploytool.deploy.session import PlannedDeployment


RULES = (
    *options.exclusive("--rollback", "--promote", "--commit", why="each plans something else"),
    *options.exclusive("--promote", "--commit", why="each plans something else"),
    *options.exclusive("--to", "--steps", why="both choose the target of the rollback", fix="give one of them"),
    options.different("--promote", "--environment", why="both environments are the same"),
)


@click.command(name="plan", cls=options.Verb, rules=RULES)
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit that would be released.")
@click.option("--rollback", is_flag=True, help="Plan a rollback, to the previous version or to --to.")
@click.option("--to", default="", metavar="RELEASE|COMMIT", help="The version to roll back to.")
@click.option("--steps", type=click.IntRange(1), help="How many versions back. Default: 1.")
@click.option("--service", "services", multiple=True, help="Roll back only this service; several times.")
@click.option("--expect-current", default="", metavar="RELEASE", help="Refuse unless this release is live.")
@click.option("--promote", "source", metavar="ENVIRONMENT", help="Plan the promotion of what this environment runs.")
@options.output
def command(
    config: str,
    environment: str | None,
    revision: str,
    rollback: bool,
    to: str,
    steps: int | None,
    services: tuple[str, ...],
    expect_current: str,
    source: str | None,
    output: str,
) -> None:
    """Show what a release, rollback or promotion would do, and change nothing.

    Refuses whatever it would refuse, with the same exit code. Shows what would change in each service, whether images
    are built or reused, whether the migration runs, and the revision to roll back to.

    \b
    Example:
      deploytool plan --environment production --output json
      deploytool plan --rollback --environment production
    """
    from deploytool.deploy import plans
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.foresight import foresee, require_scanned
    from deploytool.deploy.github import report_plan
    from deploytool.errors import OptionsContradict
    from deploytool.ledger.rollback_target import RollbackRequest
    from deploytool.output.console import print_document, print_text
    from deploytool.output.json import plan_document
    from deploytool.output.plan import plan_text

    options_of_rollback = {"--to": to, "--steps": steps, "--service": services, "--expect-current": expect_current}
    for name, given in options_of_rollback.items():
        if given and not rollback:
            raise OptionsContradict(f"{name} belongs to a rollback", f"add --rollback, or leave out {name}")
    context = open_context(config, environment, None if rollback else revision)
    decide = plans.plan_release
    if rollback:
        decide = partial(plans.plan_rollback, rollback=RollbackRequest(to, steps or 1, services, expect_current))
    elif source is not None:
        if source == context.settings.environment:
            raise OptionsContradict(f"{source} is both source and destination", "name two environments")
        decide = partial(plans.plan_promotion, source=source)
    planned, notes = foresee(context, start_run(), decide, needs_ledger=rollback or source is not None)
    require_scanned(planned)
    if not rollback and source is None:
        report_plan(planned.plan)
    for note in (*notes, *_notes_of_this_machine(context, planned)):
        print_text(f"warning: {note}", err=True)
    if output == "json":
        print_document(plan_document(planned.plan, planned.kind, planned.restores))
    else:
        print_text(plan_text(planned.plan, planned.kind, planned.restores))


def _notes_of_this_machine(context: Context, planned: PlannedDeployment) -> list[str]:
    """What would stop a release from here, and not from a machine with another checkout."""
    from deploytool.deploy.git import DirtyTree, checkout, require_clean

    if planned.plan.builds:
        try:
            require_clean(checkout(context.root), context.commit)
        except DirtyTree as dirty:
            return [f"a release would be refused now: {dirty.cause}; {dirty.fix}"]
    return []
