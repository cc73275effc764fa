"""``deploytool prune``."""

from __future__ import annotations

import click

from deploytool.cli import option_rules, options


@click.command(name="prune", cls=option_rules.Verb)
@click.option(
    "--keep", type=click.IntRange(2), default=10, show_default=True,
    help="Versions of each environment to keep for rollbacks.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Delete; without it nothing is changed.")
@options.config
@options.output
def command(keep: int, yes: bool, config: str, output: str) -> None:
    """Remove task definition revisions and images that no service runs and no rollback needs, in any environment.

    Without --yes, shows what would be deleted, and why the rest is kept.

    \b
    Example:
      deploytool prune --keep 10
    """
    from deploytool.deploy.prune import every_environment, prune_document, prune_text
    from deploytool.output.console import print_document

    with every_environment(config, changing=yes) as regions:
        found = [(region, region.judged(keep)) for region in regions]
        judged = [each for _, some in found for each in some]
        if yes:
            for region, some in found:
                region.remove(some, lambda line: click.echo(line, err=output == "json"))
    if output == "json":
        print_document(prune_document(judged, carried_out=yes))
    elif not yes:
        click.echo(prune_text(judged))
        if any(each.removable for each in judged):
            click.echo("nothing was changed; carry it out with --yes")
