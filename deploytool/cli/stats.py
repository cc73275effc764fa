"""``deploytool stats``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from deploytool.cli import options
from deploytool.output.console import print_text


@click.command(name="stats", cls=options.Verb)
@options.environment
@click.option("--since", type=options.DURATION, default="90d", show_default=True, help="How far to look back.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Also draw the chart into this file.")
@options.output
def command(config: str, environment: str | None, since: float, svg: Path | None, output: str) -> None:
    """Show the four DORA figures: deployment frequency, lead time, change failure rate, time to restore.

    \b
    Example:
      deploytool stats --environment production --since 30d --svg dora.svg
    """
    from deploytool.deploy.context import ledger_of, open_context
    from deploytool.errors import ConfigurationError
    from deploytool.ledger.dora import dora
    from deploytool.ledger.lock_store import utc_now
    from deploytool.output.console import print_document
    from deploytool.output.stats import stats_document, stats_svg, stats_text

    span = timedelta(seconds=since)
    if span < timedelta(days=1):
        raise ConfigurationError("--since is less than a day", "write it like 30d")
    context = open_context(config, environment, None)
    name, now = context.settings.environment, utc_now()
    figures = dora(ledger_of(context).recent(since=now - span), now - span, now)
    if svg:
        try:
            svg.write_text(stats_svg(name, figures), encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{svg} cannot be written: {error.strerror}", "name another file") from error
    if output == "json":
        print_document(stats_document(name, figures))
    else:
        print_text(stats_text(name, figures))
