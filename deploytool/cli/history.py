"""``deploytool history``."""

from __future__ import annotations

import click

from deploytool.cli import option_rules, options
from deploytool.release.model import Result

RULES = option_rules.exclusive(
    "RELEASE", "--limit", "--result", "--commit", why="one release is shown in full, and none is searched for"
)


@click.command(name="history", cls=option_rules.Verb, rules=RULES)
@click.argument("release", required=False)
@options.environment
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--result", type=click.Choice([result.value for result in Result]), help="Only those that came to this.")
@click.option("--commit", default="", help="Only those of this commit; the first digits of its sha will do.")
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

    RELEASE goes with none of --limit, --result and --commit.

    \b
    Example:
      deploytool history --environment production --result rolled_back
    """
    from deploytool.deploy.context import ledger_of, open_context
    from deploytool.ledger.codec import to_document
    from deploytool.ledger.record import last_successful
    from deploytool.output.console import print_document
    from deploytool.output.history import history_document, history_text, record_text

    found = open_context(config, environment)
    ledger, name = ledger_of(found), found.settings.environment
    last = last_successful(ledger.recent(1, result=Result.RELEASED))
    live = last.live_release_id if last else ""
    if release:
        record = ledger.get(release)
        told, document = record_text(record, live), to_document(record)
    else:
        records = ledger.recent(limit, result=Result(result) if result else None, commit=commit.lower())
        told, document = history_text(name, records, live), history_document(name, records, live)
    if output == "json":
        print_document(document)
    else:
        click.echo(told)
