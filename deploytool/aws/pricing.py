"""Today's list prices, from the AWS Price List (service ``pricing``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from deploytool.aws.every_page import call_all
from deploytool.aws.session import Session
from deploytool.core.cost.model import Price, Query

SERVICE = "pricing"
ENDPOINT_REGION = "us-east-1"
"""The price list answers in three regions, for all of them."""
PATIENCE = 20.0
"""Seconds that one question may be asked again."""


def today(session: Session, region: str, prices: Mapping[str, Price]) -> dict[str, float]:
    """Dollars per unit of those prices that the list has exactly once; by id.

    ``session`` is one of ``ENDPOINT_REGION``. Raises CloudError: PermissionMissing without ``pricing:GetProducts``,
    CloudUnreachable where the list does not answer.
    """
    asked = {price.id: price.query for price in prices.values() if price.query}
    client = session.client(SERVICE)
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = pool.map(lambda query: _price(client, region, query), asked.values())
        return {name: usd for name, usd in zip(asked, found, strict=True) if usd is not None}


def _price(client: Any, region: str, query: Query) -> float | None:
    filters = {"regionCode": region, **query.attributes}
    answer = call_all(
        client,
        "get_products",
        PATIENCE,
        ServiceCode=query.service,
        Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
    )
    # A usage type begins with its region, such as EUW1-, but for most of those of us-east-1.
    wanted = re.compile(rf"(?:[A-Z]{{2,4}}\d-)?{query.usage}")
    products = (json.loads(each) for each in answer.get("PriceList", ()))
    matching = (each for each in products if wanted.fullmatch(each["product"]["attributes"].get("usagetype", "")))
    amounts = {amount for each in matching for amount in _first_step(each)}
    # Several prices of one thing, for capacity that is reserved or the like, cannot be told apart: better none.
    return float(amounts.pop()) if len(amounts) == 1 else None


def _first_step(product: Mapping[str, Any]) -> Iterator[Decimal]:
    """The price of the first unit; free steps come as 0 and are left out."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        steps = [
            (Decimal(each.get("beginRange") or "0"), Decimal(each["pricePerUnit"].get("USD", "0")))
            for each in term.get("priceDimensions", {}).values()
        ]
        charged = sorted(step for step in steps if step[1] > 0)
        yield from (amount for _, amount in charged[:1])
