"""What the stacks cost: beside the guide's table row by row, and apart what that leaves out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from deploytool.infra.cost import MINIMAL, SCALED, SIZES, Estimate, Item, Size, estimate, price_list, with_today

ROOT = Path(__file__).parents[3]
DOCUMENT = json.loads((ROOT / "deploytool/prices.json").read_text())
PRICES = price_list(DOCUMENT)
LEFT_OUT = (
    "NAT gateways", "NAT gateways: data", "public IPv4 addresses", "VPC flow logs", "Route 53", "RDS storage",
    "RDS backups", "Secrets Manager", "KMS", "ECR", "DynamoDB", "Container Insights", "CloudWatch alarms", "CloudTrail",
    "GuardDuty",
)  # fmt: skip


def items(found: Estimate) -> list[Item]:
    return [row.item for row in (*found.rows, *found.beyond)]


@pytest.mark.parametrize(
    ("size", "figures", "total"),
    [(MINIMAL, [30, 10, 100, 25, 20, 10, 2, 10], 207), (SCALED, [120, 30, 350, 200, 50, 50, 50], 850)],
    ids=["minimal", "scaled"],
)
def test_the_rows_are_the_guides_with_its_figures(size: Size, figures: list[float], total: float) -> None:
    found = estimate(size, PRICES)

    assert [row.item.guide for row in found.rows] == figures
    assert found.guide_total == total


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_counted_as_the_guide_counts_it_is_near_the_guides_total(size: Size) -> None:
    found = estimate(size, PRICES)

    assert abs(found.total / found.guide_total - 1) < 0.1


@pytest.mark.parametrize(
    ("row", "usd"),
    [
        ("ECS Fargate, app", 2 * 730 * (0.5 * 0.04048 + 0.004445)),
        ("RDS PostgreSQL", 730 * 0.145),
        ("ElastiCache Redis", 2 * 730 * 0.017),
        ("load balancer", 730 * (0.0225 + 0.008)),
        ("NAT gateways", 3 * 730 * 0.045),
        ("public IPv4 addresses", 6 * 730 * 0.005),
        ("RDS storage", 100 * 0.23),
        ("ElastiCache: larger node", 2 * 730 * (0.068 - 0.017)),
    ],
)
def test_a_row_is_its_quantities_times_their_prices(row: str, usd: float) -> None:
    found = estimate(MINIMAL, PRICES)

    assert [each.usd for each in (*found.rows, *found.beyond) if each.item.name == row] == [pytest.approx(usd)]


@pytest.mark.parametrize("left_out", LEFT_OUT)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_what_the_guide_leaves_out_is_listed_apart(size: Size, left_out: str) -> None:
    found = estimate(size, PRICES)

    assert left_out in [row.item.name for row in found.beyond]
    assert left_out not in [row.item.name for row in found.rows]


def test_the_sum_of_all_is_the_bill() -> None:
    found = estimate(MINIMAL, PRICES)

    assert found.grand_total == pytest.approx(found.total + found.beyond_total)
    assert found.grand_total > 2 * found.guide_total  # the guide's table is off by half


def test_one_nat_gateway_in_all_costs_a_third_of_three() -> None:
    def gateways(number: int) -> float:
        found = estimate(MINIMAL, PRICES, number)
        return next(row.usd for row in found.beyond if row.item.name == "NAT gateways")

    assert gateways(1) == pytest.approx(gateways(3) / 3)


def test_where_setup_and_cost_table_name_the_same_node_nothing_is_added_for_it() -> None:
    assert "ElastiCache: larger node" not in [item.name for item in items(estimate(SCALED, PRICES))]


def test_every_price_of_the_file_is_used_and_every_row_has_its_price() -> None:
    used = {term.price for size in SIZES.values() for item in items(estimate(size, PRICES)) for term in item.terms}

    assert used == set(PRICES.prices)


def test_the_file_says_of_when_and_in_which_unit_each_price_is() -> None:
    assert date.fromisoformat(PRICES.as_of) < date(2027, 1, 1)
    assert all(price.per and price.what for price in PRICES.prices.values())


def test_todays_prices_take_the_place_of_the_files_and_the_others_are_named() -> None:
    found = with_today(PRICES, "eu-west-1", {"nat": 0.048})

    assert (found.prices["nat"].usd, found.prices["nat"].live) == (0.048, True)
    assert (found.prices["alb"].usd, found.prices["alb"].live) == (PRICES.prices["alb"].usd, False)
    assert "us-east-1 on 2025-06-30" in found.notes[0]
    assert "alb" in found.notes[0]
    assert " nat," not in found.notes[0]


def test_nothing_is_noted_when_every_price_is_todays() -> None:
    assert with_today(PRICES, "us-east-1", dict.fromkeys(PRICES.prices, 1.0)).notes == ()


def test_a_term_without_a_price_is_a_fault() -> None:
    with pytest.raises(KeyError):
        estimate(MINIMAL, with_today(price_list({**DOCUMENT, "prices": {}}), "us-east-1", {}))
