"""What docker says becomes one error with a cause and a fix. The messages were caused with real dockers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from deploytool.images import errors
from deploytool.images.failures import explain_failure
from deploytool.images.spec import BuildSpec

if TYPE_CHECKING:
    from deploytool.errors import BuildError


SPEC = BuildSpec("web", Path("ctx"), Path("ctx/Dockerfile"), "r.example/shop:web-1a2b", target="zz")
LLB = "failed to solve with frontend dockerfile.v0: failed to create LLB definition: "
BUILDX = f"ERROR: failed to solve: rpc error: code = Unknown desc = {LLB}"
PUSHING = "------\n > pushing r.example/shop:web-1a2b with docker:\n------\n"
DIAL = 'failed to do request: Head "https://h.example/v2/x/manifests/1": dial tcp: lookup h.example: no such host'

CASES: list[tuple[str, Literal["build", "push"], str, type[BuildError], str]] = [
    (
        "daemon not running",
        "build",
        "ERROR: Cannot connect to the Docker daemon at unix:///nosock. Is the docker daemon running?",
        errors.DaemonUnreachable,
        "unix:///nosock",
    ),
    (
        "socket denied",
        "push",
        "permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock: Post …",
        errors.SocketDenied,
        "no permission",
    ),
    (
        "target, 20.10",
        "build",
        f"{LLB}target stage zz could not be found",
        errors.TargetMissing,
        "ctx/Dockerfile has no stage zz",
    ),
    ("target, buildx", "build", f"{BUILDX}target stage zz could not be found", errors.TargetMissing, "no stage zz"),
    (
        "target, newer BuildKit",
        "build",
        'ERROR: failed to solve: target stage "zz" could not be found',
        errors.TargetMissing,
        "no stage zz",
    ),
    (
        "Dockerfile",
        "build",
        (
            "failed to solve with frontend dockerfile.v0: failed to read dockerfile: open /var/lib/docker/tmp/Nope: "
            "no such file or directory"
        ),
        errors.DockerfileMissing,
        "ctx/Dockerfile",
    ),
    (
        "unknown instruction",
        "build",
        f"{BUILDX}dockerfile parse error line 2: unknown instruction: RUNN",
        errors.DockerfileInvalid,
        "ctx/Dockerfile: dockerfile parse error line 2: unknown instruction: RUNN",
    ),
    (
        "empty Dockerfile",
        "build",
        f"{LLB}the Dockerfile cannot be empty",
        errors.DockerfileInvalid,
        "cannot be empty",
    ),
    (
        "COPY, 20.10",
        "build",
        (
            '#4 ERROR: "/nosuch" not found: not found\n------\n > [2/2] COPY nosuch /x:\n------\n'
            'failed to compute cache key: "/nosuch" not found: not found'
        ),
        errors.CopiedFileMissing,
        "/nosuch is not in the build context ctx",
    ),
    (
        "COPY, newer BuildKit",
        "build",
        (
            "ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref abc::def: "
            '"/nosuch": not found'
        ),
        errors.CopiedFileMissing,
        "/nosuch is not in",
    ),
    ("required secret", "build", "secret tok not found: not found", errors.SecretMissing, "build secret tok"),
    (
        "base image, 20.10",
        "build",
        f"{LLB}localhost:4612/app:nope: not found",
        errors.BaseImageMissing,
        "localhost:4612/app:nope",
    ),
    (
        "base image on Docker Hub",
        "build",
        (
            "ERROR: failed to solve: nosuch:1: failed to resolve source metadata for docker.io/library/nosuch:1: "
            "pull access denied, repository does not exist or may require authorization"
        ),
        errors.BaseImageMissing,
        "does not exist or is private",
    ),
    (
        "base image's login",
        "build",
        f"{BUILDX}pulling from host h.example failed with status code [manifests 1]: 401 Unauthorized",
        errors.BaseImageDenied,
        "h.example",
    ),
    ("base image's registry", "build", f"{LLB}{DIAL}", errors.RegistryUnreachable, "base image does not respond"),
    (
        "several platforms",
        "build",
        (
            "ERROR: Multi-platform build is not supported for the docker driver.\nSwitch to a different driver, or turn"
            " on the containerd image store, and try again.\nLearn more at https://docs.docker.com/go/build-multi-platform/"
        ),
        errors.PlatformsUnsupported,
        "at once",
    ),
    (
        "disk",
        "build",
        "ERROR: failed to solve: failed to copy: write /var/lib/docker/x: no space left on device",
        errors.DiskFull,
        "no space left",
    ),
    (
        "other CPU",
        "build",
        (
            "#5 0.1 exec /bin/sh: exec format error\n#5 ERROR: executor failed running [/bin/sh]: exit code: 1\n"
            "executor failed running [/bin/sh]: exit code: 1"
        ),
        errors.EmulationMissing,
        "another CPU",
    ),
    ("not logged in", "push", "no basic auth credentials", errors.RegistryDenied, "r.example refused the push to shop"),
    ("wrong password", "push", "unauthorized: authentication required", errors.RegistryDenied, "refused the push"),
    (
        "wrong password, buildx",
        "build",
        f"{PUSHING}ERROR: unauthorized: authentication required",
        errors.RegistryDenied,
        "refused the push",
    ),
    (
        "IAM",
        "push",
        (
            "denied: User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: ecr:InitiateLayerUpload on "
            "resource: arn:aws:ecr:us-east-1:1:repository/shop"
        ),
        errors.RegistryDenied,
        "ecr:InitiateLayerUpload",
    ),
    (
        "token expired",
        "push",
        "denied: Your authorization token has expired. Reauthenticate and try again.",
        errors.RegistryDenied,
        "expired",
    ),
    (
        "403, buildx",
        "build",
        (
            "ERROR: failed to push r.example/shop:web-1a2b: unexpected status from POST request to "
            "https://r.example/v2/shop/blobs/uploads/: 403 Forbidden"
        ),
        errors.RegistryDenied,
        "403 Forbidden",
    ),
    (
        "no repository, ECR",
        "push",
        "name unknown: The repository with name 'shop' does not exist in the registry with id '1'",
        errors.RepositoryMissing,
        "r.example has no repository shop",
    ),
    (
        "no repository, buildx",
        "build",
        f"{PUSHING}ERROR: name unknown: repository name not known to registry: shop",
        errors.RepositoryMissing,
        "no repository shop",
    ),
    (
        "immutable tag, ECR",
        "push",
        (
            "tag invalid: The image tag 'web-1a2b' already exists in the 'shop' repository and cannot be overwritten "
            "because the repository is immutable."
        ),
        errors.TagTaken,
        "r.example/shop:web-1a2b already names another image",
    ),
    (
        "immutable tag, ECR since 2025",
        "build",
        (
            f"{PUSHING}ERROR: failed to push r.example/shop: tag invalid: The image tag 'web-1a2b' already exists "
            "in the 'shop' repository and cannot be overwritten because the tag is immutable."
        ),
        errors.TagTaken,
        "immutable",
    ),
    (
        "push network",
        "push",
        'Get "http://localhost:4613/v2/": dial tcp 127.0.0.1:4613: connect: connection refused',
        errors.RegistryUnreachable,
        "r.example does not respond",
    ),
    (
        "push network, buildx",
        "build",
        f'{PUSHING}ERROR: Get "http://localhost:4619/v2/": dial tcp 127.0.0.1:4619: connect: connection refused',
        errors.RegistryUnreachable,
        "r.example does not respond",
    ),
    ("something else", "build", "ERROR: cosmic rays", errors.BuildFailed, "could not be built: cosmic rays"),
    ("something else in a push", "push", "cosmic rays", errors.BuildFailed, "could not be pushed: cosmic rays"),
    ("nothing", "build", "", errors.BuildFailed, "docker printed nothing"),
]


@pytest.mark.parametrize(
    ("stage", "said", "kind", "cause"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_error_names_the_cause_when_docker_says(
    stage: Literal["build", "push"], said: str, kind: type[BuildError], cause: str
) -> None:
    fault = explain_failure(stage, SPEC, said.splitlines())
    assert type(fault) is kind
    assert cause in fault.cause
    assert fault.fix
    assert fault.exit_code == 4


FAILED_RUN = """\
#3 importing cache manifest from r.example/shop:buildcache-web
#3 ERROR: r.example/shop:buildcache-web: not found
#5 [2/3] RUN echo one
#5 0.269 one
#5 DONE 0.3s
#6 [3/3] RUN make
#6 sha256:28a3d965338c085308708cef1e3da6b384aaf9d85564e33251f77b33e1dfea3c
{output}
#6 ERROR: {ended}
------
 > importing cache manifest from r.example/shop:buildcache-web:
