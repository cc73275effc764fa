"""``deploytool history``."""

from __future__ import annotations

import click

from deploytool.cli import options
from deploytool.output.console import print_text
from deploytool.release.model import Result

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
    from deploytool.ledger.record import last_successful
    from deploytool.output.console import print_document
    from deploytool.output.history import history_document, history_text, record_text, release_document

    context = open_context(config, environment, None)
    ledger, name = ledger_of(context), context.settings.environment
    last = last_successful(ledger.recent(1, result=Result.RELEASED))
    live = last.live_release_id if last else ""
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
        print_text(history_text(name, records, live))
