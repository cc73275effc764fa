"""Why secrets, parameters or the registry login could not be fetched for a task."""

from __future__ import annotations

from deploytool.core.diagnosis.rule import Rule

_REGISTRY = r"ecr registry auth|GetAuthorizationToken|api\.ecr"
_DENIED = r"AccessDenied|not authorized to perform"
_ACTION = r"perform: (?P<action>[\w:]+)(?: on resource: (?P<resource>[^\s,;]+))?"
_NO_WAY = (
    r"i/o timeout|deadline exceeded|context canceled|request canceled|RequestCanceled|no such host|send request failed|"
    r"connection issue|connection refused|connection reset|network is unreachable"
)
_NAMED = r"(?P<secret>(?:arn:aws[\w-]*:(?:secretsmanager|ssm):[\w:/+=.@-]*[\w/+=@]))"

SECRETS = (
    Rule(
        "secret-key-missing",
        r"(?:" + _NAMED + r".*)?did not contain json key '?(?P<key>[^\s:',]*[^\s:',.])"
        r"|json key '(?P<key2>[^']+)' from secret (?P<secret2>\S+)",
        "the secret has no JSON key {key}, which container {container} asks for",
        "add the key {key} to the secret {secret}, or correct valueFrom in the task definition's secrets",
        fatal=True,
    ),
    Rule(
        "secret-not-json",
        r"invalid character|looking for beginning of value|not (?:a )?valid JSON|unmarshal",
        "the task definition asks for a JSON key of a secret that is not JSON",
        "write the secret as a JSON object, or name it without a key in valueFrom",
        fatal=True,
    ),
    Rule(
        "secret-kms-denied",
        r"Access to KMS is not allowed|kms:Decrypt|KMS\w*Exception",
        "the execution role may not decrypt a secret of the task",
        "allow kms:Decrypt on the secret's KMS key in the policy of executionRoleArn, and in the key's policy",
        fatal=True,
    ),
    Rule(
        "registry-access-denied",
        r"(?:(?:" + _REGISTRY + r").*(?:" + _DENIED + r")|(?:" + _DENIED + r").*(?:" + _REGISTRY + r"))",
        "the execution role may not log in to the registry",
        "allow ecr:GetAuthorizationToken on * in the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "secret-access-denied",
        r"AccessDenied(?:.*?" + _ACTION + r")?|not authorized",
        "the execution role may not read a secret of container {container}",
        "allow {action} on {resource} in the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "registry-unreachable",
        r"(?:" + _REGISTRY + r").*(?:" + _NO_WAY + r"|retried)|(?:" + _NO_WAY + r").*(?:" + _REGISTRY + r")",
        "ECR could not be reached from the task's subnets",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for ecr.api, ecr.dkr and s3, and let the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "secrets-unreachable",
        _NO_WAY,
        "Secrets Manager or the Parameter Store could not be reached from the task's subnets",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for secretsmanager and ssm, and let the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "secret-missing",
        r"(?:" + _NAMED + r".*)?(?:ResourceNotFoundException|can't find the specified secret|ParameterNotFound|"
        r"invalid ssm parameters?: (?P<secret3>\S+))"
        r"|unable to retrieve secret (?P<secret2>\S+) for environment variable",
        "a secret that container {container} needs does not exist: {secret}",
        "create it, or correct valueFrom in secrets of the task definition (an ARN without its six random characters "
        "must still be whole, and of this region)",
        fatal=True,
    ),
    Rule(
        "registry-credentials-wrong",
        r"registry credentials",
        "the login for the private registry of container {container} cannot be used",
        "put a JSON object with username and password into the secret of repositoryCredentials.credentialsParameter",
        fatal=True,
    ),
    Rule(
        "secrets-failed",
        "",
        "the secrets or the registry login of the task could not be fetched",
        "read AWS's words below; then check secrets, executionRoleArn and the network path of the task",
    ),
)
