"""What the stacks cost: for a terminal, both sizes side by side, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from deploytool.core.cost.model import Estimate, Item, PriceList, Row
from deploytool.report.documents import SCHEMA
from deploytool.report.layout import columns


def cost_text(estimates: Sequence[Estimate], prices: PriceList, notes: Sequence[str] = ()) -> str:
    """Per size a table: item, what of it, dollars a month, and the guide's figure."""
    parts = [_head(prices), *(part for each in estimates for part in _tables(each))]
    if len(estimates) > 1:
        parts.append("\n".join(("In short, dollars a month", *columns(list(_short(estimates))))))
    told = [f"note: {text}" for text in (*notes, *prices.notes)]
    return "\n\n".join([*parts, *(["\n".join(told)] if told else [])]) + "\n"


def _head(prices: PriceList) -> str:
    today = sum(price.live for price in prices.prices.values())
    if not today:
        return (
            f"List prices of {prices.region} as of {prices.as_of}, on demand, dollars a month of 730 hours; "
            "--live asks for today's."
        )
    told = f"{today} of {len(prices.prices)} prices of {prices.region} are today's"
    return f"{told}; on demand, dollars a month of 730 hours."


def _tables(estimate: Estimate) -> Iterator[str]:
    rows = [("", "", "here", "guide"), *(_cells(row) for row in estimate.rows)]
    rows.append(("total", "", _usd(estimate.total), _about(estimate.guide_total)))
    yield "\n".join((f"{estimate.size}: what the guide's table has", *columns(_right(rows))))
    beyond = [_cells(row)[:3] for row in estimate.beyond]
    beyond += [("sum", "", _usd(estimate.beyond_total)), ("all in all", "", _usd(estimate.whole))]
    yield "\n".join((f"{estimate.size}: what the guide's table leaves out", *columns(_right(beyond))))


def _short(estimates: Sequence[Estimate]) -> Iterator[tuple[str, ...]]:
    figures = [
        ("", *(each.size for each in estimates)),
        ("as the guide counts", *(_usd(each.total) for each in estimates)),
        ("the guide says", *(_about(each.guide_total) for each in estimates)),
        ("left out there", *(_usd(each.beyond_total) for each in estimates)),
        ("all in all", *(_usd(each.whole) for each in estimates)),
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


def cost_document(estimates: Sequence[Estimate], prices: PriceList, notes: Sequence[str] = ()) -> dict[str, Any]:
    """``deploytool infra cost --output json``; dollars a month."""
    return {
        "schema": SCHEMA,
        "kind": "cost",
        "currency": "USD",
        "region": prices.region,
        "prices_as_of": prices.as_of,
        "notes": [*notes, *prices.notes],
        "prices": {
            price.id: {"usd": price.usd, "per": price.per, "what": price.what, "today": price.live}
            for price in prices.prices.values()
        },
        "sizes": [_estimate(each) for each in estimates],
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "size": estimate.size,
        "rows": [{**_item(row.item), "usd": round(row.usd, 2), "guide_usd": row.item.guide} for row in estimate.rows],
        "total_usd": round(estimate.total, 2),
        "guide_total_usd": estimate.guide_total,
        "left_out_by_the_guide": [{**_item(row.item), "usd": round(row.usd, 2)} for row in estimate.beyond],
        "left_out_usd": round(estimate.beyond_total, 2),
        "all_in_all_usd": round(estimate.whole, 2),
    }


def _item(item: Item) -> dict[str, Any]:
    terms = [{"price": term.price, "quantity": term.quantity} for term in item.terms]
    return {"name": item.name, "configuration": item.configuration, "terms": terms}
