"""``deploytool status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_text

if TYPE_CHECKING:
    from deploytool.deploy.context import Context
    from deploytool.ledger.record import Record
    from deploytool.output.history import LockSighting


RECENT = 10
"""Releases that are read: the last one records every service, unless the configuration changed lately."""


@click.command(name="status", cls=options.Verb)
@options.environment
@options.output
def command(config: str, environment: str | None, output: str) -> int:
    """Show what is live in an environment: commit, revision, tasks and rollout of each service.

    Also shows where the ledger differs: services changed outside deploytool, and releases that never finished. Exit
    code 3 if a service or the cluster does not exist.

    \b
    Example:
      deploytool status --environment production
    """
    from deploytool.deploy.context import open_context
    from deploytool.deploy.inspect import count_restarts, inspect_services
    from deploytool.ecs.client import Ecs
    from deploytool.errors import Exit
    from deploytool.ledger.live import drift, recorded
    from deploytool.output.console import print_document
    from deploytool.output.history import ledger_text, status_document, status_services, status_text

    context = open_context(config, environment, None)
    ecs = Ecs(context.session, context.settings.cluster)
    services, missing = inspect_services(context.session, ecs, context.settings)
    records, name = _recent_records(context), context.settings.environment
    shown = status_services(services, recorded(services, records), count_restarts(ecs, services))
    drifted = drift(services, records)
    if output == "json":
        print_document(status_document(name, shown, drifted, records, missing))
    else:
        print_text(status_text(name, shown) + ledger_text(drifted, records, missing, _lock(context)))
    return int(Exit.PRECONDITION_FAILED if missing else Exit.OK)


def _lock(context: Context) -> LockSighting | None:
    """``None`` where it cannot be read."""
    from deploytool.deploy.context import lock_of
    from deploytool.errors import DeployError
    from deploytool.ledger.lock_store import utc_now
    from deploytool.output.history import LockSighting

    if context.settings.ledger is None:
        return None
    try:
        return LockSighting(lock_of(context).read(), utc_now())
    except DeployError:
        return None


def _recent_records(context: Context) -> tuple[Record, ...]:
    """Newest first; none, and a warning, where the ledger cannot be read: what is live is known without it."""
    from deploytool.deploy.context import ledger_of
    from deploytool.errors import DeployError

    if context.settings.ledger is None:
        return ()
    from deploytool.release.model import Result

    try:
        ledger = ledger_of(context)
        recent = ledger.recent(RECENT)
        # What is live may be older than many releases that failed.
        older = () if any(record.successful for record in recent) else ledger.recent(RECENT, result=Result.RELEASED)
    except DeployError as error:
        print_text(f"warning: {error.cause}; what is live is not compared with the ledger", err=True)
        return ()
    return (*recent, *older)
