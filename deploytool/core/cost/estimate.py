"""Items times prices."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.core.cost.beyond_rows import beyond_rows
from deploytool.core.cost.guide_rows import guide_rows, guide_total
from deploytool.core.cost.model import Estimate, Item, PriceList, Row
from deploytool.core.cost.sizes import ZONES, Size


def estimate(size: Size, prices: PriceList, gateways: int = ZONES) -> Estimate:
    """What one size costs in a month. Raises KeyError for a price that the list lacks."""
    return Estimate(
        size=size.name,
        rows=_rows(guide_rows(size), prices),
        beyond=_rows(beyond_rows(size, gateways), prices),
        guide_total=guide_total(size),
    )


def _rows(items: Iterable[Item], prices: PriceList) -> tuple[Row, ...]:
    return tuple(Row(item, sum(prices.prices[term.price].usd * term.quantity for term in item.terms)) for item in items)
