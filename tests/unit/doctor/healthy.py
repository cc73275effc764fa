"""An account in which every check passes; each case changes one thing of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deploytool.doctor.checks import CHECKS, CheckResult, run_check
from deploytool.doctor.facts import (
    Cache,
    Certificate,
    Cluster,
    Database,
    Distribution,
    DnsRecord,
    Edge,
    Facts,
    Listener,
    LoadBalancer,
    LogGroup,
    Network,
    Opening,
    Origin,
    Repository,
    Scaling,
    Scope,
    SecretState,
    SecurityGroup,
    ServiceFact,
    Subnet,
    Target,
    TargetGroup,
    TaskShape,
)
from deploytool.doctor.facts_account import (
    Account,
    Alarm,
    EventRule,
    Github,
    Grant,
    Job,
    Mfa,
    RepositoryFact,
    Role,
    Topic,
    Trail,
    Trust,
    Workflow,
)
from deploytool.ledger.record import Kind, MigrationRecord, StepRecord, StepState
from deploytool.ledger.record import Record as Release
from deploytool.release.model import Commit, Result, StepName

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:us-east-1:1:alerts"
HERE, THERE = "arn:aws:acm:us-east-1:1:certificate/here", "arn:aws:acm:us-east-1:1:certificate/there"
SECRET = "arn:aws:secretsmanager:us-east-1:1:secret:shop/database-a1b2c3"
IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:" + "a" * 64
SUBJECT = "repo:acme/shop:environment:production"
PERMISSIONS = {"contents": "read", "deployments": "write", "pull-requests": "write", "id-token": "write"}


def arn(name: str) -> str:
    return f"arn:aws:iam::1:role/shop-{name}"


def task(key: str, **changes: Any) -> TaskShape:
    shape = TaskShape(
        family=f"shop-{key}",
        images=((key, IMAGE),),
        log_groups=(f"/ecs/shop/{key}",),
        execution_role=arn("execution"),
        task_role=arn(key),
    )
    return replace(shape, **changes)


def role(name: str, **changes: Any) -> Role:
    granted = Grant("allowed", ("s3:GetObject",), ("arn:aws:s3:::shop/*",))
    return replace(Role(f"shop-{name}", arn(name), grants=(granted,)), **changes)


APP = ServiceFact(
    "app", "shop-app", task("app"), desired=2, running=2, subnets=("private-a", "private-b"), groups=("tasks",),
    target_groups=("targets",), health=("HEALTHY", "HEALTHY"),
)  # fmt: skip
WORKER = ServiceFact(
    "worker", "shop-worker", task("worker"), subnets=("private-a", "private-b"), groups=("tasks",), health=("HEALTHY",)
)
DATABASE = Database("shop-db", subnets=("private-a", "private-b"), groups=("database",), force_ssl=True)
CACHE = Cache("shop-cache", subnets=("private-a", "private-b"), groups=("cache",))
BALANCER = LoadBalancer(
    "balancer", "shop", "shop.elb.amazonaws.com", subnets=("public-a", "public-b"), groups=("balancer",),
    listeners=(
        Listener(80, "HTTP", redirects=True),
        Listener(443, "HTTPS", policy="ELBSecurityPolicy-TLS13-1-2-2021-06", certificates=(HERE,)),
    ),
)  # fmt: skip
DISTRIBUTION = Distribution(
    "E1", "d1.cloudfront.net", aliases=("shop.example.com",), certificate=THERE, viewers=("redirect-to-https",),
    origins=(
        Origin("origin.shop.example.com", protocol="https-only"),
        Origin("shop-assets.s3.us-east-1.amazonaws.com", bucket=True, signed=True),
    ),
)  # fmt: skip
NETWORK = Network(
    "vpc-1",
    "10.0.0.0/16",
    {
        name: Subnet(name, f"us-east-1{name[-1]}", name.startswith("public"))
        for name in ("private-a", "private-b", "public-a", "public-b")
    },
)
GROUPS = {
    "balancer": SecurityGroup("balancer", (Opening(443, 443, cidrs=("0.0.0.0/0",)),)),
    "tasks": SecurityGroup("tasks", (Opening(3000, 3000, groups=("balancer",)),)),
    "database": SecurityGroup("database", (Opening(5432, 5432, groups=("tasks",)),)),
    "cache": SecurityGroup("cache", (Opening(6379, 6379, groups=("tasks",)),)),
}
RELEASE = Release(
    release_id="20261123-1",
    kind=Kind.RELEASE,
    app="shop",
    environment="production",
    commit=Commit("1f8b2c4" + "0" * 33),
    started_at=NOW - timedelta(days=1),
    fencing_token=1,
    run_url="https://github.com/acme/shop/actions/runs/7",
    steps=(StepRecord(StepName.MIGRATE, StepState.ENDED, NOW - timedelta(days=1)),),
    migration=MigrationRecord(task="task", ran=True),
    result=Result.RELEASED,
)
KEPT = SecretState(SECRET, ("DATABASE_PASSWORD",), rotates=True, rotate_days=30, rotated_at=NOW - timedelta(days=9))
REPOSITORY = RepositoryFact(
    "acme/shop",
    5678,
    1234,
    "main",
    datetime(2025, 1, 1, tzinfo=UTC),
    push=True,
    secret_scanning=True,
    push_protection=True,
)
WORKFLOWS = (
    Workflow("deploy.yml", ("push",), (Job("deploy.yml", "deploy", PERMISSIONS),)),
    Workflow("rollback.yml", ("issue_comment",), (Job("rollback.yml", "rollback", PERMISSIONS),), responds=True),
)
HEALTHY = Facts(
    scope=Scope(
        app="shop", account="1", environment="production", region="us-east-1", cluster="shop",
        github_environment="production", now=NOW, host="shop.example.com", migrate="shop-migrate", checkbox=True,
    ),
    cluster=Cluster("shop"),
    services=(APP, WORKER),
    missing_services=(),
    migrate=task("migrate"),
    network=NETWORK,
    groups=GROUPS,
    flow_logs=("fl-1",),
    databases=(DATABASE,),
    caches=(CACHE,),
    repositories={"shop": Repository("shop")},
    secrets=(KEPT,),
    log_groups=(LogGroup("/ecs/shop/app"), LogGroup("/ecs/shop/worker")),
    scaling=(Scaling("shop-app", 2, 10, policies=("cpu",), scaled=True),),
    releases=(RELEASE,),
    seeds=(),
    edge=Edge(
        target_groups=(TargetGroup("targets", "shop", targets=(Target("10.0.1.7", "healthy"),)),),
        balancers=(BALANCER,),
        distributions=(DISTRIBUTION,),
        certificates=(
            Certificate(HERE, "shop.example.com", not_after=NOW + timedelta(days=200)),
            Certificate(THERE, "shop.example.com"),
        ),
        records=(DnsRecord("shop.example.com", "d1.cloudfront.net"),),
    ),
    account=Account(
        roles=(
            *(role(name) for name in ("execution", "app", "worker", "migrate")),
            role("deploy", github=(Trust(("sts.amazonaws.com",), (SUBJECT,)),)),
        ),
        mfa=Mfa(root=True),
        trails=(Trail("shop"),),
        detectors=("d-1",),
        alarms=(
            Alarm("cpu", "AWS/ECS", "CPUUtilization", {"ClusterName": "shop", "ServiceName": "shop-app"}, (TOPIC,)),
            Alarm("connections", "AWS/RDS", "DatabaseConnections", {"DBInstanceIdentifier": "shop-db"}, (TOPIC,)),
        ),
        topics=(Topic(TOPIC),),
        rules=(EventRule("findings", ("aws.guardduty",), targets=(TOPIC,)),),
    ),
    github=Github(repository=REPOSITORY, workflows=WORKFLOWS, reads={"deployments: read": None}),
)  # fmt: skip


def facts(**changes: Any) -> Facts:
    """The healthy account with some facts replaced."""
    return replace(HEALTHY, **changes)


def edge(**changes: Any) -> Facts:
    return facts(edge=replace(HEALTHY.edge, **changes))


def account(**changes: Any) -> Facts:
    return facts(account=replace(HEALTHY.account, **changes))


def github(**changes: Any) -> Facts:
    return facts(github=replace(HEALTHY.github, **changes))


def scope(**changes: Any) -> Facts:
    return facts(scope=replace(HEALTHY.scope, **changes))


def app(**changes: Any) -> Facts:
    """The service behind the load balancer, changed."""
    return facts(services=(replace(APP, **changes), WORKER))


def judged(check: str, account_facts: Facts) -> CheckResult:
    """The result of one check."""
    return run_check(next(item for item in CHECKS if item.id == check), account_facts)
