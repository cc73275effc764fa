"""``deploytool infra cost``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.infra.cost import PriceList


FILE = "prices.json"


@click.command(name="cost", cls=option_rules.Verb)
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
    from deploytool.infra.cost import SIZES, ZONES, estimate
    from deploytool.infra.cost_report import cost_text
    from deploytool.infra.documents import cost_document
    from deploytool.output.console import print_document

    prices, notes = _prices(region, live)
    gateways = ZONES if nat_gateways == "per-zone" else 1
    estimates = [estimate(each, prices, gateways) for each in SIZES.values() if size in (None, each.name)]
    if output == "json":
        print_document(cost_document(estimates, prices, notes))
    else:
        click.echo(cost_text(estimates, prices, notes), nl=False)


def _prices(region: str, live: bool) -> tuple[PriceList, tuple[str, ...]]:
    """The prices, and why they are not today's where that was asked for."""
    from deploytool.errors import CloudError, ConfigurationError
    from deploytool.infra.cost import with_today

    kept = _kept()
    if not live:
        if region != kept.region:
            raise ConfigurationError(
                f"the price file has prices of {kept.region} alone, not of {region}",
                "add --live, or leave --region out",
            )
        return kept, ()
    from deploytool.aws.session import Session
    from deploytool.deploy.context import enter_sandbox
    from deploytool.infra.cost_report import ENDPOINT_REGION, current_prices

    enter_sandbox()
    try:
        return with_today(kept, region, current_prices(Session(ENDPOINT_REGION), region, kept.prices)), ()
    except CloudError as error:
        if region != kept.region:
            raise
        told = f"today's prices could not be had, these are of {kept.as_of}: {error.cause}"
        return kept, (f"{told} ({error.fix})" if error.fix else told,)


def _kept() -> PriceList:
    import json
    from importlib.resources import files

    from deploytool.infra.cost import price_list

    return price_list(json.loads((files("deploytool") / FILE).read_text(encoding="utf-8")))
