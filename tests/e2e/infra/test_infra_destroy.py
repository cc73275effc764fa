"""`infra destroy`: what goes, what stays, and that nothing else does. In this order, after everything else here."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.sandbox import checkout
from deploytool.sandbox.docker import docker_client
from tests.e2e.infra.conftest import Site

pytestmark = pytest.mark.timeout(600)


def stacks(site: Site) -> set[str]:
    result = site.client("cloudformation").describe_stacks()["Stacks"]
    return {item["StackName"].removeprefix("architecturedeck-").removeprefix("production-") for item in result}


@pytest.fixture(scope="module")
def retained() -> set[str]:
    """Physical ids of what the command says it left, run by run."""
    return set()


def told(document: dict[str, Any]) -> set[str]:
    return {item["physical_id"] for stack in document["stacks"] for item in stack["retained"]}


def left(site: Site) -> dict[str, set[str]]:
    """What is in the account, by kind; AWS's own and what every account has are left out."""
    ec2, ecs, iam = site.client("ec2"), site.client("ecs"), site.client("iam")
    vpcs = [item["VpcId"] for item in ec2.describe_vpcs()["Vpcs"] if not item["IsDefault"]]
    clusters = ecs.describe_clusters(clusters=["architecturedeck"])["clusters"]
    return {
        "vpc": set(vpcs),
        "cluster": {item["clusterName"] for item in clusters if item["status"] == "ACTIVE"},
        "role": {item["RoleName"] for item in iam.list_roles()["Roles"] if item["RoleName"].startswith("architect")},
        "policy": {item["PolicyName"] for item in iam.list_policies(Scope="Local")["Policies"]},
        "balancer": {e["LoadBalancerName"] for e in site.client("elbv2").describe_load_balancers()["LoadBalancers"]},
        "database": {e["DBInstanceIdentifier"] for e in site.client("rds").describe_db_instances()["DBInstances"]},
        "redis": {
            item["ReplicationGroupId"]
            for item in site.client("elasticache").describe_replication_groups()["ReplicationGroups"]
        },
        "log group": {item["logGroupName"] for item in site.client("logs").describe_log_groups()["logGroups"]},
        "alarm": {item["AlarmName"] for item in site.client("cloudwatch").describe_alarms()["MetricAlarms"]},
        "topic": {item["TopicArn"] for item in site.client("sns").list_topics()["Topics"]},
        "bucket": {item["Name"] for item in site.client("s3").list_buckets()["Buckets"]},
        "table": set(site.client("dynamodb").list_tables()["TableNames"]),
        "repository": {e["repositoryName"] for e in site.client("ecr").describe_repositories()["repositories"]},
        "secret": {item["Name"] for item in site.client("secretsmanager").list_secrets()["SecretList"]},
    }


def test_nothing_is_deleted_when_nobody_agrees(site: Site) -> None:
    before = stacks(site)
    ran = site.run("infra", "destroy")
    assert ran.code == 3, ran.told
    assert "--yes" in ran.told
    assert stacks(site) == before


def test_the_data_and_what_environments_share_stay_when_they_are_not_included(site: Site, retained: set[str]) -> None:
    ran = site.run("infra", "destroy", "--yes", "--output", "json")
    assert ran.code == 0, ran.told
    retained |= told(ran.document)
    assert stacks(site) == {"bootstrap", "account", "network", "data"}
    assert docker_client("ps", "-q", "--filter", f"label={site.state.ministack_label}") == "", "no task runs any more"


def test_only_what_is_told_as_retained_stays_when_all_is_destroyed(site: Site, retained: set[str]) -> None:
    ran = site.run("infra", "destroy", "--include-data", "--include-account", "--yes", "--output", "json")
    assert ran.code == 0, ran.told
    assert stacks(site) == set()
    result = left(site)
    kept = {kind: result.pop(kind) for kind in ("bucket", "table", "repository", "secret")}
    assert not any(result.values()), result
    retained |= told(ran.document)
    assert all(names <= retained for names in kept.values()), (kept, retained)
    assert kept["table"] == {"deploytool"}
    assert kept["repository"] == {"architecturedeck"}
    assert kept["secret"] == {"architecturedeck/production/openai-api-key"}


def test_a_cloud_made_anew_in_the_other_size_takes_over_what_the_one_before_left(site: Site) -> None:
    before = site.client("s3").list_buckets()["Buckets"]
    scaled = ("infra", "apply", "--parameter", "Size=scaled", "--output", "json")
    ran = site.run(*scaled)
    assert ran.code == 0, ran.told
    assert stacks(site) == {"bootstrap", "account", "network", "data", "platform", "service"}
    assert site.client("s3").list_buckets()["Buckets"] == before
    assert site.client("dynamodb").list_tables()["TableNames"] == ["deploytool"]
    classes = [item["DBInstanceClass"] for item in site.client("rds").describe_db_instances()["DBInstances"]]
    assert classes == ["db.r6g.large"]
    assert site.run(*scaled).document["result"] == "nothing_to_do"


def test_the_first_release_migrates_and_is_recorded_when_apply_made_the_services_of_the_same_commit(site: Site) -> None:
    before = {key: item["image"] for key, item in site.running().items()}
    earlier = {item["release_id"] for item in site.run("history", "--output", "json").document["releases"]}
    plan = site.run("plan", "--output", "json").document
    assert (plan["nothing_to_do"], {each["name"]: each["action"] for each in plan["services"]}) == (
        False,
        {"app": "unchanged", "worker": "unchanged"},
    )
    assert plan["migration"]

    ran = site.run("release", "--output", "json")
    assert ran.code == 0, ran.told
    assert ran.document["result"] == "released"
    assert "migrate" in [item["name"] for item in ran.document["steps"]]
    assert site.images() == before

    record = site.run("history", "--output", "json").document["releases"][0]
    assert record["release_id"] not in earlier
    assert record["result"] == "released"
    status = site.run("status", "--output", "json").document
    assert {row["commit"]["sha"] for row in status["services"]} == {record["commit"]["sha"]}
    assert {row["release_id"] for row in status["services"]} == {record["release_id"]}
    assert status["drift"] == []

    again = site.run("release", "--output", "json")
    assert (again.code, again.document["result"]) == (0, "nothing_to_do"), again.told

    checkout.advance(site.state)
    ran = site.run("release")
    assert ran.code == 0, ran.told
    ran = site.run("rollback", "--to", record["release_id"])
    assert ran.code == 0, ran.told
    assert site.images() == before
