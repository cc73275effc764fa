"""Today's list prices from the AWS Price List, and the estimate as a table and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from deploytool.aws.call import paginate
from deploytool.aws.session import Session
from deploytool.infra.cost import Estimate, Price, PriceList, Query, Row
from deploytool.output.markup import columns

SERVICE = "pricing"
ENDPOINT_REGION = "us-east-1"
"""The price list answers in three regions, for all of them."""
PATIENCE = 20.0
"""Seconds that one query may be retried."""


def current_prices(session: Session, region: str, prices: Mapping[str, Price]) -> dict[str, float]:
    """Dollars per unit of those prices that the list has exactly once; by id.

    ``session`` is one of ``ENDPOINT_REGION``. Raises CloudError: PermissionMissing without ``pricing:GetProducts``,
    CloudUnreachable where the list does not answer.
    """
    queries = {price.id: price.query for price in prices.values() if price.query}
    client = session.client(SERVICE)
    with ThreadPoolExecutor(max_workers=8) as pool:
        amounts = pool.map(lambda query: _price(client, region, query), queries.values())
        return {name: usd for name, usd in zip(queries, amounts, strict=True) if usd is not None}


def _price(client: Any, region: str, query: Query) -> float | None:
    filters = {"regionCode": region, **query.attributes}
    listed = paginate(
        client,
        "get_products",
        "PriceList",
        patience=PATIENCE,
        ServiceCode=query.service,
        Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
    )
    # A usage type begins with its region, such as EUW1-, but for most of those of us-east-1.
    usage = re.compile(rf"(?:[A-Z]{{2,4}}\d-)?{query.usage}")
    products = (json.loads(text) for text in listed)
    matching = (each for each in products if usage.fullmatch(each["product"]["attributes"].get("usagetype", "")))
    amounts = {amount for each in matching for amount in _first_step(each)}
    # Several prices, such as of reserved capacity, cannot be told apart: better none.
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


def cost_text(estimates: Sequence[Estimate], prices: PriceList, notes: Sequence[str] = ()) -> str:
    """Per size a table: item, what of it, dollars a month, and the guide's figure."""
    parts = [_head(prices), *(part for each in estimates for part in _tables(each))]
    if len(estimates) > 1:
        parts.append("\n".join(("Summary, dollars a month", *columns(list(_short(estimates))))))
    notes = [f"note: {text}" for text in (*notes, *prices.notes)]
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else [])]) + "\n"


def _head(prices: PriceList) -> str:
    today = sum(price.live for price in prices.prices.values())
    if not today:
        return (
            f"List prices of {prices.region} as of {prices.as_of}, on demand, dollars a month of 730 hours; "
            "--live uses today's."
        )
    share = f"{today} of {len(prices.prices)} prices of {prices.region} are today's"
    return f"{share}; on demand, dollars a month of 730 hours."


def _tables(estimate: Estimate) -> Iterator[str]:
    rows = [("", "", "here", "guide"), *(_cells(row) for row in estimate.rows)]
    rows.append(("total", "", _usd(estimate.total), _about(estimate.guide_total)))
    yield "\n".join((f"{estimate.size}: what the guide's table has", *columns(_right(rows))))
    beyond = [_cells(row)[:3] for row in estimate.beyond]
    beyond += [("subtotal", "", _usd(estimate.beyond_total)), ("total", "", _usd(estimate.grand_total))]
    yield "\n".join((f"{estimate.size}: what the guide's table leaves out", *columns(_right(beyond))))


def _short(estimates: Sequence[Estimate]) -> Iterator[tuple[str, ...]]:
    figures = [
        ("", *(each.size for each in estimates)),
        ("as the guide counts", *(_usd(each.total) for each in estimates)),
        ("the guide says", *(_about(each.guide_total) for each in estimates)),
        ("left out there", *(_usd(each.beyond_total) for each in estimates)),
        ("total", *(_usd(each.grand_total) for each in estimates)),
    ]
    return iter(_right(figures, first=1))


def _cells(row: Row) -> tuple[str, str, str, str]:
    guide = "" if row.item.guide is None else _about(row.item.guide)
    return (row.item.name, row.item.configuration, _usd(row.usd), guide)


def _right(rows: Sequence[Sequence[str]], first: int = 2) -> list[tuple[str, ...]]:
    """Figures, from column ``first`` on, end at the same place."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return [
        tuple(cell.rjust(widths[place]) if place >= first else cell for place, cell in enumerate(row)) for row in rows
    ]


def _usd(amount: float) -> str:
    return f"{amount:.2f}"


def _about(amount: float) -> str:
    return f"~{amount:.0f}"
