"""``deploytool status``."""

from __future__ import annotations

import json

import click

from deploytool.cli import options


@click.command(name="status")
@options.environment
@options.output
def command(config: str, environment: str | None, output: str) -> None:
    """Show what is live in an environment: per service the commit, revision, tasks and any rollout under way.

    \b
    Example:
      deploytool status --environment production
    """
    from deploytool.aws.ecs import Ecs
    from deploytool.aws.look import look_at_services
    from deploytool.cli.project import project
    from deploytool.core.check import ReleaseRefused
    from deploytool.report.status import status_rows, status_text

    found = project(config, environment)
    services, problems = look_at_services(found.session, Ecs(found.session, found.settings.cluster), found.settings)
    if problems:
        raise ReleaseRefused(tuple(problems))
    rows = status_rows(services.values())
    if output == "json":
        click.echo(json.dumps({"schema": 1, "environment": found.settings.environment, "services": rows}, indent=2))
    else:
        click.echo(status_text(found.settings.environment, rows))
