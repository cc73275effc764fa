"""Things that are done to an account by hand, each of which one check must notice."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.integration.doctor.account import let_in
from tests.integration.doctor.conftest import Account
from tests.integration.doctor.tasks import BY_TASKS, make_role, register


def to_the_world(account: Account) -> None:
    let_in(account.session, account.network.groups["database"], 5432, "0.0.0.0/0")
    let_in(account.session, account.network.groups["tasks"], 3000, "0.0.0.0/0")


def in_the_public(account: Account) -> None:
    ec2 = account.session.client("ec2")
    within = [{"Name": "vpc-id", "Values": [account.network.vpc]}]
    tables = ec2.describe_route_tables(Filters=within)["RouteTables"]
    table = next(each["RouteTableId"] for each in tables if any(one.get("SubnetId") for one in each["Associations"]))
    for subnet in account.network.private:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    logs = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [account.network.vpc]}])["FlowLogs"]
    ec2.delete_flow_logs(FlowLogIds=[each["FlowLogId"] for each in logs])


def in_the_clear(account: Account) -> None:
    elb = account.session.client("elbv2")
    listeners = elb.describe_listeners(LoadBalancerArn=account.edge.balancer)["Listeners"]
    plain = next(each["ListenerArn"] for each in listeners if each["Port"] == 80)
    forward = [{"Type": "forward", "TargetGroupArn": account.edge.target_group}]
    elb.modify_listener(ListenerArn=plain, DefaultActions=forward)
    account.session.client("rds").modify_db_parameter_group(
        DBParameterGroupName=account.app,
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
    )


def careless_task(account: Account) -> None:
    """A revision with a key in the clear, the role of an administrator, and the image's tag."""
    session, app = account.session, account.app
    secret = session.client("secretsmanager").describe_secret(SecretId=f"{app}/database")["ARN"]
    revision = register(
        session, app, "careless", secret, image="shop:latest",
        environment=[{"name": "STRIPE_API_KEY", "value": "not-told-to-anybody"}],
    )  # fmt: skip
    session.client("ecs").update_service(cluster=app, service=f"{app}-worker", taskDefinition=revision)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    session.client("iam").put_role_policy(
        RoleName=f"{app}-careless", PolicyName="all", PolicyDocument=json.dumps(everything)
    )
    make_role(session, f"{app}-unused", BY_TASKS)


def forgotten(account: Account) -> None:
    session, app = account.session, account.app
    session.client("logs").delete_retention_policy(logGroupName=f"/ecs/{app}/app")
    session.client("ecr").put_image_tag_mutability(repositoryName=app, imageTagMutability="MUTABLE")
    session.client("ecr").delete_lifecycle_policy(repositoryName=app)
    session.client("cloudwatch").delete_alarms(AlarmNames=[f"{app}-DatabaseConnections"])
    for trail in session.client("cloudtrail").describe_trails()["trailList"]:
        session.client("cloudtrail").stop_logging(Name=trail["TrailARN"])
    session.client("events").disable_rule(Name=app)
    session.client("secretsmanager").delete_secret(SecretId=f"{app}/database", RecoveryWindowInDays=7)


SPOILING: tuple[Callable[[Account], None], ...] = (
    to_the_world, in_the_public, in_the_clear, careless_task, forgotten,
)  # fmt: skip
NOTICED = (
    ("vpc", "tasks run in public subnets"),
    ("security-groups", "is open to the internet by"),
    ("restricted-access", "is open to the internet"),
    ("private-stores", "is in public subnets"),
    ("flow-logs", "has no active flow log"),
    ("load-balancer", "does not redirect HTTP to HTTPS"),
    ("tls", "serves unencrypted traffic on port 80"),
    ("tls", "accepts connections without TLS"),
    ("services", "worker runs images by tag: careless"),
    ("no-plain-secrets", "STRIPE_API_KEY of careless"),
    ("least-privilege", "may do everything by policy all"),
    ("log-groups", "never expires"),
    ("repository", "has mutable tags"),
    ("repository", "keeps every image"),
    ("alarms", "no alarm for"),
    ("trail", "(stopped)"),
    ("security-alerts", "is disabled or has no target"),
    ("secrets", "is scheduled for deletion"),
)
"""Check, and what it must say of all that together."""
