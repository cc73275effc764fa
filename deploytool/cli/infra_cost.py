"""``deploytool infra cost``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.core.cost.model import PriceList

FILE = "prices.json"


@click.command(name="cost", cls=rules.Verb)
@click.option("--size", type=click.Choice(["minimal", "scaled"]), help="One size; both, side by side, if not given.")
@click.option("--region", default="us-east-1", show_default=True, help="Whose prices; others than this with --live.")
@click.option("--nat-gateways", type=click.Choice(["per-zone", "one"]), default="per-zone", show_default=True,
              help="As the parameter NatGateways of the network stack.")  # fmt: skip
@click.option("--live", is_flag=True, help="Ask the AWS Price List for today's prices (pricing:GetProducts).")
@options.output
def command(size: str | None, region: str, nat_gateways: str, live: bool, output: str) -> None:
    """Estimate what the stacks cost in a month, beside the guide's figures, and what the guide leaves out.

    Counts list prices, on demand, with the quantities of each row. Free tiers and taxes are not counted.

    \b
    Example:
      deploytool infra cost --size minimal
    """
    from deploytool.cli.print_text import print_document
    from deploytool.core.cost.estimate import estimate
    from deploytool.core.cost.sizes import SIZES, ZONES
    from deploytool.report.cost import cost_document, cost_text

    prices, notes = _prices(region, live)
    gateways = ZONES if nat_gateways == "per-zone" else 1
    estimates = [estimate(each, prices, gateways) for each in SIZES.values() if size in (None, each.name)]
    if output == "json":
        print_document(cost_document(estimates, prices, notes))
    else:
        click.echo(cost_text(estimates, prices, notes), nl=False)


def _prices(region: str, live: bool) -> tuple[PriceList, tuple[str, ...]]:
    """The prices, and why they are not today's where that was asked for."""
    from deploytool.core.cost.price_file import with_today
    from deploytool.errors import CloudError, ConfigurationError

    kept = _kept()
    if not live:
        if region != kept.region:
            raise ConfigurationError(
                f"the price file has prices of {kept.region} alone, not of {region}",
                "add --live, or leave --region out",
            )
        return kept, ()
    from deploytool.aws.pricing import ENDPOINT_REGION, today
    from deploytool.aws.session import Session
    from deploytool.cli.project import enter_sandbox

    enter_sandbox()
    try:
        return with_today(kept, region, today(Session(ENDPOINT_REGION), region, kept.prices)), ()
    except CloudError as error:
        if region != kept.region:
            raise
        told = f"today's prices could not be had, these are of {kept.as_of}: {error.cause}"
        return kept, (f"{told} ({error.fix})" if error.fix else told,)


def _kept() -> PriceList:
    import json
    from importlib.resources import files

    from deploytool.core.cost.price_file import price_list

    return price_list(json.loads((files("deploytool") / FILE).read_text(encoding="utf-8")))
