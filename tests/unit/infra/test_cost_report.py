"""What the stacks cost, as people and scripts read it."""

from __future__ import annotations

import json
from pathlib import Path

from deploytool.infra.cost import MINIMAL, SIZES, estimate, price_list, with_today
from deploytool.infra.cost_report import cost_text
from deploytool.infra.documents import cost_document

ROOT = Path(__file__).parents[3]
PRICES = price_list(json.loads((ROOT / "deploytool/prices.json").read_text()))
BOTH = [estimate(size, PRICES) for size in SIZES.values()]


def test_each_row_stands_beside_the_guides_figure() -> None:
    told = cost_text(BOTH, PRICES)

    assert "  ElastiCache Redis    cache.t3.micro, 2 nodes" in told
    assert " 24.82    ~25\n" in told
    assert " 215.94   ~207\n" in told


def test_the_sizes_stand_side_by_side_at_the_end() -> None:
    lines = cost_text(BOTH, PRICES).rstrip().splitlines()

    assert [line.split() for line in lines[-5:]] == [
        ["minimal", "scaled"],
        ["as", "the", "guide", "counts", "215.94", "931.69"],
        ["the", "guide", "says", "~207", "~850"],
        ["left", "out", "there", "262.61", "252.85"],
        ["total", "478.54", "1184.53"],
    ]


def test_one_size_needs_no_comparison() -> None:
    assert "In short" not in cost_text([estimate(MINIMAL, PRICES)], PRICES)


def test_the_date_is_told_when_the_prices_are_the_files() -> None:
    told = cost_text(BOTH, PRICES)

    assert told.startswith("List prices of us-east-1 as of 2025-06-30,")
    assert "note:" not in told


def test_what_is_not_todays_is_told_when_the_rest_is() -> None:
    today = with_today(PRICES, "us-east-1", {"nat": 0.05})

    told = cost_text(BOTH, today, ("asked for",))

    assert told.startswith(f"1 of {len(PRICES.prices)} prices of us-east-1 are today's;")
    assert told.rstrip().splitlines()[-2] == "note: asked for"
    assert told.rstrip().splitlines()[-1].startswith("note: still the list prices of us-east-1 on 2025-06-30: ")


def test_the_document_has_prices_quantities_and_sums() -> None:
    document = json.loads(json.dumps(cost_document(BOTH, PRICES, ("a note",))))

    assert (document["schema"], document["kind"], document["currency"]) == (1, "infra_cost", "USD")
    assert document["notes"] == ["a note"]
    nat = {"id": "nat", "usd": 0.045, "per": "hour", "description": "NAT gateway", "current": False}
    assert nat in document["prices"]
    (minimal, _) = document["sizes"]
    row = next(each for each in minimal["guide_items"] if each["name"] == "load balancer")
    assert row["terms"] == [{"price": "alb", "quantity": 730}, {"price": "alb-lcu", "quantity": 730}]
    assert row["guide_usd"] == 20
    assert minimal["total_usd"] == 478.54
