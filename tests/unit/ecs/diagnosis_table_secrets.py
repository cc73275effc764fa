"""Tasks that never started for want of a secret, a registry login or a log group. For test_diagnosis_task.py."""

from __future__ import annotations

from tests.unit.ecs.diagnosis_table import INIT, Text

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
_EXEC = "arn:aws:sts::123456789012:assumed-role/shop-execution/0123456789abcdef"
_SECRETS = f"{INIT}unable to pull secrets or registry auth: execution resource retrieval failed: "
_ASM = f"{_SECRETS}unable to retrieve secret from asm: service call has been retried 1 time(s): "
_LOGS = f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch "

SECRETS_AND_LOGS = (
    Text(
        "secret: AccessDenied",
        f"{_ASM}failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: User: {_EXEC} is not "
        f"authorized to perform: secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based policy "
        "allows the secretsmanager:GetSecretValue action status code: 400, request id: 6d1e0a0c-27d8-4b1f-9d41-2b1c",
        "secret-access-denied",
        f"allow secretsmanager:GetSecretValue on {SECRET}",
        True,
    ),
    Text(
        "parameter: AccessDenied",
        f"{_SECRETS}unable to retrieve secrets from ssm: service call has been retried 1 time(s): operation error SSM: "
        "GetParameters, https response error StatusCode: 400, RequestID: 11111111-2222-3333-4444-555555555555, api "
        "error AccessDeniedException",
        "secret-access-denied",
        "executionRoleArn",
        True,
    ),
    Text(
        "secret: KMS denied",
        f"{_ASM}failed to fetch secret {SECRET}: AccessDeniedException: Access to KMS is not allowed",
        "secret-kms-denied",
        "kms:Decrypt",
        True,
    ),
    Text(
        "secret: not found",
        f"{_ASM}failed to fetch secret {SECRET} from secrets manager: ResourceNotFoundException: Secrets Manager can't "
        "find the specified secret.",
        "secret-missing",
        SECRET,
        True,
    ),
    Text(
        "parameter: not found",
        f"{_SECRETS}unable to retrieve secrets from ssm: invalid ssm parameters: /shop/key",
        "secret-missing",
        "/shop/key",
        True,
    ),
    Text(
        "secret: not found (MiniStack)",
        f"{_SECRETS}unable to retrieve secret {SECRET} for environment variable API_KEY",
        "secret-missing",
        SECRET,
        True,
    ),
    Text(
        "secret: missing JSON key",
        f"{_ASM}retrieved secret from Secrets Manager did not contain json key API_KEY",
        "secret-key-missing",
        "no JSON key API_KEY",
        True,
    ),
    Text(
        "secret: missing JSON key (MiniStack)",
        f"{_SECRETS}unable to retrieve json key 'API_KEY' from secret {SECRET}:API_KEY:: for environment variable KEY",
        "secret-key-missing",
        f"add the key API_KEY to the secret {SECRET}",
        True,
    ),
    Text(
        "secret: not JSON",
        f"{_ASM}invalid character 'h' looking for beginning of value",
        "secret-not-json",
        "JSON object",
        True,
    ),
    Text(
        "secret: timeout",
        f"{_ASM}failed to fetch secret {SECRET} from secrets manager: RequestCanceled: request context canceled caused "
        "by: context deadline exceeded",
        "secrets-unreachable",
        "NAT gateway",
        retriable=True,
    ),
    Text(
        "registry login: AccessDenied",
        f"{_SECRETS}unable to retrieve ecr registry auth: service call has been retried 1 time(s): "
        f"AccessDeniedException: User: {_EXEC} is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
        "registry-access-denied",
        "ecr:GetAuthorizationToken",
        True,
    ),
    Text(
        "registry login: timeout",
        f"{_SECRETS}unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send "
        'request failed caused by: Post "https://api.ecr.us-east-1.amazonaws.com/": i/o timeout',
        "registry-unreachable",
        "ecr.api",
        retriable=True,
    ),
    Text(
        "registry login: unusable (MiniStack)",
        f"{_SECRETS}unable to retrieve valid private registry credentials",
        "registry-credentials-wrong",
        "repositoryCredentials",
        True,
    ),
    Text("secrets: anything else", f"{_SECRETS}the moon is full", "secrets-failed", "executionRoleArn"),
    Text(
        "log group missing",
        f"{_LOGS}log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
        "log-group-missing",
        "create log group /shop/app",
        True,
    ),
    Text(
        "log group missing (older words)",
        "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create "
        "Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
        "log-group-missing",
        "awslogs-create-group",
        True,
    ),
    Text(
        "log stream: AccessDenied",
        f"{_LOGS}log stream: AccessDeniedException: User: {_EXEC} is not authorized to perform: logs:CreateLogStream",
        "log-access-denied",
        "logs:PutLogEvents",
        True,
    ),
    Text(
        "log network",
        f"{INIT}failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the "
        "task definition. There is a connection issue between the task and Amazon CloudWatch. : signal: killed",
        "logs-unreachable",
        "endpoint for logs",
        retriable=True,
    ),
    Text(
        "log driver: anything else",
        f"{INIT}failed to validate logger args: no log driver named foo",
        "log-driver-failed",
        "logConfiguration",
    ),
)
