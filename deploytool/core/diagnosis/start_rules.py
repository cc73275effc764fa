"""Why a task never started: ``stoppedReason`` with ``stopCode=TaskFailedToStart``, and ``containers[].reason``.

Texts are ECS's, containerd's and runc's, and those of MiniStack, which quotes Docker.
"""

from __future__ import annotations

from deploytool.core.diagnosis.pull_rules import PULL, WRONG_CPU
from deploytool.core.diagnosis.rule import Kind, Rule
from deploytool.core.diagnosis.secret_rules import SECRETS

_NO_WAY = r"i/o timeout|deadline exceeded|connection issue|request canceled|no such host|signal: killed|RequestError"

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
        _NO_WAY,
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
        "try again; if it stays, look at the health of ECS and EC2 in this region, and at the subnet's free addresses",
        retriable=True,
    ),
    Rule(
        "storage-timeout",
        r"EphemeralStorage",
        "AWS could not give the task its storage in time; nothing was started",
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
    Kind(r"descriptor matching platform|no matching manifest for|exec format error|specified platform", WRONG_CPU),
    Kind(r"secrets or registry auth|unable to retrieve (?:secret|json key)|private registry credentials", SECRETS),
    Kind(r"logger args|logging driver|log driver|Cloudwatch log (?:stream|group)", LOGS),
    Kind(r"network interface|EphemeralStorage provisioning|capacity is unavailable|free addresses", PLACE),
    Kind(r"CannotCreateVolume|error mounting|mount config|mount target|\bEFS\b|failed to mount", MOUNT),
    Kind(
        r"executable file not found|exec:? .*(?:no such file|permission denied)|chdir to cwd|mkdir cwd|cannot mkdir",
        COMMAND,
    ),
    Kind(r"CannotPull|manifest unknown|pull access denied|no such image|images/create", PULL),
    Kind(r"Cannot(?:Start|Create)ContainerError|OCI runtime|failed to get container status", CREATE),
    Kind(r"Error", OTHER),
)
"""In the order in which they are tried: MiniStack puts pull and start failures behind the same words."""
