"""Why a task never started: ``stoppedReason`` with ``stopCode=TaskFailedToStart``, and ``containers[].reason``.

Texts are ECS's, containerd's and runc's, Docker's on EC2 hosts, and those of MiniStack, which quotes Docker.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
"""

from __future__ import annotations

from deploytool.aws.api_errors import DENIALS
from deploytool.diagnosis import Rule, RuleGroup
from deploytool.ecs.placement_failures import ACTION, HOST, INSTANCES, PLACE, ROLES
from deploytool.ecs.pull_failures import PULL, UNREACHABLE, WRONG_CPU

_REGISTRY = r"ecr registry auth|registry auth from (?:Amazon )?ECR|GetAuthorizationToken|api\.ecr"
_DENIED = r"AccessDenied|not authorized to perform"
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
        "registry-credentials-wrong",
        r"(?:" + _LOGIN + r").*(?:invalid character|unmarshal|JSON|username|password)",
        "the login for the private registry of {container} cannot be used",
        "put a JSON object with username and password into the secret of repositoryCredentials.credentialsParameter",
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
        "secret-policy-denies",
        r"(?:" + ACTION + r")?.*no resource-based policy allows",
        "the secret is of another account, and its own policy does not let the execution role read it",
        "allow {action} to executionRoleArn in the resource policy of {resource}, and kms:Decrypt in its key's policy; "
        "a "
        "secret of another account needs a customer managed KMS key",
        fatal=True,
    ),
    Rule(
        "secret-access-denied",
        r"(?:AccessDenied|not authorized)(?:.*?" + ACTION + r")?",
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
        r"ParameterVersionNotFound|invalid (?:ssm )?parameters?: (?P<secret3>\S+))"
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
        r"registry credentials",
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
        "log-credentials-missing",
        r"CredentialsEndpoint|169\.254\.170\.2|failed to load credentials|NoCredentialProviders",
        "the log driver of {container} got no credentials from the ECS agent of the host",
        "set executionRoleArn in the task definition, and ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true on the EC2 "
        "hosts",
    ),
    Rule(
        "log-destination-unreachable",
        r"(?:splunk|gelf|syslog|logentries|sumologic|datadog|loki)[^\n]*(?:"
        + UNREACHABLE
        + r"|failed to verify|lookup)",
        "the destination that {container} sends its log to could not be reached",
        "check the address, port and token in logConfiguration.options, and the network path of the task",
        retriable=True,
    ),
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
        r"|exec:? \\?\"?(?P<what2>[^\"\\]+?)\\?\"?: stat [^\n]*no such file",
        "the image of {container} has no program {what}",
        "correct command or entryPoint of {container}, or put {what} into {image}",
        fatal=True,
    ),
    Rule(
        "command-not-found",
        r"executable file not found|no such file|no command specified",
        "the image of {container} has no program {program}",
        "correct command or entryPoint of {container}, or put the program into {image}",
        fatal=True,
    ),
    Rule(
        "command-not-executable",
        r"exec:? \\?\"?(?P<program>[^\"\\]+?)\\?\"?: permission denied|permission denied",
        "{container} may not run its program {program}: it is not executable for the container's user",
        "make it executable in the image (COPY --chmod=755), or correct user in the task definition",
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

CREATE = (
    Rule(
        "container-memory-too-small",
        r"failed to get container status|memory limit|minimum memory|cannot allocate memory|"
        r"OCI runtime[^\n]*out of memory",
        "{container} could not be started within {memory}",
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

OTHER = (
    Rule(
        "task-not-initialized",
        "",
        "ECS could not prepare the task; no container was started",
        "read AWS's words below; the usual causes are network path, execution role and missing resources",
    ),
)

START_FAILURES = (
    RuleGroup(
        r"descriptor matching platform|no matching manifest for|exec format error|specified platform|"
        r"no match for platform",
        WRONG_CPU,
    ),
    RuleGroup(
        r"explicit deny|no (?:VPC endpoint|service control|resource control|session) policy allows|"
        r"no permissions boundary allows",
        DENIALS,
    ),
    RuleGroup(r"Unable to launch instance", INSTANCES),
    RuleGroup(r"env(?:ironment)? ?files?\b", ENVIRONMENT_FILES),
    RuleGroup(
        r"unable to assume (?:the |a |its )?(?:service.linked |task |execution )?role|service.linked role", ROLES
    ),
    RuleGroup(
        r"secrets? or registry auth|unable to (?:retrieve|fetch|get) (?:secrets?|json key|registry auth|"
        r"ecr registry auth)|"
        r"private registry credentials|(?:cannot|can't) (?:pull|retrieve|fetch) (?:registry auth|secrets?|"
        r"['\"][^'\"]+['\"] "
        r"from (?:AWS |Amazon )?(?:Secrets Manager|(?:AWS )?Systems Manager|SSM))|asm fetching secret|"
        r"fetching secret data from",
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
    RuleGroup(r"(?-i:\b(?!Waiter)[A-Z]\w+Error\b)", OTHER),
)  # fmt: skip
"""In the order in which they are tried: MiniStack puts pull and start failures behind the same words."""
