"""``deploytool plan``."""

from __future__ import annotations

import click

from deploytool.cli import options, rules


@click.command(name="plan", cls=rules.Verb)
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit that would be released.")
@options.output
def command(config: str, environment: str | None, revision: str, output: str) -> None:
    """Show what a release would do, and change nothing.

    Says per service what would change, whether images are built or reused, whether the migration runs, and which
    revision the release would go back to.

    \b
    Example:
      deploytool plan --environment production --output json
    """
    from deploytool.aws.ecs import Ecs
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.decide import decide, request_for
    from deploytool.cli.git import DirtyTree, checkout, require_clean
    from deploytool.cli.ledger import live_version
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.print_text import print_document, print_text
    from deploytool.cli.project import project
    from deploytool.cli.tell_plan import tell_plan
    from deploytool.report.documents import plan_document
    from deploytool.report.plan import plan_text

    found = project(config, environment, revision)
    ecs = Ecs(found.session, found.settings.cluster)
    request = request_for(found, release_id(), origin())
    decided = decide(found, ecs, request, SystemClock(), lambda: live_version(found))
    tell_plan(decided.plan)
    if decided.plan.builds:
        try:
            require_clean(checkout(found.root), found.commit)
        except DirtyTree as dirty:
            print_text(f"warning: a release would be refused now: {dirty.cause}; {dirty.fix}", err=True)
    if output == "json":
        print_document(plan_document(decided.plan))
    else:
        print_text(plan_text(decided.plan))
