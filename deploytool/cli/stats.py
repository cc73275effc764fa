"""``deploytool stats``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from deploytool.cli import options, rules


@click.command(name="stats", cls=rules.Verb)
@options.environment
@click.option("--since", "back", type=options.DURATION, default="90d", show_default=True, help="How far to look back.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Also draw them into this file.")
@options.output
def command(config: str, environment: str | None, back: float, svg: Path | None, output: str) -> None:
    """Show the four DORA figures: deployment frequency, lead time, change failure rate, time to restore.

    \b
    Example:
      deploytool stats --environment production --since 30d --svg dora.svg
    """
    from deploytool.aws.lease import utc_now
    from deploytool.cli.ledger import ledger_of
    from deploytool.cli.print_text import print_document
    from deploytool.cli.project import project
    from deploytool.core.stats import dora
    from deploytool.errors import ConfigurationError
    from deploytool.report.stats import stats_document, stats_text
    from deploytool.report.stats_svg import stats_svg

    span = timedelta(seconds=back)
    if span < timedelta(days=1):
        raise ConfigurationError("--since must be a day at least", "write it like 30d")
    found = project(config, environment)
    name, now = found.settings.environment, utc_now()
    figures = dora(ledger_of(found).recent(since=now - span), now - span, now)
    if svg:
        try:
            svg.write_text(stats_svg(name, figures), encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{svg} cannot be written: {error.strerror}", "name another file") from error
    if output == "json":
        print_document(stats_document(name, figures))
    else:
        click.echo(stats_text(name, figures))
