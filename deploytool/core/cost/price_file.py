"""The price file, and what the AWS Price List says today, as prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deploytool.core.cost.model import Price, PriceList, Query


def price_list(document: Mapping[str, Any]) -> PriceList:
    """The file ``prices.json``."""
    return PriceList(
        region=document["region"],
        as_of=document["as_of"],
        prices={name: _price(name, raw) for name, raw in document["prices"].items()},
    )


def _price(name: str, raw: Mapping[str, Any]) -> Price:
    live = raw["live"]
    query = Query(live["service"], live["usage"], live.get("attributes", {})) if live else None
    return Price(id=name, usd=raw["usd"], per=raw["per"], what=raw["what"], query=query)


def covered(document: Mapping[str, Any]) -> frozenset[str]:
    """CloudFormation types that the file prices or says to be free."""
    priced = (type_ for raw in document["prices"].values() for type_ in raw["resources"])
    return frozenset((*priced, *document["free"]))


def with_today(kept: PriceList, region: str, today: Mapping[str, float]) -> PriceList:
    """The list with what was found today in place of what the file says; what was not found is named in a note."""
    prices = {
        name: replace(price, usd=today[name], live=True) if name in today else price
        for name, price in kept.prices.items()
    }
    left = [price.id for price in prices.values() if not price.live]
    note = f"still the list prices of {kept.region} on {kept.as_of}: {', '.join(left)}"
    return PriceList(region, kept.as_of, prices, (note,) if left else ())
