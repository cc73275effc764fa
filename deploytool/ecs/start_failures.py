"""Why a task never started: ``stoppedReason`` with ``stopCode=TaskFailedToStart``, and ``containers[].reason``.

Texts are ECS's, containerd's and runc's, Docker's on EC2 hosts, and those of MiniStack, which quotes Docker.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
"""

from __future__ import annotations

from deploytool.aws.api_errors import DENIALS, SERVICE_LINKED_ROLE
from deploytool.diagnosis import Rule, RuleGroup
from deploytool.ecs.pull_failures import PULL, UNREACHABLE, WRONG_CPU

_REGISTRY = r"ecr registry auth|registry auth from (?:Amazon )?ECR|GetAuthorizationToken|api\.ecr"
_DENIED = r"AccessDenied|not authorized to perform"
_ACTION = r"perform: (?P<action>[\w:]+)(?: on resource: (?P<resource>[^\s,;]+))?"
_NAMED = r"(?P<secret>(?:arn:aws[\w-]*:(?:secretsmanager|ssm):[\w:/+=.@-]*[\w/+=@]))"
_LOGIN = r"registry auth(?:entication)? from asm|repositoryCredentials|credentialsParameter"
_THROTTLED = r"Throttling|Rate exceeded|TooManyRequests|RequestLimitExceeded|SlowDown|Please reduce your request rate"

