"""``deploytool infra cost``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.infra.cost import PriceList


FILE = "prices.json"


@click.command(name="cost", cls=option_rules.Verb)
@click.option("--size", type=click.Choice(["minimal", "scaled"]), help="Size to estimate. Default: both, side by side.")
@click.option(
    "--region",
    default="us-east-1",
    show_default=True,
    help="Region of the prices; another one needs --live.",
)
@click.option("--nat-gateways", type=click.Choice(["per-zone", "one"]), default="per-zone", show_default=True,
              help="Parameter NatGateways of the network stack.")  # fmt: skip
@click.option("--live", is_flag=True, help="Use today's prices of the AWS Price List (pricing:GetProducts).")
@options.output
def command(size: str | None, region: str, nat_gateways: str, live: bool, output: str) -> None:
    """Estimate the monthly cost of the stacks, next to the guide's figures, with what the guide leaves out.

    Uses on-demand list prices and the quantities in each row. Free tiers and taxes are not included.

    \b
    Example:
      deploytool infra cost --size minimal
    """
    from deploytool.infra.cost import SIZES, ZONES, estimate
    from deploytool.infra.cost_report import cost_document, cost_text
    from deploytool.output.console import print_document

    prices, notes = _prices(region, live)
    gateways = ZONES if nat_gateways == "per-zone" else 1
    estimates = [estimate(item, prices, gateways) for item in SIZES.values() if size in (None, item.name)]
    if output == "json":
        print_document(cost_document(estimates, prices, notes))
    else:
        click.echo(cost_text(estimates, prices, notes), nl=False)


def _prices(region: str, live: bool) -> tuple[PriceList, tuple[str, ...]]:
    """The prices, and why they are not today's where those were requested."""
    from deploytool.errors import CloudError, ConfigurationError
    from deploytool.infra.cost import with_today

    kept = _kept()
    if not live:
        if region != kept.region:
            raise ConfigurationError(
                f"the price file has prices of {kept.region} only, not of {region}",
                "add --live, or leave out --region",
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
        note = f"today's prices are not available, using those of {kept.as_of}: {error.cause}"
        return kept, (f"{note} ({error.fix})" if error.fix else note,)


def _kept() -> PriceList:
    import json
    from importlib.resources import files

    from deploytool.infra.cost import price_list

    return price_list(json.loads((files("deploytool") / FILE).read_text(encoding="utf-8")))
