"""``deploytool prune``."""

from __future__ import annotations

import click

from deploytool.cli import options
from deploytool.output.console import print_text


@click.command(name="prune", cls=options.Verb)
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
    from deploytool.deploy.prune import prune_document, prune_text
    from deploytool.deploy.prune_inventory import open_inventories
    from deploytool.output.console import print_document

    as_json = output == "json"
    with open_inventories(config, locked=yes) as inventories:
        regions = [(inventory, inventory.items(keep)) for inventory in inventories]
        if yes:
            for inventory, items in regions:
                inventory.remove(items, lambda line: print_text(line, err=as_json))
    all_items = [item for _, items in regions for item in items]
    if as_json:
        print_document(prune_document(all_items, applied=yes))
    elif not yes:
        print_text(prune_text(all_items))
        if any(item.removable for item in all_items):
            print_text("nothing was changed; run again with --yes to delete")