------
------
 > [3/3] RUN make:
0.224 oops
------
ERROR: failed to solve: {ended}
"""


@pytest.mark.parametrize(
    "ended",
    [
        "executor failed running [/bin/sh -c make]: exit code: 7",
        'process "/bin/sh -c make" did not complete successfully: exit code: 7',
    ],
    ids=["BuildKit 0.8", "newer BuildKit"],
)
def test_the_step_and_its_last_twenty_lines_are_told_when_a_run_step_fails(ended: str) -> None:
    output = "\n".join(f"#6 0.{number} line {number}" for number in range(100, 130))
    fault = explain_failure("build", SPEC, FAILED_RUN.format(output=output, ended=ended).splitlines())
    assert isinstance(fault, errors.StepFailed)
    assert fault.cause.startswith("image web: [3/3] RUN make ended with exit code 7\n  line 110\n")
    assert fault.output == tuple(f"line {number}" for number in range(110, 130))


@pytest.mark.parametrize("printed", ["connection refused", "denied", "Cannot connect to the Docker daemon", "404"])
def test_what_a_step_prints_is_not_taken_for_docker_when_the_step_fails(printed: str) -> None:
    ended = "executor failed running [/bin/sh -c make]: exit code: 1"
    lines = FAILED_RUN.format(output=f"#6 0.1 {printed}", ended=ended).splitlines()
    assert type(explain_failure("build", SPEC, lines)) is errors.StepFailed


def test_the_disk_is_named_when_a_step_runs_out_of_it() -> None:
    ended = "executor failed running [/bin/sh -c make]: exit code: 1"
    lines = FAILED_RUN.format(output="#6 0.1 sh: write error: No space left on device", ended=ended).splitlines()
    assert type(explain_failure("build", SPEC, lines)) is errors.DiskFull
