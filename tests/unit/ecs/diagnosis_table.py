"""Tasks that never started: what ECS (and MiniStack) says, and what is to be told. For test_diagnosis_task.py."""

from __future__ import annotations

from dataclasses import dataclass

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
IMAGE = f"{ECR}/shop@sha256:" + "c" * 64
_PULL = "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
INIT = "ResourceInitializationError: "
_RUNC = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to "
    "create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
)
_DOCKER = f"{INIT}unable to pull image or start container: 400 Client Error for http+docker://localhost/v1.41/"
_OCI = 'Bad Request ("OCI runtime create failed: container_linux.go:367: starting container process caused: '


@dataclass(frozen=True)
class Text:
    """``fatal`` or ``retriable``, or neither; ``tells`` must be in the cause or the fix."""

    row: str
    reason: str
    code: str
    tells: str
    fatal: bool = False
    retriable: bool = False


IMAGES_COMMANDS_PLACES = (
    Text("pull: not found", f"{_PULL}failed to resolve ref {IMAGE}: {IMAGE}: not found", "image-missing", IMAGE, True),
    Text(
        "pull: not found (older words)",
        f"CannotPullContainerError: Error response from daemon: manifest for {IMAGE} not found: manifest unknown: "
        "Requested image not found",
        "image-missing",
        "not in the registry",
        True,
    ),
    Text(
        "pull: not found (MiniStack)",
        "CannotPullContainerError: 404 Client Error for http+docker://localhost/v1.41/images/create?tag=x&fromImage="
        f'{IMAGE}: Not Found ("manifest for {IMAGE} not found: manifest unknown: Requested image not found")',
        "image-missing",
        IMAGE,
        True,
    ),
    Text(
        "pull: no such repository (MiniStack)",
        'CannotPullContainerError: 404 Client Error: Not Found ("repository localhost:4566/shop not found: name '
        'unknown: repository name not known to registry: shop")',
        "image-missing",
        IMAGE,
        True,
    ),
    Text(
        "pull: no such image (MiniStack)",
        f'{INIT}unable to pull image or start container: 404 Client Error: Not Found ("No such image: shop:x")',
        "image-missing",
        IMAGE,
        True,
    ),
    Text(
        "pull: 403",
        f"{_PULL}failed to resolve ref {IMAGE}: pulling from host {ECR} failed with status code [manifests]: 403 "
        "Forbidden",
        "registry-access-denied",
        "executionRoleArn",
        True,
    ),
    Text(
        "pull: no login (MiniStack)",
        f'CannotPullContainerError: 500 Server Error: Internal Server Error ("Head https://{ECR}: no basic auth '
        'credentials")',
        "registry-access-denied",
        "ecr:BatchGetImage",
        True,
    ),
    Text(
        "pull: missing or denied",
        "CannotPullContainerError: Error response from daemon: pull access denied for shop, repository does not exist "
        "or may require 'docker login': denied",
        "image-missing-or-denied",
        "does not exist, or the execution role",
        True,
    ),
    Text(
        "pull: timeout",
        f'{_PULL}failed to resolve ref {IMAGE}: failed to do request: Head "https://{ECR}/v2/shop/manifests/1": dial '
        "tcp 10.0.3.17:443: i/o timeout",
        "registry-unreachable",
        "NAT gateway",
        retriable=True,
    ),
    Text(
        "pull: canceled",
        "CannotPullContainerError: Error response from daemon: Get https://x/v2/: net/http: request canceled while "
        "waiting for connection",
        "registry-unreachable",
        "ecr.dkr",
        retriable=True,
    ),
    Text(
        "pull: refused (MiniStack)",
        'CannotPullContainerError: 500 Server Error: Internal Server Error ("Get http://localhost:4566/v2/: dial tcp '
        '127.0.0.1:4566: connect: connection refused")',
        "registry-unreachable",
        "could not be reached",
        retriable=True,
    ),
    Text(
        "pull: toomanyrequests",
        f"{_PULL}httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/redis/: "
        "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
        "registry-rate-limit",
        "rate limit",
        retriable=True,
    ),
    Text(
        "pull: disk full",
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:aa: write "
        "/usr/lib/x: no space left on device: unknown",
        "image-too-large",
        "ephemeralStorage.sizeInGiB",
        True,
    ),
    Text(
        "pull: not a name",
        "CannotPullContainerError: invalid reference format: repository name must be lowercase",
        "image-name-wrong",
        "image of container app",
        True,
    ),
    Text(
        "pull: certificate",
        f"{_PULL}failed to do request: x509: certificate signed by unknown authority",
        "registry-certificate",
        "not trusted",
        True,
    ),
    Text("pull: anything else", "CannotPullContainerError: containerd is sad", "image-not-pulled", IMAGE),
    Text(
        "another CPU",
        f"{_PULL}image Manifest does not contain descriptor matching platform 'linux/amd64'",
        "image-wrong-cpu",
        "linux/amd64",
        True,
    ),
    Text(
        "another CPU (Docker)",
        "CannotPullContainerError: no matching manifest for linux/amd64 in the manifest list entries",
        "image-wrong-cpu",
        "runtimePlatform.cpuArchitecture",
        True,
    ),
    Text(
        "command not found",
        f'{_RUNC}exec: "nosuch": executable file not found in $PATH: unknown',
        "command-not-found",
        "no program nosuch",
        True,
    ),
    Text(
        "command not found (path)",
        f'{_RUNC}exec: "/app/start.sh": stat /app/start.sh: no such file or directory: unknown',
        "command-not-found",
        "/app/start.sh",
        True,
    ),
    Text(
        "command not found (MiniStack)",
        f'{_DOCKER}containers/1/start: {_OCI}exec: \\"nosuch\\": executable file not found in $PATH: unknown")',
        "command-not-found",
        "no program nosuch",
        True,
    ),
    Text(
        "command not executable",
        f'{_RUNC}exec: "/app/start.sh": permission denied: unknown',
        "command-not-executable",
        "/app/start.sh",
        True,
    ),
    Text(
        "working directory",
        f'{_RUNC}chdir to cwd ("/srv") set in config.json failed: permission denied',
        "working-directory-missing",
        "workingDirectory",
        True,
    ),
    Text(
        "working directory (MiniStack)",
        f'{_DOCKER}containers/1/start: Bad Request ("Cannot mkdir: /bin/sh is not a directory")',
        "working-directory-missing",
        "WORKDIR",
        True,
    ),
    Text(
        "bad mount",
        f"{INIT}failed to invoke EFS utils commands to set up EFS volumes: mount.nfs4: Connection timed out",
        "mount-unreachable",
        "2049",
        retriable=True,
    ),
    Text(
        "container not created",
        "CannotCreateContainerError: Error response from daemon: conflict: unable to create container",
        "container-not-created",
        "mountPoints",
    ),
    Text(
        "container memory",
        "CannotStartContainerError: failed to get container status: context canceled",
        "container-memory-too-small",
        "512 MiB",
    ),
    Text("container not started", f"{_RUNC}something else", "container-not-started", "entryPoint"),
    Text(
        "ENI timeout",
        "Timeout waiting for network interface provisioning to complete.",
        "network-interface-timeout",
        "nothing was started",
        retriable=True,
    ),
    Text(
        "no addresses",
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet "
        "'subnet-1': InsufficientFreeAddressesInSubnet",
        "no-free-addresses",
        "more subnets",
        retriable=True,
    ),
    Text(
        "storage timeout",
        "Timeout waiting for EphemeralStorage provisioning to complete.",
        "storage-timeout",
        "try again",
        retriable=True,
    ),
    Text(
        "capacity",
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "no-capacity",
        "no capacity",
        retriable=True,
    ),
    Text("anything else", f"{INIT}a reason of the future", "task-not-initialized", "AWS's words"),
    Text("no words at all", "", "container-never-started", "container app never started"),
)
