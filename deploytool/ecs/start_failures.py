"""Why a task never started: ``stoppedReason`` with ``stopCode=TaskFailedToStart``, and ``containers[].reason``.

Texts are ECS's, containerd's and runc's, and those of MiniStack, which quotes Docker.
"""

from __future__ import annotations

from deploytool.diagnosis import Rule, RuleGroup

WRONG_CPU = (
    Rule(
        "image-wrong-cpu",
        "",
        "the image of container {container} is not built for {cpu}, the CPU of the task",
        "build the image for {cpu} (images.*.platforms in deploytool.yml), or set runtimePlatform.cpuArchitecture of "
        "the task definition to the CPU it is built for",
        fatal=True,
    ),
)

PULL = (
    Rule(
        "image-too-large",
        r"no space left on device",
        "the task's disk is too small for the image {image}",
        "raise ephemeralStorage.sizeInGiB in the task definition, or make the image smaller",
        fatal=True,
    ),
    Rule(
        "registry-rate-limit",
        r"toomanyrequests|rate limit|429 Too Many",
        "the registry refuses more pulls for now (rate limit)",
        "wait and try again; keep a copy of the image in ECR, or pull with a login (repositoryCredentials)",
        retriable=True,
    ),
    Rule(
        "image-name-wrong",
        r"invalid reference format|cannot parse",
        "{image} is not a valid image name",
        "correct image of container {container}",
        fatal=True,
    ),
    Rule(
        "image-missing-or-denied",
        r"repository does not exist or may require|pull access denied",
        "image {image} does not exist, or the execution role may not pull it",
        "check that the image was pushed, and that executionRoleArn may ecr:BatchGetImage, "
        "ecr:GetDownloadUrlForLayer and ecr:GetAuthorizationToken",
        fatal=True,
    ),
    Rule(
        "registry-access-denied",
        r"\b40[13]\b|forbidden|AccessDenied|not authorized|no basic auth|authorization (?:failed|token)|\bdenied\b",
        "the execution role may not pull image {image}",
        "allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:GetAuthorizationToken in the policy of "
        "executionRoleArn, and this account in the repository's policy",
        fatal=True,
    ),
    Rule(
        "registry-unreachable",
        r"timeout|deadline exceeded|request canceled|no such host|connection refused|connection reset|"
        r"Could not connect|network is unreachable|\bEOF\b",
        "the registry of {image} could not be reached from the task's subnets",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for ecr.api, ecr.dkr and s3, and let the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "registry-certificate",
        r"x509|certificate",
        "the registry of {image} shows a certificate that is not trusted",
        "use a registry with a public certificate",
        fatal=True,
    ),
    Rule(
        "image-missing",
        r"not found|manifest unknown|does not exist|NotFound|no such image|name unknown|blob unknown",
        "image {image} is not in the registry",
        "push it (a lifecycle policy may have removed it), or release a commit whose image exists",
        fatal=True,
    ),
    Rule(
        "image-not-pulled",
        "",
        "image {image} could not be pulled",
        "read AWS's words below; then check image, executionRoleArn and the network path of the task",
    ),
)