SECRETS = (
    Rule(
        "secret-key-missing",
        r"(?:" + _NAMED + r".*)?did not contain json key '?(?P<key>[^\s:',]*[^\s:',.])"
        r"|json key '(?P<key2>[^']+)' from secret (?P<secret2>\S+)",
        "the secret has no JSON key {key}, which {container} asks for",
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
        "secret-key-unusable",
        r"KMSInvalidState|DisabledException|is pending deletion|key is disabled|InvalidCiphertext|KMSKeyNotAccessible",
        "the KMS key of a secret of {container} is disabled, deleted or not usable: {secret}",
        "enable the KMS key (or cancel its deletion), or encrypt the secret with another key",
        fatal=True,
    ),
    Rule(
        "secret-kms-denied",
        r"Access to KMS is not allowed|kms:Decrypt|KMS\w*Exception|ciphertext refers to a customer master key|"
        r"to decrypt",
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
        "registry-credentials-denied",
        r"(?:" + _LOGIN + r").*(?:" + _DENIED + r")",
        "the execution role may not read the secret with the login for the private registry of {container}",
        "allow secretsmanager:GetSecretValue on the secret of repositoryCredentials.credentialsParameter (and "
        "kms:Decrypt "
        "on its key) in the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "secret-access-denied",
        r"(?:AccessDenied|not authorized)(?:.*?" + _ACTION + r")?",
        "the execution role may not read a secret of {container}",
        "allow {action} on {resource} in the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "secrets-throttled",
        _THROTTLED,
        "AWS is throttling the calls that read the secrets of {container}",
        "try again; start fewer tasks at once, put several values into one secret, or enable higher throughput of the "
        "Parameter Store",
        retriable=True,
    ),
    Rule(
        "registry-unreachable",
        r"(?:" + _REGISTRY + r").*(?:" + UNREACHABLE + r"|retried)|(?:" + UNREACHABLE + r").*(?:" + _REGISTRY + r")",
        "ECR could not be reached from the task's subnets",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for ecr.api, ecr.dkr and s3, and let the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "secret-deleted",
        r"marked (?:for deletion|deleted)|scheduled for deletion",
        "a secret that {container} needs is marked for deletion: {secret}",
        "restore it (aws secretsmanager restore-secret --secret-id …), or name another one in valueFrom",
        fatal=True,
    ),
    Rule(
        "secret-without-value",
        r"(?:" + _NAMED + r".*)?secret value for (?:staging label:? ?(?P<label>\w+)|VersionId:? ?(?P<label2>[\w-]+))",
        "the secret is there, but has no value with the version {label}: {secret}",
        "write a value into it (aws secretsmanager put-secret-value), and make the service depend on that version "
        "(aws_secretsmanager_secret_version in Terraform)",
        fatal=True,
    ),
    Rule(
        "secret-name-wrong",
        r"unexpected ARN format|invalid ARN|malformed ARN|ValidationException|arn: (?:invalid|not enough)|"
        r"not a valid (?:name|parameter|ARN)",
        "valueFrom of a secret of {container} is not a valid name or ARN: {secret}",
        "correct valueFrom: for a secret arn:…:secret:NAME-RANDOM, then optionally :json-key:version-stage:version-id "
        "(all three colons); for a parameter its ARN or name",
        fatal=True,
    ),
    Rule(
        "secret-missing",
        r"(?:" + _NAMED + r".*)?(?:ResourceNotFoundException|can't find the specified secret|ParameterNotFound|"
        r"ParameterVersionNotFound|invalid ssm parameters?: (?P<secret3>\S+))"
        r"|unable to retrieve secret (?P<secret2>\S+) for environment variable",
        "a secret that {container} needs does not exist: {secret}",
        "create it, or correct valueFrom in secrets (or secretOptions of logConfiguration) of the task definition; an "
        "ARN "
        "without its six random characters must still be whole, and of this region",
        fatal=True,
    ),
    Rule(
        "registry-credentials-unreachable",
        _LOGIN,
        "the login for the private registry of {container} could not be fetched from Secrets Manager",
        "try again; if it stays, give the subnets a NAT gateway or an endpoint for secretsmanager, and check "
        "repositoryCredentials.credentialsParameter and that executionRoleArn has secretsmanager:GetSecretValue on it",
        retriable=True,
    ),
    Rule(
        "secrets-unreachable",
        UNREACHABLE,
        "Secrets Manager or the SSM Parameter Store could not be reached from the task's subnets",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for secretsmanager and ssm, and let the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "registry-credentials-wrong",
        r"registry credentials|username or password",
        "the login for the private registry of {container} cannot be used",
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

ENVIRONMENT_FILES = (
    Rule(
        "environment-file-missing",
        r"NoSuchKey|NoSuchBucket|\b404\b|NotFound|does not exist|key does not",
        "an environment file of {container} is not in S3",
        "upload it, or correct environmentFiles of the task definition (arn:aws:s3:::bucket/file.env)",
        fatal=True,
    ),
    Rule(
        "environment-file-missing-or-denied",
        r"HeadObject.*(?:\b403\b|Forbidden)|(?:\b403\b|Forbidden).*HeadObject|Forbidden",
        "an environment file of {container} is missing in S3, or the execution role may not read it: without "
        "s3:ListBucket S3 says 403 to both",
        "upload the file, or correct environmentFiles; allow s3:GetObject on it and s3:GetBucketLocation on its bucket "
        "in "
        "the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "environment-file-denied",
        r"AccessDenied|Access Denied|not authorized|KMS|\b403\b",
        "the execution role may not read an environment file of {container} in S3",
        "allow s3:GetObject on the file and s3:GetBucketLocation on its bucket (and kms:Decrypt on the bucket's key) "
        "in "
        "the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "environment-file-region",
        r"PermanentRedirect|AuthorizationHeaderMalformed|MovedPermanently|\b301\b|wrong region",
        "the S3 bucket of an environment file is in another region than the task",
        "copy the file to a bucket in the task's region, and correct environmentFiles",
        fatal=True,
    ),
    Rule(
        "environment-file-unreachable",
        UNREACHABLE + r"|" + _THROTTLED + r"|\b50[0234]\b|ServiceUnavailable|InternalError",
        "an environment file of {container} could not be fetched from S3 in time",
        "try again; if it stays, give the subnets an S3 gateway endpoint or a NAT gateway",
        retriable=True,
    ),
    Rule(
        "environment-file-failed",
        "",
        "an environment file of {container} could not be used",
        "check environmentFiles of the task definition: a file in S3 that ends in .env, with lines of NAME=VALUE",
    ),
)

INSTANCES = (
    Rule(
        "instance-role-not-passed",
        r"iam:PassRole(?: on resource: (?P<resource>[^\s,;]+))?",
        "the infrastructure role of the capacity provider may not pass the instance role to EC2",
        "allow iam:PassRole on {resource} in the policy of the capacity provider's infrastructure role",
        fatal=True,
    ),
    Rule(
        "instance-access-denied",
        r"(?:UnauthorizedOperation|AccessDenied|not authorized)(?:.*?" + _ACTION + r")?",
        "the infrastructure role of the capacity provider may not launch EC2 instances",
        "allow {action} on {resource} in the policy of the capacity provider's infrastructure role (managed policy "
        "AmazonECSInfrastructureRolePolicyForManagedInstances)",
        fatal=True,
    ),
    Rule(
        "instance-quota-reached",
        r"VcpuLimitExceeded|vCPU|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|LimitExceeded",
        "the account's EC2 quota of vCPUs for instances is used up",
        "ask for more in Service Quotas (EC2: Running On-Demand instances, or Spot requests), or stop instances",
    ),
    Rule(
        "no-instance-capacity",
        r"UnfulfillableCapacity|InsufficientInstanceCapacity|capacity",
        "EC2 has no capacity for the instance types of the capacity provider at the moment",
        "try again; allow more instance types and Availability Zones in the capacity provider, or on-demand instances",
        retriable=True,
    ),
    Rule(
        "instance-not-launched",
        "",
        "the capacity provider could not launch an EC2 instance for the task",
        "read AWS's words below, and correct the capacity provider: instance requirements, subnets, security groups, "
        "roles",
    ),
)

_LOG_ROUTER = (
    Rule(
        "log-router-without-options",
        r"no log configuration specified|log driver arguments",
        "{container} logs to FireLens (awsfirelens) without options, so the log router does not know where to",
        "give logConfiguration.options of {container} at least Name, the output plugin, or add firelensConfiguration "
        "to "
        "the log router",
        fatal=True,
    ),
    Rule(
        "log-router-not-running",
        r"fluent\S*sock|:24224|fluentd?|firelens",
        "the log router (Fluentd, Fluent Bit, FireLens) that {container} logs to was not running yet",
        "let {container} wait for the log router: dependsOn with condition START or HEALTHY; then try again",
        retriable=True,
    ),
)
LOGS = (
    Rule(
        "log-access-denied",
        r"(?:AccessDenied|not authorized)(?:.*?perform: (?P<action>[\w:]+))?",
        "the execution role may not write the logs of {container}",
        "allow logs:CreateLogStream and logs:PutLogEvents (and logs:CreateLogGroup with awslogs-create-group) on log "
        "group {log_group} in the policy of executionRoleArn",
        fatal=True,
    ),
    Rule(
        "log-group-missing",
        r"log group does not exist|ResourceNotFoundException|(?:cannot|can't) find the Amazon CloudWatch log group"
        r"(?!.*(?:connection issue|signal: killed))",
        "log group {log_group} of {container} does not exist",
        "create log group {log_group}, or set awslogs-create-group to true in logConfiguration.options",
        fatal=True,
    ),
    Rule(
        "log-option-wrong",
        r"unknown log opt|must specify a value for log opt|awslogs-\w+ (?:is|must)|missing .*awslogs-|invalid log opt|"
        r"LogConfiguration is not valid",
        "an option of logConfiguration of {container} is missing or wrong",
        "correct logConfiguration.options: with awslogs these are awslogs-group, awslogs-region and "
        "awslogs-stream-prefix",
        fatal=True,
    ),
    Rule(
        "logs-throttled",
        _THROTTLED,
        "CloudWatch Logs is throttling the creation of log streams",
        "try again; start fewer tasks at once",
        retriable=True,
    ),
    *_LOG_ROUTER,
    Rule(
        "logs-unreachable",
        UNREACHABLE,
        "CloudWatch Logs could not be reached from the task's subnets",
        "give the subnets a NAT gateway or an interface endpoint for logs, and let the security group out to port 443",
        retriable=True,
    ),
    Rule(
        "log-driver-failed",
        "",
        "the log driver of {container} could not be started",
        "check logConfiguration of {container}: the driver, its options, and what it connects to",
    ),
)

USER = (
    Rule(
        "user-missing",
        "",
        "{container} is to run as a user or group by name that the image does not have in /etc/passwd or /etc/group",
        "give user of {container} as numbers (uid:gid) in the task definition, or add that user in the Dockerfile",
        fatal=True,
    ),
)

COMMAND = (
    Rule(
        "working-directory-missing",
        r"chdir to cwd|mkdir cwd|cannot mkdir",
        "the working directory of {container} cannot be used",
        "correct workingDirectory of {container}, or WORKDIR in the image",
        fatal=True,
    ),
    Rule(
        "command-not-found",
        r"exec:? \\?\"?(?P<what>[^\"\\]+?)\\?\"?: (?:executable file not found|(?:stat [^:]*: )?no such file|"
        r"is a directory)"
        r"|executable file not found|no such file or directory|no command specified",
        "the image of {container} has no program {what}",
        "correct command or entryPoint of {container}, or put {what} into {image}",
        fatal=True,
    ),
    Rule(
        "command-not-executable",
        r"exec:? \\?\"?(?P<what>[^\"\\]+?)\\?\"?: permission denied|permission denied",
        "{container} may not run {what}: it is not executable for the container's user",
        "make {what} executable in the image (COPY --chmod=755), or correct user in the task definition",
        fatal=True,
    ),
)

_FILE_SYSTEM = r"(?P<volume>fs-\w+)"
MOUNT = (
    Rule(
        "mount-directory-missing",
        _FILE_SYSTEM + r"?[\w.-]*:(?P<directory>/\S*) failed, reason given by server: No such file or directory"
        r"|reason given by server: No such file or directory",
        "the directory {directory} does not exist on the file system {volume}",
        "create it there, or mount through an access point that creates its root directory, or use rootDirectory /",
        fatal=True,
    ),
    Rule(
        "access-point-missing",
        r"access ?point[^\n]*(?:does not exist|not found|NotFound)|AccessPointNotFound",
        "an EFS access point that the task mounts does not exist",
        "create it, or correct authorizationConfig.accessPointId of the task definition's volumes",
        fatal=True,
    ),
    Rule(
        "mount-denied",
        r"access denied by server|AccessDenied|not authorized|permission denied|Operation not permitted",
        "the file system {volume} does not let the task mount it",
        "allow elasticfilesystem:ClientMount and ClientWrite to taskRoleArn in its policy and in the file system's "
        "policy, "
        "with authorizationConfig.iam ENABLED and transitEncryption ENABLED; check the access point",
        fatal=True,
    ),
    Rule(
        "mount-credentials-missing",
        r"temporary AWS credentials|AWS Access Key ID and Secret Access Key are not found|credentials? (?:not found|"
        r"file)",
        "the task has no role to mount the file system with",
        "set taskRoleArn in the task definition: authorizationConfig.iam of the volume needs it",
        fatal=True,
    ),
    Rule(
        "mount-target-missing-in-zone",
        r"Failed to resolve \"?(?P<zone>[a-z]+\d-az\d|"
        r"[a-z]{2}(?:-[a-z]+)+-\d[a-z])\.(?P<volume>fs-\w+)\.(?P<kind>s3files|efs)",
        "{mounted} {volume} has no mount target in Availability Zone {zone}, where the task landed: its name does not "
        "resolve there",
        "create a mount target in every zone of the service's subnets, or give the service only subnets in zones that "
        "have "
        "one; the VPC needs enableDnsSupport and enableDnsHostnames",
    ),
    Rule(
        "mount-target-not-resolved",
        r"Failed to resolve \"?(?:" + _FILE_SYSTEM + r")?|Name or service not known|could not resolve|no such host",
        "the DNS name of the file system {volume} does not resolve in the task's VPC",
        "create a mount target in every Availability Zone of the service's subnets, enable enableDnsSupport and "
        "enableDnsHostnames of the VPC, and check the file system's id",
    ),
    Rule(
        "mount-unreachable",
        UNREACHABLE + r"|Mount attempt|mount\.nfs4?: (?:Connection|mount system call failed)",
        "the file system {volume} did not answer: EFS's mount target was just created, or the network is closed",
        "try again; if it stays, let the security group of the mount target in from the task's on port 2049, and see "
        "that "
        "the mount target is available",
        retriable=True,
    ),
    Rule(
        "mount-path-missing",
        r"no such file or directory|does not exist|not found",
        "what a volume of {container} is to mount does not exist",
        "correct volumes and mountPoints of the task definition",
        fatal=True,
    ),
    Rule(
        "mount-failed",
        "",
        "a volume of {container} could not be mounted",
        "check volumes and mountPoints of the task definition; for EFS also its mount targets, security group (port "
        "2049) and the access point's permissions",
    ),
)

_ENI_ROLE = r"UnauthorizedOperation|AuthFailure|not authorized|AccessDenied|OptInRequired"
PLACE = (
    Rule(
        "no-free-addresses",
        r"free addresses|InsufficientFreeAddresses|no (?:free|available) (?:IP )?addresses|InsufficientCidrBlocks",
        "the subnet of the task has no free address left",
        "give the service larger or more subnets",
        retriable=True,
    ),
    Rule(
        "network-interface-denied",
        _ENI_ROLE,
        "ECS may not create the task's network interface",
        "check the service-linked role AWSServiceRoleForECS and the organization's service control policies: they must "
        "allow ec2:CreateNetworkInterface on subnet and security group",
        fatal=True,
    ),
    Rule(
        "network-missing",
        r"InvalidSubnet\w*|InvalidGroup\w*|InvalidSecurityGroup\w*|InvalidParameterValue|NotFound|does not exist",
        "a subnet or security group of the service does not exist, or is of another VPC",
        "correct awsvpcConfiguration of the service: subnets and securityGroups of one VPC",
        fatal=True,
    ),
    Rule(
        "network-interface-quota",
        r"NetworkInterfaceLimitExceeded|limit",
        "the account's quota of network interfaces is used up",
        "delete unused network interfaces, or ask for more in Service Quotas (VPC: network interfaces per region)",
    ),
    Rule(
        "network-interface-timeout",
        r"network interface|\bENI\b",
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
)

CREATE = (
    Rule(
        "container-memory-too-small",
        r"failed to get container status|memory limit|minimum memory|cannot allocate memory|"
        r"OCI runtime[^\n]*out of memory",
        "{container} could not be started within its memory ({memory})",
        "raise memory of {container} in the task definition",
    ),
    Rule(
        "host-disk-full",
        r"no space left on device|thin pool|not enough disk",
        "the disk of the host is full, so {container} could not be created",
        "raise ephemeralStorage.sizeInGiB of the task definition (Fargate), or give the EC2 hosts a larger disk",
    ),
    Rule(
        "port-in-use",
        r"address already in use|port is already allocated",
        "the host port of {container} is in use already",
        "use networkMode awsvpc, or hostPort 0 in portMappings",
    ),
    Rule(
        "container-not-created",
        "CannotCreateContainerError",
        "{container} could not be created",
        "check the container's definition: mountPoints, volumesFrom, ulimits, linuxParameters, user",
    ),
    Rule(
        "container-not-started",
        "",
        "{container} could not be started",
        "check command, entryPoint, user and mountPoints of {container}",
    ),
)

HOST = (
    Rule(
        "container-runtime-timeout",
        r"DockerTimeout|ContainerRuntimeTimeout|timed out",
        "the container runtime of the host did not answer in time; this is not the code's fault",
        "try again; on EC2 hosts check their load and disk, and replace a host where it happens again",
        retriable=True,
    ),
    Rule(
        "container-runtime-failed",
        "",
        "the container runtime or the ECS agent of the host failed; this is not the code's fault",
        "try again; on EC2 hosts update the ECS-optimized AMI, and see the agent's log",
        retriable=True,
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

ROLES = (
    SERVICE_LINKED_ROLE,
    Rule(
        "role-not-assumed",
        r"assume the role '?(?P<role>arn:[^\s'\")]+)?|",
        "ECS may not use a role of the service or task definition: {role}",
        "check that executionRoleArn and taskRoleArn exist and that ecs-tasks.amazonaws.com may assume them (trust "
        "policy)",
        fatal=True,
    ),
)

START_FAILURES = (
    RuleGroup(
        r"descriptor matching platform|no matching manifest for|exec format error|specified platform|"
        r"no match for platform",
        WRONG_CPU,
    ),
    RuleGroup(r"Unable to launch instance", INSTANCES),
    RuleGroup(r"env(?:ironment)? ?files?\b", ENVIRONMENT_FILES),
    RuleGroup(r"explicit deny|no (?:VPC endpoint|service control|resource control) policy allows", DENIALS),
    RuleGroup(
        r"unable to assume (?:the |a |its )?(?:service.linked |task |execution )?role|service.linked role", ROLES
    ),
    RuleGroup(
        r"secrets? or registry auth|unable to (?:retrieve|fetch|get) (?:secrets?|json key|registry auth|"
        r"ecr registry auth)|"
        r"private registry credentials|(?:cannot|can't) (?:pull|retrieve|fetch) (?:registry auth|secrets?|"
        r"['\"][^'\"]+['\"] "
        r"from (?:AWS |Amazon )?(?:Secrets Manager|(?:AWS )?Systems Manager|SSM))|asm fetching secret",
        SECRETS,
    ),
    RuleGroup(r"logger args|logging driver|log driver|Cloudwatch log (?:stream|group)", LOGS),
    RuleGroup(
        r"network interface|EphemeralStorage provisioning|free addresses|configure ENI|setup regular eni|netplugin",
        PLACE,
    ),
    RuleGroup(
        r"CannotCreateVolume|error mounting|mount config|mount target|\bEFS\b|s3files|failed to mount|mount\.nfs|"
        r"volume .*(?:attach|mount)",
        MOUNT,
    ),
    RuleGroup(
        r"etc/(?:passwd|group)|unable to find (?:user|group)|no (?:users|groups) found|no matching entries in|"
        r"mount callback failed",
        USER,
    ),
    RuleGroup(
        r"executable file not found|exec:? .*(?:no such file|permission denied|is a directory)|chdir to cwd|mkdir cwd|"
        r"cannot mkdir|no command specified",
        COMMAND,
    ),
    RuleGroup(
        r"CannotPull|manifest unknown|pull access denied|no such image|images/create|failed to resolve ref|"
        r"pull command|"
        r"normalize image reference|(?:cannot|can't) (?:pull|find) (?:the )?image|from the Amazon ECR repository",
        PULL,
    ),
    RuleGroup(r"(?:Docker|ContainerRuntime)\w*Timeout|timed out .*transition|ContainerRuntimeError|"
              r"Cannot(?:Stop|Inspect)ContainerError|InternalError", HOST),
    RuleGroup(r"Cannot(?:Start|Create)ContainerError|OCI runtime|failed to get container status", CREATE),
    RuleGroup(r"(?-i:\b[A-Z]\w+Error\b)", OTHER),
)  # fmt: skip
"""In the order in which they are tried: MiniStack puts pull and start failures behind the same words."""

PLACEMENT = (
    Rule(
        "account-blocked",
        r"account is (?:currently )?(?:blocked|suspended)|account has been (?:blocked|suspended)|\bBLOCKED\b",
        "AWS has blocked this account, so ECS starts no task",
        "ask AWS Support why; nothing in the task definition helps",
        fatal=True,
    ),
    Rule(
        "fargate-size-over-quota",
        r"requested (?P<resource>CPU|MEMORY) configuration is above your limit|configuration is above your limit",
        "the account's Fargate quota does not allow a task of this size",
        "ask for a higher quota in Service Quotas (or AWS Support), or use a smaller cpu and memory in the task "
        "definition",
    ),
    Rule(
        "quota-reached",
        r"reached the limit on (?:the number of )?(?P<resource>\w+)|vcpu limit|\bquota\b|"
        r"maximum number of (?P<resource2>\w+)",
        "the account's quota of {resource} that run at the same time is used up",
        "stop what is not needed, or ask for a higher Fargate quota in Service Quotas",
        retriable=True,
    ),
    Rule(
        "no-capacity",
        r"capacity is (?:currently )?unavailable|no (?:\w+ )?capacity|insufficient capacity|capacity is not available",
        "AWS has no capacity for this task at the moment",
        "try again, or allow more subnets in other Availability Zones, or FARGATE instead of FARGATE_SPOT",
        retriable=True,
    ),
    Rule(
        "capacity-provider-empty",
        r"EMPTY CAPACITY PROVIDER|No Container Instances were found in your (?P<place>capacity provider|cluster)",
        "the {place} has no container instance at all: ECS has nowhere to start the task",
        "see why the Auto Scaling group launches none: its activity history, maximum size, launch template and EC2 "
        "quota; "
        "turn on managed scaling of the capacity provider, or use FARGATE",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:GPU|insufficient GPUs?|GPU.{0,20}unavailable",
        "no host of the cluster has enough GPU free for the task",
        "add hosts with a GPU, or wait until one is free; then try again",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:(?P<resource>ENI|PORTS\w*)|(?P<resource2>port) required by your task|using a (?P<resource3>port)",
        "no host of the cluster has enough {resource} free for the task",
        "add hosts, allow more network interfaces per host (awsvpcTrunking), or use hostPort 0 or networkMode awsvpc",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:(?P<resource>[A-Z_]+)|insufficient (?P<resource2>CPU|memory)",
        "no host of the cluster has enough {resource} free for the task",
        "lower cpu or memory of the task definition, or give the cluster more hosts",
        retriable=True,
    ),
    Rule(
        "no-agent",
        r"(?-i:\bAGENT\b)|agent (?:is )?(?:not connected|disconnected)|ECS Agent to start",
        "the container agent of the host is not connected",
        "check the container instances of the cluster; with Fargate this does not happen",
        retriable=True,
    ),
    Rule(
        "placement-constraint",
        r"MemberOf|DistinctInstance|placement constraint",
        "no host of the cluster meets the task's placement constraint",
        "check placementConstraints of the task definition and the attributes of the container instances; where the "
        "cluster scales from zero, try again once a host is there",
        retriable=True,
    ),
    Rule(
        "wrong-host",
        r"(?-i:\bATTRIBUTE|\bLOCATION)|missing an attribute",
        "no host of the cluster has what the task definition requires",
        "check requiresCompatibilities, placementConstraints and the launch type copied from the service",
        fatal=True,
    ),
)
"""Why ECS started nothing: ``failures`` of RunTask, events, and ``TaskFailedToStart: …``.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
"""
