"""Why an image was not pulled: by ECS's agent on Fargate (containerd), by Docker on EC2 hosts, and by MiniStack.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from deploytool.diagnosis import Rule

WRONG_CPU = (
    Rule(
        "image-wrong-cpu",
        "",
        "{image} is not built for {cpu}, the CPU of the task",
        "build the image for {cpu} (images.*.platforms in deploytool.yml), or set runtimePlatform.cpuArchitecture of "
        "the task definition to the CPU it is built for",
        fatal=True,
    ),
)

UNREACHABLE = (
    r"time-?d? ?out|deadline exceeded|context can|context ca\.\.\.|request ?cancell?ed|cancell?ed while|no such host|"
    r"send request failed|request send failed|connection issue|check your task network|network configuration|"
    r"connection (?:was )?(?:refused|reset)|reset by peer|network is unreachable|no route to host|could not connect|"
    r"\bRequestError\b|\bEOF\b|broken pipe|signal: killed|server misbehaving|temporary failure in name resolution"
)
_HOST = re.compile(r"^(?P<host>[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost(?::\d+)?)/")
_ECR = re.compile(r"\.dkr[.-]ecr[.\w-]*\.(?:amazonaws\.com|on\.aws)|^public\.ecr\.aws")
_NAMED = re.compile(
    r"(?:resolve ref|normalize image reference|pull access denied for|manifest for|fromImage=|pull image|pulling image|"
    r"No such image:?|pull the image|pull|find the image)\s*[\"'“]*(?P<image>[\w.-]+(?:[:/@][\w./:@-]*[\w])?)",
    re.IGNORECASE,
)
PULL = (
    Rule(
        "image-not-pulled",
        "",
        "{image} could not be pulled",
        "read AWS's words below; then check image, executionRoleArn and the network path of the task",
    ),
)
"""Where nothing more is known; ``pull_rules`` knows more by the image's registry."""
_LAYERS = r"starport-layer-bucket"
_DENIED = (
    r"(?:: |code:? |status:? |\()40[13]\b|\b40[13] (?:Forbidden|Unauthorized)|forbidden|denied|not authorized|"
    r"unauthorized"
)
_ANONYMOUS = (
    _DENIED
    + r"|anonymous token|oauth token|failed to authorize|authentication required|no basic auth|insufficient_scope|"
    r"authorization failed|incorrect username or password|may require (?:authorization|'docker login')"
)
_MISSING = (
    r"not found|manifest unknown|does not exist|NotFound|no such image|name unknown|blob unknown|cannot find the image|"
    r"can't find the image|\b404\b"
)

_FIRST = (
    Rule(
        "image-too-large",
        r"no space left on device|not enough space|disk is full",
        "the task's disk is too small for {image}",
        "raise ephemeralStorage.sizeInGiB in the task definition, or make the image smaller",
        fatal=True,
    ),
    Rule(
        "registry-rate-limit",
        r"toomanyrequests|too many requests|rate limit|rate exceeded|\b429\b",
        "the registry of {image} refuses more pulls for now (rate limit)",
        "wait and try again; keep a copy of the image in ECR (pull-through cache), or pull with a login "
        "(repositoryCredentials)",
        retriable=True,
    ),
    Rule(
        "image-name-wrong",
        r"invalid reference format|cannot parse|could not parse reference|must be lowercase|normalize image reference",
        "{image} is not a valid image name",
        "correct image of {container} in the task definition: lower case, no scheme, one tag",
        fatal=True,
    ),
    Rule(
        "layers-access-denied",
        _LAYERS + r".*(?:\b403\b|forbidden|AccessDenied|access denied)",
        "S3, where ECR keeps the layers of {image}, refused the download",
        "allow s3:GetObject on arn:aws:s3:::prod-REGION-starport-layer-bucket/* in the policy of the VPC's S3 "
        "endpoint; "
        "the registry itself let the task in",
        fatal=True,
    ),
    Rule(
        "layers-unreachable",
        _LAYERS + r".*(?:" + UNREACHABLE + r")",
        "S3, where ECR keeps the layers of {image}, could not be reached from the task's subnets",
        "try again; if it stays, add an S3 gateway endpoint to the subnets' route tables, or a NAT gateway, and let "
        "the "
        "security group out to port 443",
        retriable=True,
    ),
    Rule(
        "registry-failed",
        r"unexpected (?:HTTP )?status[^\n]{0,400}?\b50[0234]\b|status code \[[^\]]*\]: 50[0234]|"
        r"\b50[0234] (?:Internal Server Error|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out)",
        "the registry of {image} failed while answering (HTTP 5xx)",
        "try again later, and see the registry's status page; a copy of the image in ECR does not depend on it",
        retriable=True,
    ),
    Rule(
        "pull-canceled",
        r"failed to (?:extract|unpack|copy|register)[^\n]*?(?:context can|context ca\.\.\.|context ca$|"
        r"context deadline|"
        r"unexpected EOF|connection reset|time-?d? ?out)",
        "the download of {image} broke off: the registry or S3, where the layers are, was too slow or not reachable",
        "try again; if it stays, give the subnets a NAT gateway or endpoints for ecr.api, ecr.dkr and s3, and make the "
        "image smaller",
        retriable=True,
    ),
    Rule(
        "image-not-unpacked",
        r"failed to unpack|mismatched image rootfs|archive/tar|invalid tar|media ?type|unknown compression|zstd|"
        r"gzip: invalid|magic number|wrong diff id|unexpected commit digest|digest mismatch|does not match digest|"
        r"failed size validation|layers? (?:and config )?(?:do not|does not|don't) match|invalid image config|"
        r"error processing tar|failed to (?:extract|register) layer",
        "{image} cannot be unpacked: its layers do not fit its manifest, or have a compression (zstd) or media type "
        "that the host does not know",
        "build it again and push it with OCI media types and one compression for all layers (docker buildx: "
        "oci-mediatypes=true, compression=gzip, force-compression=true); on EC2 hosts also update the ECS-optimized "
        "AMI",
        fatal=True,
    ),
)

