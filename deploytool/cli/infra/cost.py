"""``deploytool infra cost``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_text

if TYPE_CHECKING:
    from deploytool.infra.cost import PriceList


FILE = "prices.json"


@click.command(name="cost", cls=options.Verb)
@click.option("--size", type=click.Choice(["minimal", "scaled"]), help="Only this size. Default: both, side by side.")
@click.option(
    "--region",
    default="us-east-1",
    show_default=True,
    help="The region of the prices; another one needs --live.",
)
@click.option("--nat-gateways", type=click.Choice(["per-zone", "one"]), default="per-zone", show_default=True,
              help="The parameter NatGateways of the network stack.")  # fmt: skip
@click.option("--live", is_flag=True, help="Use current prices of the AWS Price List (pricing:GetProducts).")
@options.output
def command(size: str | None, region: str, nat_gateways: str, live: bool, output: str) -> None:
    """Estimate the monthly cost of the stacks, next to the guide's figures, and with what the guide leaves out.

    On-demand list prices with the quantities of each row, without free tiers and taxes.

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
    estimates = [estimate(option, prices, gateways) for option in SIZES.values() if size in (None, option.name)]
    if output == "json":
        print_document(cost_document(estimates, prices, notes))
    else:
        print_text(cost_text(estimates, prices, notes).rstrip("\n"))


def _prices(region: str, live: bool) -> tuple[PriceList, tuple[str, ...]]:
    """The prices, and a note if current ones were requested but not available."""
    from deploytool.errors import CloudError, ConfigurationError
    from deploytool.infra.cost import with_today

    stored = _price_file()
    if not live:
        if region != stored.region:
            raise ConfigurationError(
                f"the price file has no prices of {region}, only of {stored.region}",
                "add --live, or leave --region out",
            )
        return stored, ()
    from deploytool.aws.session import Session
    from deploytool.deploy.context import enter_sandbox
    from deploytool.infra.cost_report import ENDPOINT_REGION, current_prices

    enter_sandbox()
    try:
        return with_today(stored, region, current_prices(Session(ENDPOINT_REGION), region, stored.prices)), ()
    except CloudError as error:
        if region != stored.region:
            raise
        note = f"current prices are not available, these are of {stored.as_of}: {error.cause}"
        return stored, (f"{note} ({error.fix})" if error.fix else note,)


def _price_file() -> PriceList:
    import json
    from importlib.resources import files

    from deploytool.infra.cost import price_list

    return price_list(json.loads((files("deploytool") / FILE).read_text(encoding="utf-8")))
