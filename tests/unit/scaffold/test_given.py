from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.model import InitOptions, OptionInvalid, check_options

ONE, TWO = ("production",), ("production", "staging")
ROLE = "arn:aws:iam::123456789012:role/teams/deploy"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"region": "us-gov-west-1", "account": "123456789012", "cluster": "shop", "role": ROLE, "plan_role": ROLE},
        {"domain": "shop.example.com", "hosted_zone": "Z0123", "health_path": "/up"},
        {"action": "acme/archdeck-deploy@" + "0" * 40},
        {"from_services": ("shop/web", "shop/worker")},
    ],
)
def test_options_of_the_right_shape_are_taken(given: dict[str, Any]) -> None:
    check_options(InitOptions(**given), ONE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"region": "virginia"}, "--region must be an AWS region"),
        ({"account": "1234"}, "--account must be an AWS account id"),
        ({"cluster": "a b"}, "--cluster must be the name of an ECS cluster"),
        ({"domain": "https://shop.example.com"}, "--domain must be a host name"),
        ({"domain": "shop"}, "--domain must be a host name"),
        ({"domain": "shop.example.com", "hosted_zone": "example.com"}, "--hosted-zone must be the id"),
        ({"health_path": "up"}, "--health-path must be a path"),
        ({"health_path": '/up"'}, "--health-path must be a path"),
        ({"role": "deploy"}, "--role must be the ARN"),
        ({"role": ROLE + "\nx: y"}, "--role must be the ARN"),
        ({"plan_role": "deploy"}, "--plan-role must be the ARN"),
        ({"action": "archdeck-deploy"}, "--action must be OWNER/NAME@COMMIT"),
        ({"from_services": ("shop",)}, "--from-service must be CLUSTER/SERVICE"),
        ({"from_services": ("shop/web/1",)}, "--from-service must be CLUSTER/SERVICE"),
        ({"from_services": ("shop/web", "bar/web")}, "--from-service names services of several clusters"),
        ({"hosted_zone": "Z0123"}, "--hosted-zone requires --domain"),
    ],
)
def test_an_option_that_cannot_be_right_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionInvalid) as refused:
        check_options(InitOptions(**given), ONE)
    assert said in refused.value.cause
    assert refused.value.fix


@pytest.mark.parametrize("given", [{"cluster": "shop"}, {"role": ROLE}, {"from_services": ("shop/web",)}])
def test_what_is_of_one_environment_is_refused_for_two(given: dict[str, Any]) -> None:
    check_options(InitOptions(**given), ONE)
    check_options(InitOptions(), TWO)
    with pytest.raises(OptionInvalid, match="applies to one environment, not to production, staging"):
        check_options(InitOptions(**given), TWO)


def test_the_services_to_start_from_are_read_from_the_option() -> None:
    given = InitOptions(from_services=("shop/web", "shop/worker"))
    assert (given.existing_cluster, given.existing_services) == ("shop", ("web", "worker"))
    assert InitOptions().existing_cluster == ""
