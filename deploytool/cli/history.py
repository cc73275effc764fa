"""``deploytool history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_text
from deploytool.release.model import Result

if TYPE_CHECKING:
    from deploytool.deploy.context import Context
    from deploytool.ledger.store import Ledger

EXPLAINING = 50
"""Successful releases, newest first, of which one may explain what ECS runs."""
RULES = options.exclusive("RELEASE", "--limit", "--result", "--commit", why="RELEASE names the one to show")


@click.command(name="history", cls=options.Verb, rules=RULES)
@click.argument("release", required=False)
@options.environment
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Maximum number.")
@click.option("--result", type=click.Choice([result.value for result in Result]), help="Only releases that ended so.")
@click.option("--commit", default="", help="Only releases of this commit, or of one that begins so.")
@options.output
def command(
    release: str | None,
    config: str,
    environment: str | None,
    limit: int,
    result: str | None,
    commit: str,
    output: str,
) -> None:
    """Show the releases of an environment, newest first, or RELEASE in full.

    RELEASE cannot be combined with --limit, --result or --commit.

    \b
    Example:
      deploytool history --environment production --result rolled_back
    """
    from deploytool.deploy.context import ledger_of, open_context
    from deploytool.output.console import print_document
    from deploytool.output.history import history_document, history_text, record_text, release_document

    context = open_context(config, environment, None)
    ledger, name = ledger_of(context), context.settings.environment
    live, notes = _live(context, ledger)
    if release:
        record = ledger.get(release)
        if output == "json":
            print_document(release_document(record, live))
        else:
            print_text(record_text(record, live))
        return
    records = ledger.recent(limit, result=Result(result) if result else None, commit=commit.lower())
    if output == "json":
        print_document(history_document(name, records, live))
    else:
        print_text("\n".join((history_text(name, records, live), *(f"! {note}" for note in notes if records))))


def _live(context: Context, ledger: Ledger) -> tuple[str, tuple[str, ...]]:
    """The release whose version ECS runs, empty where it is none; and what runs instead of what was released."""
    from deploytool.deploy.inspect import inspect_services
    from deploytool.ecs.client import Ecs
    from deploytool.errors import DeployError
    from deploytool.ledger.live import drift, drift_text, live_record

    released = ledger.recent(EXPLAINING, result=Result.RELEASED)
    try:
        services, missing = inspect_services(
            context.session, Ecs(context.session, context.settings.cluster), context.settings
        )
    except DeployError as error:
        named = released[0].live_release_id if released else ""
        return named, (f"what ECS runs could not be read, ★ is what the ledger names: {error.cause}",)
    record = live_record(services, released)
    if record is None or missing:
        return "", (*(problem.cause for problem in missing), *map(drift_text, drift(services, released)))
    return record.live_release_id, ()
