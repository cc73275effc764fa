"""``deploytool status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.deploy.context import Context
    from deploytool.ledger.record import Record


LAST = 10
"""Releases looked at: the last one tells of every service, unless one was added or taken out lately."""


@click.command(name="status", cls=option_rules.Verb)
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
    from deploytool.deploy.context import open_context
    from deploytool.deploy.inspect import inspect_services
    from deploytool.ecs.client import Ecs
    from deploytool.ledger.record import drift, recorded
    from deploytool.output.console import print_document
    from deploytool.output.history import ledger_text, status_document, status_services, status_text
    from deploytool.release.planner import ReleasePreconditionFailed

    found = open_context(config, environment)
    services, problems = inspect_services(found.session, Ecs(found.session, found.settings.cluster), found.settings)
    if problems:
        raise ReleasePreconditionFailed(tuple(problems))
    records, name = _recorded(found), found.settings.environment
    shown = status_services(services, recorded(services, records))
    drifted = drift(services, records)
    if output == "json":
        print_document(status_document(name, shown, drifted, records))
    else:
        click.echo(status_text(name, shown) + ledger_text(drifted, records))


def _recorded(found: Context) -> tuple[Record, ...]:
    """The last releases; none, and a warning, where the ledger cannot be read: what is live is known without it."""
    from deploytool.deploy.context import ledger_of
    from deploytool.errors import DeployError

    if found.settings.ledger is None:
        return ()
    try:
        return ledger_of(found).recent(LAST)
    except DeployError as error:
        click.echo(f"warning: {error.cause}; what is live is not compared with the ledger", err=True)
        return ()
