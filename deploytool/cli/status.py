"""``deploytool status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.project import Project
    from deploytool.core.ledger import Record

LAST = 10
"""Releases looked at: the last one tells of every service, unless one was added or taken out lately."""


@click.command(name="status", cls=rules.Verb)
@options.environment
@options.output
def command(config: str, environment: str | None, output: str) -> None:
    """Show what is live in an environment: per service the commit, revision, tasks and any rollout under way.

    Told beside it is what the ledger says otherwise: a service that somebody deployed by other means, a release that
    never ended.

    \b
    Example:
      deploytool status --environment production
    """
    from deploytool.aws.ecs import Ecs
    from deploytool.aws.look import look_at_services
    from deploytool.cli.print_text import print_document
    from deploytool.cli.project import project
    from deploytool.core.check import ReleaseRefused
    from deploytool.core.ledger import drift, recorded
    from deploytool.report.status import drift_rows, ledger_text, status_rows, status_text, unfinished_rows

    found = project(config, environment)
    services, problems = look_at_services(found.session, Ecs(found.session, found.settings.cluster), found.settings)
    if problems:
        raise ReleaseRefused(tuple(problems))
    records, name = _recorded(found), found.settings.environment
    rows = status_rows(services, recorded(services, records))
    drifted = drift(services, records)
    if output == "json":
        document = {
            "schema": 1,
            "environment": name,
            "services": rows,
            "drift": drift_rows(drifted),
            "unfinished": unfinished_rows(records),
        }
        print_document(document)
    else:
        click.echo(status_text(name, rows) + ledger_text(drifted, records))


def _recorded(found: Project) -> tuple[Record, ...]:
    """The last releases; none, and a warning, where the ledger cannot be read: what is live is known without it."""
    from deploytool.cli.ledger import ledger_of
    from deploytool.errors import DeployError

    if found.settings.ledger is None:
        return ()
    try:
        return ledger_of(found).recent(LAST)
    except DeployError as error:
        click.echo(f"warning: {error.cause}; what is live is not compared with the ledger", err=True)
        return ()
