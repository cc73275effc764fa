"""Prices and the rows of an estimate. Money is in US dollars, a month has 730 hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOURS = 730
"""Hours of a month, as AWS's own calculator counts them."""


@dataclass(frozen=True)
class Query:
    """Where the AWS Price List has a price: service code, usage type without its region's prefix, attributes."""

    service: str
    usage: str
    """A regular expression."""
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Price:
    """One list price."""

    id: str
    usd: float
    per: str
    """The unit, such as ``hour``, ``GB-month`` or ``million``."""
    what: str
    query: Query | None = None
    """``None``: the price list has it by steps or places that this tool does not read."""
    live: bool = False
    """Asked for today; else that of the price file."""


@dataclass(frozen=True)
class PriceList:
    """The prices of one region."""

    region: str
    as_of: str
    """Date of the file, ISO 8601."""
    prices: Mapping[str, Price]
    notes: tuple[str, ...] = ()
    """What a reader must know of them: what could not be asked, and so is the file's."""


@dataclass(frozen=True)
class Term:
    """So many units of one price."""

    price: str
    quantity: float


@dataclass(frozen=True)
class Item:
    """One row before it is priced. ``guide`` is what the deployment guide says, where it has the row."""

    name: str
    configuration: str
    terms: tuple[Term, ...]
    guide: float | None = None


@dataclass(frozen=True)
class Row:
    """An item with what it costs in a month."""

    item: Item
    usd: float


@dataclass(frozen=True)
class Estimate:
    """One size: the guide's rows, and apart what the guide leaves out."""

    size: str
    rows: tuple[Row, ...]
    beyond: tuple[Row, ...]
    guide_total: float

    @property
    def total(self) -> float:
        """Sum of the rows that the guide has."""
        return sum(row.usd for row in self.rows)

    @property
    def beyond_total(self) -> float:
        """Sum of those that it leaves out."""
        return sum(row.usd for row in self.beyond)

    @property
    def whole(self) -> float:
        """What the bill says."""
        return self.total + self.beyond_total
