"""``deploytool plan``."""

from __future__ import annotations

import click

from deploytool.cli import options


@click.command(name="plan", cls=options.Verb)
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit that would be released.")
@options.output
def command(config: str, environment: str | None, revision: str, output: str) -> None:
    """Show what a release would do, and change nothing.

    Shows what would change in each service, whether images are built or reused, whether the migration runs, and the
    revision to roll back to.

    \b
    Example:
      deploytool plan --environment production --output json
    """
    from deploytool.deploy.context import SystemClock, live_version, open_context, release_id, triggered_by
    from deploytool.deploy.git import DirtyTree, checkout, require_clean
    from deploytool.deploy.github import report_plan
    from deploytool.deploy.plans import inspect_release, plan_release
    from deploytool.ecs.client import Ecs
    from deploytool.output.console import print_document, print_text
    from deploytool.output.json import plan_document
    from deploytool.output.plan import plan_text

    context = open_context(config, environment, revision)
    inspection = inspect_release(context, Ecs(context.session, context.settings.cluster), SystemClock())
    request = context.request(release_id(), triggered_by())
    plan = plan_release(inspection, request, lambda: live_version(context)).plan
    report_plan(plan)
    if plan.builds:
        try:
            require_clean(checkout(context.root), context.commit)
        except DirtyTree as dirty:
            print_text(f"warning: a release would be refused now: {dirty.cause}; {dirty.fix}", err=True)
    if output == "json":
        print_document(plan_document(plan))
    else:
        print_text(plan_text(plan))
