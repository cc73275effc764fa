"""``deploytool plan``."""

from __future__ import annotations

import click

from deploytool.cli import option_rules, options


@click.command(name="plan", cls=option_rules.Verb)
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
    from deploytool.deploy.context import SystemClock, live_version, open_context, release_id, triggered_by
    from deploytool.deploy.git import DirtyTree, checkout, require_clean
    from deploytool.deploy.github import comment_plan
    from deploytool.deploy.plans import plan_release, request_for
    from deploytool.ecs.client import Ecs
    from deploytool.output.console import print_document, print_text
    from deploytool.output.json import plan_document
    from deploytool.output.plan import plan_text

    found = open_context(config, environment, revision)
    ecs = Ecs(found.session, found.settings.cluster)
    request = request_for(found, release_id(), triggered_by())
    planned = plan_release(found, ecs, request, SystemClock(), lambda: live_version(found))
    comment_plan(planned.plan)
    if planned.plan.builds:
        try:
            require_clean(checkout(found.root), found.commit)
        except DirtyTree as dirty:
            print_text(f"warning: a release would be refused now: {dirty.cause}; {dirty.fix}", err=True)
    if output == "json":
        print_document(plan_document(planned.plan))
    else:
        print_text(plan_text(planned.plan))