_REGISTRY = r"ecr registry auth|GetAuthorizationToken|api\.ecr"
_DENIED = r"AccessDenied|not authorized to perform"
_ACTION = r"perform: (?P<action>[\w:]+)(?: on resource: (?P<resource>[^\s,;]+))?"
_UNREACHABLE = (
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
        r"(?:" + _REGISTRY + r").*(?:" + _UNREACHABLE + r"|retried)|(?:" + _UNREACHABLE + r").*(?:" + _REGISTRY + r")",
        "ECR could not be reached from the task's subnets",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for ecr.api, ecr.dkr and s3, and let the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "secrets-unreachable",
        _UNREACHABLE,
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

_NETWORK_UNREACHABLE = (
    r"i/o timeout|deadline exceeded|connection issue|request canceled|no such host|signal: killed|RequestError"
)

LOGS = (
    Rule(
        "log-access-denied",
        r"AccessDenied|not authorized",
        "the execution role may not write the logs of container {container}",
        "allow logs:CreateLogStream and logs:PutLogEvents (and logs:CreateLogGroup with awslogs-create-group) on log "
        "group {log_group} in the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "logs-unreachable",
        _NETWORK_UNREACHABLE,
        "CloudWatch Logs could not be reached from the task's subnets",
        "give the subnets a NAT gateway or an interface endpoint for logs, and let the security group out to port 443",
        retriable=True,
    ),
    Rule(
        "log-group-missing",
        r"log group does not exist|ResourceNotFoundException|cannot find the Amazon CloudWatch log group",
        "log group {log_group} of container {container} does not exist",
        "create log group {log_group}, or set awslogs-create-group to true in logConfiguration.options",
        fatal=True,
    ),
    Rule(
        "log-driver-failed",
        "",
        "the log driver of container {container} could not be started",
        "check logConfiguration of container {container}: driver, region and group",
    ),
)

COMMAND = (
    Rule(
        "working-directory-missing",
        r"chdir to cwd|mkdir cwd|cannot mkdir",
        "the working directory of container {container} cannot be used",
        "correct workingDirectory of container {container}, or WORKDIR in the image",
        fatal=True,
    ),
    Rule(
        "command-not-found",
        r"exec:? \\?\"?(?P<what>[^\"\\]+?)\\?\"?: (?:executable file not found|(?:stat [^:]*: )?no such file)"
        r"|executable file not found|no such file or directory",
        "the image of container {container} has no program {what}",
        "correct command or entryPoint of container {container}, or put {what} into the image {image}",
        fatal=True,
    ),
    Rule(
        "command-not-executable",
        r"exec:? \\?\"?(?P<what>[^\"\\]+?)\\?\"?: permission denied|permission denied",
        "container {container} may not run {what}: it is not executable for the container's user",
        "make {what} executable in the image (COPY --chmod=755), or correct user in the task definition",
        fatal=True,
    ),
)

MOUNT = (
    Rule(
        "mount-failed",
        "",
        "a volume of container {container} could not be mounted",
        "check volumes and mountPoints of the task definition; for EFS also its mount targets, security group (port "
        "2049) and the access point's permissions",
        fatal=True,
    ),
)

PLACE = (
    Rule(
        "no-free-addresses",
        r"free addresses|InsufficientFreeAddresses",
        "the subnet of the task has no free address left",
        "give the service larger or more subnets",
        retriable=True,
    ),
    Rule(
        "network-interface-timeout",
        r"network interface",
        "AWS could not attach a network interface to the task in time; nothing was started",
        "try again; if it stays, check the health of ECS and EC2 in this region, and at the subnet's free addresses",
        retriable=True,
    ),
    Rule(
        "storage-timeout",
        r"EphemeralStorage",
        "AWS could not provision the task's storage in time; nothing was started",
        "try again",
        retriable=True,
    ),
    Rule(
        "no-capacity",
        r"capacity",
        "AWS has no capacity for this task at the moment; nothing was started",
        "try again, or give the service more subnets in other Availability Zones",
        retriable=True,
    ),
)

CREATE = (
    Rule(
        "container-not-created",
        "CannotCreateContainerError",
        "container {container} could not be created",
        "check the container's definition: mountPoints, volumesFrom, ulimits, linuxParameters, user",
    ),
    Rule(
        "container-memory-too-small",
        r"failed to get container status|memory limit|minimum memory",
        "container {container} could not be started within its memory ({memory})",
        "raise memory of container {container} in the task definition",
    ),
    Rule(
        "container-not-started",
        "",
        "container {container} could not be started",
        "check command, entryPoint, user and mountPoints of container {container}",
    ),
)

OTHER = (
    Rule(
        "task-not-initialized",
        "",
        "ECS could not prepare the task; no container was started",
        "read AWS's words below; the usual causes are network path, execution role and missing resources",
    ),
)

START_FAILURES = (
    RuleGroup(r"descriptor matching platform|no matching manifest for|exec format error|specified platform", WRONG_CPU),
    RuleGroup(r"secrets or registry auth|unable to retrieve (?:secret|json key)|private registry credentials", SECRETS),
    RuleGroup(r"logger args|logging driver|log driver|Cloudwatch log (?:stream|group)", LOGS),
    RuleGroup(r"network interface|EphemeralStorage provisioning|capacity is unavailable|free addresses", PLACE),
    RuleGroup(r"CannotCreateVolume|error mounting|mount config|mount target|\bEFS\b|failed to mount", MOUNT),
    RuleGroup(
        r"executable file not found|exec:? .*(?:no such file|permission denied)|chdir to cwd|mkdir cwd|cannot mkdir",
        COMMAND,
    ),
    RuleGroup(r"CannotPull|manifest unknown|pull access denied|no such image|images/create", PULL),
    RuleGroup(r"Cannot(?:Start|Create)ContainerError|OCI runtime|failed to get container status", CREATE),
    RuleGroup(r"Error", OTHER),
)
"""In the order in which they are tried: MiniStack puts pull and start failures behind the same words."""
