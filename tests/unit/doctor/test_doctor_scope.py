"""What is examined, from the configuration."""

from __future__ import annotations

import pytest

from deploytool.config.loader import resolve
from deploytool.doctor.facts import Scope, scope_of
from tests.unit.config.reading import config_of
from tests.unit.doctor.healthy import NOW


def examined(environment: str = "", services: str = "app: {image: app}", more: str = "") -> Scope:
    text = f"""\
app: shop
images: {{app: {{}}}}
services: {{{services}}}
environments: {{production: {{region: us-east-1, cluster: shop{environment}}}}}
{more}
"""
    return scope_of(resolve(config_of(text), "production"), "123456789012", NOW)


@pytest.mark.parametrize(
    ("environment", "verify", "host"),
    [
        (', url: "https://shop.example.com/"', "", "shop.example.com"),
        (', url: "https://shop.example.com/"', "https://other.example.com/health", "shop.example.com"),
        ("", "https://shop.example.com/health", "shop.example.com"),
        ("", "https://${host}/health", ""),
        ("", "", ""),
    ],
    ids=["by url", "by url first", "by what is verified", "the load balancer's own", "unknown"],
)
def test_the_host_is_the_one_that_people_are_told(environment: str, verify: str, host: str) -> None:
    service = f'app: {{image: app, verify: {{url: "{verify}"}}}}' if verify else "app: {image: app}"

    assert examined(environment, service).host == host


def test_the_migrate_task_is_the_configured_one() -> None:
    assert examined().migrate == ""
    assert examined(more="migrate: {task: shop-migrate, image: app, like: app}").migrate == "shop-migrate"
