"""Roles, secrets, task definitions, services, and who watches them."""

from __future__ import annotations

import json
from typing import Any

from deploytool.aws.session import Session
from tests.integration.doctor.account import Edge, Network

DIGEST = "sha256:" + "a" * 64
BY_TASKS = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
ISSUER = "token.actions.githubusercontent.com"
GUARDDUTY = json.dumps({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]})


def make_role(session: Session, name: str, trust: dict[str, Any], *allowed: str) -> str:
    """A role that may do ``allowed`` on everything; its ARN."""
    iam = session.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
    if allowed:
        statement = {"Effect": "Allow", "Action": list(allowed), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy)
    return arn


def by_github(*subjects: str) -> dict[str, Any]:
    """A trust statement for jobs of these subjects."""
    return {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::000000000000:oidc-provider/{ISSUER}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": list(subjects)},
        },
    }


def register(session: Session, app: str, key: str, secret: str, **container: Any) -> str:
    """A task definition with a role of its own; its ARN."""
    execution = f"{app}-execution"
    try:
        execution_arn = session.client("iam").get_role(RoleName=execution)["Role"]["Arn"]
    except session.client("iam").exceptions.NoSuchEntityException:
        execution_arn = make_role(session, execution, BY_TASKS, "ecr:BatchGetImage")
    group = f"/ecs/{app}/{key}"
    session.client("logs").create_log_group(logGroupName=group)
    session.client("logs").put_retention_policy(logGroupName=group, retentionInDays=30)
    definition = {
        "name": key,
        "image": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{app}@{DIGEST}",
        "essential": True,
        "environment": [{"name": "NODE_ENV", "value": "production"}],
        "secrets": [{"name": "DATABASE_PASSWORD", "valueFrom": f"{secret}:password::"}],
        "healthCheck": {"command": ["CMD", "node", "health.js"]},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": key},
        },
    }
    answer = session.client("ecs").register_task_definition(
        family=f"{app}-{key}",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn=execution_arn,
        taskRoleArn=make_role(session, f"{app}-{key}", BY_TASKS, "s3:GetObject"),
        containerDefinitions=[definition | container],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def make_services(session: Session, app: str, network: Network, edge: Edge) -> None:
    """Cluster, app behind the load balancer, worker, and the migrate task. They want no tasks: nothing runs here."""
    ecs = session.client("ecs")
    ecs.create_cluster(clusterName=app, settings=[{"name": "containerInsights", "value": "enabled"}])
    secret = session.client("secretsmanager").create_secret(Name=f"{app}/database", SecretString='{"password": "x"}')
    definitions = {key: register(session, app, key, secret["ARN"]) for key in ("app", "worker", "migrate")}
    common: dict[str, Any] = {
        "cluster": app,
        "launchType": "FARGATE",
        "desiredCount": 0,
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": network.private,
                "securityGroups": [network.groups["tasks"]],
                "assignPublicIp": "DISABLED",
            }
        },
    }
    balanced = [{"targetGroupArn": edge.target_group, "containerName": "app", "containerPort": 3000}]
    ecs.create_service(**common, serviceName=f"{app}-app", taskDefinition=definitions["app"], loadBalancers=balanced)
    ecs.create_service(**common, serviceName=f"{app}-worker", taskDefinition=definitions["worker"])


def make_watch(session: Session, app: str) -> str:
    """Trail, alarms and the rule for findings, all told to one topic; its ARN."""
    sns = session.client("sns")
    topic = str(sns.create_topic(Name=app)["TopicArn"])
    queue = session.client("sqs").create_queue(QueueName=app)["QueueUrl"]
    attributes = session.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    for metric, dimensions in (
        ("CPUUtilization", {"ClusterName": app, "ServiceName": f"{app}-app"}),
        ("DatabaseConnections", {"DBInstanceIdentifier": f"{app}-db"}),
    ):
        session.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{app}-{metric}", MetricName=metric, Namespace="AWS", Statistic="Average", Period=300,
            EvaluationPeriods=2, Threshold=80, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        )  # fmt: skip
    events = session.client("events")
    events.put_rule(Name=app, EventPattern=GUARDDUTY, State="ENABLED")
    events.put_targets(Rule=app, Targets=[{"Id": "topic", "Arn": topic}])
    session.client("s3").create_bucket(Bucket=f"{app}-trail")
    trail = session.client("cloudtrail")
    trail.create_trail(Name=app, S3BucketName=f"{app}-trail", IsMultiRegionTrail=True, EnableLogFileValidation=True)
    trail.start_logging(Name=app)
    return topic
