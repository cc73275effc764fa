"""The survey reads what is there: an account as it should be, one that was spoilt, and one that may not be read."""

from __future__ import annotations

import pytest

from deploytool.aws.session import Session
from tests.integration.doctor.conftest import Account, Examine, Report, make_account
from tests.integration.doctor.spoil import NOTICED, SPOILING
from tests.support.aws_fault_proxy.client import Front
from tests.support.aws_fault_proxy.rules import Effect, Rule

NOTHING_RUNS = {"services", "health", "database"}
"""No container is started here, nor a database server."""
NOT_IN_MINISTACK = {"scaling", "guardduty"}
NOTHING_HAPPENED = {"pipeline", "migrations", "seed-data", "rotation", "mfa"}
"""Nothing was released nor rotated, and MiniStack's root user has no MFA."""
GITHUB = {"secrets-in-git", "token", "job-permissions", "environment", "sign-in", "rollback-workflow"}
DENIED = (
    ("ec2", "DescribeFlowLogs", "flow-logs", "ec2:DescribeFlowLogs"),
    ("rds", "DescribeDBInstances", "database", "rds:DescribeDBInstances"),
    ("elasticache", "DescribeReplicationGroups", "cache", "elasticache:DescribeReplicationGroups"),
    ("elasticloadbalancing", "DescribeTargetHealth", "health", "elasticloadbalancing:DescribeTargetHealth"),
    ("cloudfront", "GET .*distribution", "cdn", "cloudfront:ListDistributions"),
    ("route53", "GET .*hostedzone", "dns", "route53:ListHostedZones"),
    ("iam", "GetAccountAuthorizationDetails", "least-privilege", "iam:GetAccountAuthorizationDetails"),
    ("iam", "GenerateCredentialReport", "mfa", "iam:GenerateCredentialReport"),
    ("cloudwatch", "DescribeAlarms", "alarms", "cloudwatch:DescribeAlarms"),
    ("logs", "DescribeLogGroups", "log-groups", "logs:DescribeLogGroups"),
    ("secretsmanager", "DescribeSecret", "secrets", "secretsmanager:DescribeSecret"),
    ("ecr", "GetLifecyclePolicy", "repository", "ecr:GetLifecyclePolicy"),
    ("ecs", "DescribeClusters", "services", "ecs:DescribeClusters"),
    ("cloudtrail", "DescribeTrails", "trail", "cloudtrail:DescribeTrails"),
    ("events", "ListRules", "security-alerts", "events:ListRules"),
)
"""Service and action as they go over the wire, the check that needs them, and what IAM calls it."""


def denied(service: str, action: str) -> Rule:
    return Rule(Effect("access_denied"), service=service, action=action)


@pytest.fixture(scope="module")
def healthy(account: Account, examine: Examine) -> Report:
    return examine(account)


@pytest.fixture(scope="module")
def blind(account: Account, examine: Examine) -> Report:
    return examine(account, *(denied(service, action) for service, action, _, _ in DENIED))


def test_an_account_as_it_should_be_is_found_from_the_configuration_alone(healthy: Report) -> None:
    standings = healthy.standings

    wanted = set(standings) - NOTHING_RUNS - NOT_IN_MINISTACK - NOTHING_HAPPENED - GITHUB
    assert {name: standings[name] for name in wanted if standings[name] != "pass"} == {}
    assert len(wanted) == 22


def test_it_cannot_be_told_when_an_api_does_not_exist_or_there_is_no_token(healthy: Report) -> None:
    assert {healthy.standings[name] for name in NOT_IN_MINISTACK | GITHUB} == {"unknown"}
    (reason,) = healthy.reasons("guardduty", "unknown")
    assert reason["fix"] == "if AWS does not offer it in this region, check it by hand"
    assert "GITHUB_TOKEN is not set" in healthy.reasons("token", "unknown")[0]["message"]


@pytest.fixture(scope="module")
def spoilt(session: Session, examine: Examine) -> Report:
    """In an account number of its own: trails and rules are the whole account's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
        account = make_account(Session(session.region))
        for spoil in SPOILING:
            spoil(account)
        return examine(account)


@pytest.mark.parametrize(("check", "says"), NOTICED)
def test_what_was_spoilt_is_noticed(spoilt: Report, check: str, says: str) -> None:
    assert any(says in reason["message"] for reason in spoilt.reasons(check, "fail"))


def test_it_is_refused_when_something_is_wrong_and_no_secret_is_told(spoilt: Report) -> None:
    assert spoilt.exit_code == 3
    assert spoilt.document["account"] == "111111111111"
    assert "not-told-to-anybody" not in str(spoilt.document)


def test_every_check_comes_to_an_end_when_there_is_nothing_at_all(account: Account, examine: Examine) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "222222222222")
        found = examine(account)

    failing = {name for name, standing in found.standings.items() if standing == "fail"}
    assert {"vpc", "services", "repository", "load-balancer", "cdn", "dns", "secrets", "trail"} <= failing
    assert {name for name, standing in found.standings.items() if standing == "pass"} == set()


@pytest.mark.parametrize(("service", "action", "check", "permission"), DENIED)
def test_the_missing_statement_is_told_when_a_call_is_denied(
    blind: Report, service: str, action: str, check: str, permission: str
) -> None:
    statements = [reason["statement"] for reason in blind.reasons(check, "unknown") if reason["statement"]]

    assert permission in [each["Action"] for each in statements]
    assert all(each["Effect"] == "Allow" and each["Resource"] for each in statements)


def test_one_denied_call_hides_nothing_else(account: Account, examine: Examine, healthy: Report) -> None:
    found = examine(account, denied("ec2", "DescribeFlowLogs"))

    changed = {name for name, standing in found.standings.items() if healthy.standings[name] != standing}
    assert changed == {"flow-logs"}


def test_what_follows_from_the_services_cannot_be_told_when_they_may_not_be_read(
    account: Account, examine: Examine
) -> None:
    found = examine(account, denied("ecs", "DescribeServices"))

    assert {found.standings[name] for name in ("vpc", "database", "load-balancer", "secrets")} == {"unknown"}
    assert {found.standings[name] for name in ("repository", "trail")} == {"pass"}
    (reason,) = found.reasons("database", "unknown")
    assert reason["statement"]["Action"] == "ecs:DescribeServices"


def test_nothing_but_reading_is_asked_of_aws(account: Account, examine: Examine, front: Front) -> None:
    front.reset()

    examine(account)

    asked = {call.action for call in front.calls()}
    reading = ("Describe", "List", "Get", "GET ")
    assert {each for each in asked if not each.startswith(reading)} == {"GenerateCredentialReport"}
    assert len(asked) > 30


def test_the_report_is_the_same_when_aws_throttles_and_fails_now_and_then(
    account: Account, examine: Examine, healthy: Report
) -> None:
    found = examine(
        account, Rule(Effect("throttle"), every=7, service="(?!sts).*"), Rule(Effect("server_error"), every=11)
    )

    assert found.standings == healthy.standings