_ECR_RULES = (
    Rule(
        "registry-endpoint-policy",
        r"perform: (?P<action>ecr:\w+).*no VPC endpoint policy allows",
        "the policy of the VPC's ECR endpoint does not allow {action}",
        "allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:GetAuthorizationToken in the policies of the "
        "endpoints ecr.api and ecr.dkr",
        fatal=True,
    ),
    Rule(
        "registry-access-denied",
        r"perform: (?P<action>ecr:\w+)(?: on resource: (?P<resource>[^\s,;]+))?",
        "the execution role may not pull {image}: {action} is denied",
        "allow {action} on {resource} in the policy of executionRoleArn (also ecr:BatchGetImage, "
        "ecr:GetDownloadUrlForLayer and ecr:GetAuthorizationToken), and this account in the repository's policy",
        fatal=True,
    ),
    Rule(
        "image-missing",
        r"RepositoryNotFound|repository [^\n]*not found|repository with name",
        "the repository of {image} does not exist in ECR",
        "create it and push the image, or correct account, region and name in image of {container}",
        fatal=True,
    ),
    Rule(
        "image-missing-or-denied",
        r"repository does not exist or may require|pull access denied|check that the role has the permissions|"
        r"insufficient_scope",
        "{image} does not exist, or the execution role may not pull it",
        "check that the image was pushed, and that executionRoleArn may ecr:BatchGetImage, "
        "ecr:GetDownloadUrlForLayer and ecr:GetAuthorizationToken",
        fatal=True,
    ),
    Rule(
        "registry-access-denied",
        _DENIED + r"|no basic auth|authorization (?:failed|token)|failed to authorize",
        "the execution role may not pull {image}",
        "allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:GetAuthorizationToken in the policy of "
        "executionRoleArn, and this account in the repository's policy",
        fatal=True,
    ),
)
_HUB_RULES = (
    Rule(
        "image-missing-or-denied",
        _ANONYMOUS,
        "Docker Hub has no public {image}: the name is wrong, or the repository is private and the task does not log "
        "in",
        "correct image of {container} in the task definition, or set repositoryCredentials.credentialsParameter to a "
        "secret with username and password for Docker Hub",
        fatal=True,
    ),
)
_OTHER_RULES = (
    Rule(
        "registry-login-required",
        _ANONYMOUS,
        "the registry {registry} did not let the task pull {image}: it wants a login, or that login may not read it",
        "set repositoryCredentials.credentialsParameter of {container} to a secret with username and password, allow "
        "secretsmanager:GetSecretValue on it to executionRoleArn, and check the image's name",
        fatal=True,
    ),
)
_NETWORK = (
    Rule(
        "registry-unreachable",
        UNREACHABLE,
        "the registry of {image} could not be reached from the task's subnets",
        "try again; if it stays, give the subnets {route}, and let the security group out to port 443",
        retriable=True,
    ),
    Rule(
        "registry-certificate",
        r"x509|certificate|tls: |http: server gave HTTP response to HTTPS client",
        "the registry of {image} shows a certificate that is not trusted, or speaks no TLS",
        "use a registry with a public certificate",
        fatal=True,
    ),
)
_LAST = (
    Rule(
        "image-missing",
        _MISSING,
        "{image} is not in the registry",
        "push it (a lifecycle policy may have removed it), or release a commit whose image exists",
        fatal=True,
    ),
    *PULL,
)


def pull_rules(text: str, image: str) -> tuple[Rule, ...]:
    """Rules for a pull that failed with ``text``; ``image`` is that of the task definition, where it is known.

    Who lets a task in differs: ECR asks the execution role, other registries a login.
    """
    by_registry = {"ECR": _ECR_RULES, "Docker Hub": _HUB_RULES}.get(registry_of(image_in(text, image)), _OTHER_RULES)
    access = (*by_registry, *_NETWORK) if re.search(_DENIED, text, re.IGNORECASE) else (*_NETWORK, *by_registry)
    return (*_FIRST, *access, *_LAST)


def image_in(text: str, image: str = "") -> str:
    """The image that ``text`` names in full, else ``image``, else what it names."""
    matches = [match["image"].rstrip(":.") for match in _NAMED.finditer(text)]
    named = next((name for name in matches if "/" in name and not name.startswith("http")), "")
    return named or image or next((name for name in matches if ":" in name), "")


def registry_of(image: str) -> str:
    """``ECR``, ``Docker Hub``, or the host of another registry; ECR where no image is known."""
    match = _HOST.match(image)
    if match is None:
        return "Docker Hub" if image else "ECR"
    host = match["host"]
    if _ECR.search(host):
        return "ECR"
    return "Docker Hub" if host.endswith("docker.io") else host


def pull_facts(text: str, image: str, of_container: str) -> Mapping[str, str]:
    """What rules about images may name. ``of_container`` is such as ``container app``."""
    name = image_in(text, image)
    registry = registry_of(name)
    return {
        "image": f"image {name}" if name else f"the image of {of_container}",
        "registry": registry,
        "route": "a NAT gateway or endpoints for ecr.api, ecr.dkr and s3"
        if registry == "ECR"
        else "a NAT gateway, or the tasks a public IP address (VPC endpoints lead to ECR only)",
    }
