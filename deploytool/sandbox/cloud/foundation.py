"""What a stack stands on: cluster, IAM roles, log groups, secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploytool.sandbox.cloud.stack import ROLES

if TYPE_CHECKING:
    from deploytool.sandbox.cloud.account import Account
    from deploytool.sandbox.cloud.stack import Stack

LOG_DAYS = 7
TASKS_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
PULL_AND_LOG = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
]


@dataclass(frozen=True)
class Foundation:
    """ARNs that the task definitions name."""

    execution_role: str
    task_roles: dict[str, str]
    secrets: dict[str, str]


def lay_foundation(account: Account, stack: Stack, postgres: str, redis: str) -> Foundation:
    """Make them all; ``postgres`` and ``redis`` are addresses that containers reach."""
    account.client("ecs").create_cluster(clusterName=stack.name)
    for role in ROLES:
        account.client("logs").create_log_group(logGroupName=stack.log_group(role))
        account.client("logs").put_retention_policy(logGroupName=stack.log_group(role), retentionInDays=LOG_DAYS)
    values = {
        "DATABASE_URL": f"postgresql://postgres@{postgres}:5432/{stack.database}",
        "REDIS_URL": f"redis://{redis}:6379/{stack.redis_database}",
        "OPENAI_API_KEY": "not-a-key-the-sandbox-calls-nobody",
    }
    secrets = {
        variable: account.client("secretsmanager").create_secret(Name=stack.secret(variable), SecretString=value)["ARN"]
        for variable, value in values.items()
    }
    execution = _role(account, stack.family("execution"))
    account.client("iam").put_role_policy(
        RoleName=stack.family("execution"),
        PolicyName="start-tasks",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": PULL_AND_LOG, "Resource": "*"},
                    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": list(secrets.values())},
                ],
            }
        ),
    )
    return Foundation(execution, {role: _role(account, stack.family(role)) for role in ROLES}, secrets)


def _role(account: Account, name: str) -> str:
    made = account.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TASKS_MAY_ASSUME))
    return str(made["Role"]["Arn"])
