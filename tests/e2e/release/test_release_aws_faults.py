"""AWS says no, not now, or nothing: what passes is waited for, what does not is told, and nothing stays half done."""

from __future__ import annotations

import pytest

from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.project import Shop
from tests.support.slow import slow

DENIED = Effect("access_denied")


def changed(shop: Shop, *services: str) -> None:
    """Something to release in each of these services, without build or migration."""
    shop.only(*services)
    for service in services:
        shop.template(service, command=[f"architecturedeck-{service}", "--again"])


def migrating(shop: Shop) -> None:
    """The worker after a migration that does nothing."""
    with shop.config() as config:
        config["services"] = {"worker": {"image": "app", "timeout": "60s"}}
        config["migrate"] |= {"command": ["true"], "like": "worker"}
        config["environments"]["production"]["overrides"].pop("services")
    shop.template("worker", command=["architecturedeck-worker", "--again"])


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("ecs:DescribeServices", 3),
        slow("ecr:GetAuthorizationToken", 3),
        slow("ecs:RegisterTaskDefinition", 3),
        ("ecs:RunTask", 5),
        ("ecs:UpdateService", 6),
    ],
)
def test_a_missing_permission_is_told_as_the_statement_that_allows_it(shop: Shop, action: str, code: int) -> None:
    migrating(shop)
    service, _, name = action.partition(":")
    shop.front.script([Rule(DENIED, service=service, action=name)])
    shop.release_fails(code, f"may not call {action}", f'{{"Effect": "Allow", "Action": "{action}"')


def test_what_may_not_be_looked_at_is_a_warning(shop: Shop) -> None:
    changed(shop, "worker")
    shop.front.script([Rule(DENIED, action="DescribeSecret|GetLogEvents|DescribeServiceDeployments")])
    ran = shop.run("release")
    assert ran.code == 0, ran.told
    assert '"Action": "secretsmanager:DescribeSecret"' in ran.told


def test_a_log_that_may_not_be_read_hides_no_failure(shop: Shop) -> None:
    shop.only("worker")
    shop.template("worker", command=["sh", "-c", "exit 1"])
    shop.front.script([Rule(DENIED, service="logs", action="GetLogEvents|FilterLogEvents")])
    shop.release_fails(6, "exited with code 1", "logs:GetLogEvents")


def test_the_app_goes_back_when_the_worker_may_not_be_updated(shop: Shop) -> None:
    changed(shop, "app", "worker")
    shop.front.script([Rule(DENIED, action="UpdateService", params={"service": "worker"})])
    ran = shop.release_fails(6, "all services were rolled back: app on ", "may not call ecs:UpdateService")
    assert "worker on" not in ran.out.splitlines()[-1]


def test_what_stays_half_done_is_said_when_nothing_may_be_put_back(shop: Shop) -> None:
    changed(shop, "worker")
    before = shop.account.running()["worker"]
    expired = Effect("expired_token")
    rules = [Rule(expired, action="DescribeServices", after=2), Rule(expired, action="UpdateService", after=1)]
    shop.front.script(rules)
    ran = shop.run("release")
    after = shop.account.running()["worker"]
    assert ran.code == 7, ran.told
    assert after != before
    assert "ROLLBACK INCOMPLETE" in ran.out
    assert f"worker runs {after.rsplit('/', 1)[-1]}" in ran.out
    assert "AWS did not accept the credentials" in ran.out
    assert shop.github.still_open(ran.told) == []


def test_a_release_comes_through_when_every_fifth_call_is_throttled(shop: Shop) -> None:
    migrating(shop)
    shop.front.script([Rule(Effect("throttle"), service="(?!registry).*", probability=0.2)], seed=1)
    ran = shop.run("release")
    assert ran.code == 0, ran.told
    assert [call for call in shop.front.calls() if call.fault]


def test_a_release_comes_through_server_errors_and_lost_connections(shop: Shop) -> None:
    migrating(shop)
    aws = "(?!registry).*"
    rules = [
        Rule(Effect("server_error", status=503), service=aws, probability=0.1),
        Rule(Effect("reset"), service=aws, probability=0.1),
        Rule(Effect("reset_after"), service="ecs", action="UpdateService|RunTask|RegisterTaskDefinition", times=1),
    ]
    shop.front.script(rules, seed=2)
    ran = shop.run("release")
    assert ran.code == 0, ran.told
    started = {call.params["clientToken"] for call in shop.front.calls("ecs", "RunTask")}
    assert len(started) == 1, "a migration is never started twice"
