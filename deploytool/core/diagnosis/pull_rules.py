"""Why an image could not be pulled."""

from __future__ import annotations

from deploytool.core.diagnosis.rule import Rule

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
