"""`deploytool infra cost`, as typed: from the file, from a price list, and where none can be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploytool.cli.main import command
from deploytool.errors import CloudError, ConfigurationError
from tests.integration.pricing.price_list import price_list, product
from tests.support.aws_fault_proxy.client import start_front
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.free_port import free_port
from tests.support.json_documents import valid_document
from tests.support.ministack import point_to

NAT = "NAT Gateway"
PRODUCTS = [
    product("AmazonEC2", "NatGateway-Hours", ("0", "0.0460000000"), family=NAT),
    product("AmazonEC2", "NatGateway-Bytes", ("0", "0.0470000000"), family=NAT),
    product("AmazonEC2", "EUC1-NatGateway-Hours", ("0", "0.0520000000"), family=NAT, region="eu-central-1"),
    product("AmazonEC2", "NatGateway-Hours-Other", ("0", "9.0000000000"), family=NAT),
    # The first gigabytes are free, and past ten terabytes they are cheaper.
    product("AmazonCloudWatch", "USE1-DataProcessing-Bytes", ("0", "0.0"), ("5", "0.51"), ("10240", "0.25"),
            family="Data Payload"),
    # Two prices of one thing: it cannot be told which.
    product("AmazonECR", "USE1-TimedStorage-ByteHrs", ("0", "0.10"), kind="a"),
    product("AmazonECR", "USE1-TimedStorage-ByteHrs", ("0", "0.20"), kind="b"),
]  # fmt: skip
Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    monkeypatch.chdir(tmp_path)
    point_to("http://127.0.0.1:9", monkeypatch)  # the discard port: nobody listens
    monkeypatch.setattr("deploytool.infra.cost_report.PATIENCE", 0.5)

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, ["infra", "cost", *words], standalone_mode=False)

    return run


def document(result: Result) -> dict[str, Any]:
    assert result.exception is None, result.output
    return valid_document(result.stdout)


def test_both_sizes_are_told_with_the_files_date(typed: Typed) -> None:
    output = typed().output

    assert "List prices of us-east-1 as of 2025-06-30" in output
    assert "minimal: what the guide's table has" in output
    assert "scaled: what the guide's table leaves out" in output
    assert "~207" in output
    assert "~850" in output


def test_one_size_alone_is_told_when_it_is_asked_for(typed: Typed) -> None:
    output = document(typed("--size", "scaled", "--output", "json"))

    assert [item["size"] for item in output["sizes"]] == ["scaled"]
    assert output["schema"] == 1
    assert not any(price["current"] for price in output["prices"])


def test_one_gateway_for_all_zones_is_counted_when_it_is_asked_for(typed: Typed) -> None:
    def gateways(*words: str) -> float:
        (size,) = document(typed("--size", "minimal", "--output", "json", *words))["sizes"]
        return float(next(row["usd"] for row in size["additional_items"] if row["name"] == "NAT gateways"))

    assert gateways("--nat-gateways", "one") == pytest.approx(gateways() / 3)


def test_todays_prices_are_taken_when_the_list_has_each_exactly_once(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with price_list(PRODUCTS) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", url)
        output = document(typed("--live", "--output", "json"))

    prices = {price["id"]: price for price in output["prices"]}
    assert {name: price["usd"] for name, price in prices.items() if price["current"]} == {
        "nat": 0.046,
        "nat-gb": 0.047,
        "logs-gb": 0.51,
    }
    assert prices["ecr-gb"]["usd"] == 0.10
    (note,) = output["notes"]
    assert note.startswith("still the list prices of us-east-1 on 2025-06-30: ")
    assert "ecr-gb" in note


def test_another_regions_prices_are_found_under_its_own_usage_types(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with price_list(PRODUCTS) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", url)
        output = document(typed("--live", "--region", "eu-central-1", "--output", "json"))

    assert output["region"] == "eu-central-1"
    assert {price["id"]: price["usd"] for price in output["prices"] if price["current"]} == {"nat": 0.052}
    assert "us-east-1" in output["notes"][0]


def test_the_files_prices_are_told_as_such_when_the_list_cannot_be_reached(typed: Typed) -> None:
    result = typed("--live", "--size", "minimal")

    assert result.exception is None
    assert "List prices of us-east-1 as of 2025-06-30" in result.output
    assert "note: current prices are not available, these are of 2025-06-30: pricing:GetProducts" in result.output


def test_the_missing_permission_is_told_when_the_list_is_denied(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_front("http://127.0.0.1:9", free_port()) as front:
        front.script([Rule(Effect("access_denied"), action="GetProducts")])
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", front.base_url)
        result = typed("--live", "--size", "minimal")

    assert result.exception is None
    assert "current prices are not available" in result.output
    assert '"Action": "pricing:GetProducts"' in result.output


def test_another_region_is_refused_when_todays_prices_are_not_asked_for_or_cannot_be_had(typed: Typed) -> None:
    assert isinstance(typed("--region", "eu-central-1").exception, ConfigurationError)
    assert isinstance(typed("--live", "--region", "eu-central-1").exception, CloudError)
