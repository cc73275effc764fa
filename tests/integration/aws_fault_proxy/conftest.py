"""A MiniStack and a front of the tests' own, on free ports, with an image of nothing but busybox."""

import io
import shutil
import subprocess
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.aws_fault_proxy.client import Front, start_front
from tests.support.free_port import free_port
from tests.support.ministack import running_ministack

BUSYBOX = "front-tests-busybox:1"


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """What the condition returns once that is true; fails when it never is."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
    return result


@dataclass
class Cloud:
    """A front before a MiniStack, and a cluster to work in; `ecs` goes through the front, `direct` past it."""

    front: Front
    upstream_url: str
    cluster: str

    def client(self, service: str, url: str | None = None) -> Any:
        """A boto3 client that tries once, so that a test sees every answer."""
        return boto3.client(
            service,
            endpoint_url=url or self.front.base_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20),
        )

    @property
    def ecs(self) -> Any:
        """ECS through the front."""
        return self.client("ecs")

    @property
    def direct(self) -> Any:
        """ECS past the front."""
        return self.client("ecs", self.upstream_url)

    def task_definition(self, family: str, command: str, health: dict[str, Any] | None = None) -> str:
        """Register one container running a shell command; the revision's ARN."""
        container: dict[str, Any] = {
            "name": "app",
            "image": BUSYBOX,
            "essential": True,
            "memory": 32,
            "command": ["/bin/sh", "-c", command],
            **({"healthCheck": health} if health else {}),
        }
        answer = self.direct.register_task_definition(family=family, containerDefinitions=[container])
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def service(self, name: str, task_definition: str) -> None:
        """Create a service of one task with circuit breaker and rollback, and wait until it runs."""
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName=name,
            taskDefinition=task_definition,
            desiredCount=1,
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )
        eventually(lambda: self.shown(name)["runningCount"] == 1)

    def shown(self, service: str) -> Any:
        """The service as the front shows it."""
        return self.ecs.describe_services(cluster=self.cluster, services=[service])["services"][0]

    def primary(self, service: str) -> Any:
        """The PRIMARY deployment as the front shows it."""
        return next(d for d in self.shown(service)["deployments"] if d["status"] == "PRIMARY")


@pytest.fixture(scope="session")
def busybox() -> str:
    """The image's name; made from the machine's static busybox, or pulled where there is none."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("needs Docker")
    if subprocess.run(["docker", "image", "inspect", BUSYBOX], capture_output=True, check=False).returncode == 0:
        return BUSYBOX
    static = shutil.which("busybox")
    if not static:
        subprocess.run(["docker", "pull", "-q", "busybox:1"], check=True)
        subprocess.run(["docker", "tag", "busybox:1", BUSYBOX], check=True)
        return BUSYBOX
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(static, "bin/busybox")
        for name in ("sh", "sleep", "true", "false", "test", "touch", "echo"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o777
        archive.addfile(folder)
    subprocess.run(["docker", "import", "-", BUSYBOX], input=packed.getvalue(), capture_output=True, check=True)
    return BUSYBOX


@pytest.fixture(scope="session")
def upstream_url(tmp_path_factory: pytest.TempPathFactory, busybox: str) -> Iterator[str]:
    """The address of a MiniStack, installed once per machine and started for this session."""
    with running_ministack(tmp_path_factory.mktemp("ministack"), "front") as address:
        yield address


@pytest.fixture(scope="session")
def session_cloud(upstream_url: str) -> Iterator[Cloud]:
    """One front and one cluster for the session; its containers are gone afterwards."""
    cluster = f"front-{uuid.uuid4().hex[:8]}"
    with start_front(upstream_url, free_port()) as front:
        cloud = Cloud(front, upstream_url, cluster)
        arn = cloud.direct.create_cluster(clusterName=cluster)["cluster"]["clusterArn"]
        yield cloud
        for service in cloud.direct.list_services(cluster=cluster)["serviceArns"]:
            cloud.direct.delete_service(cluster=cluster, service=service, force=True)
        listed = ["docker", "ps", "-aq", "--filter", f"label=com.amazonaws.ecs.cluster={arn}"]
        left = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
        if left:
            subprocess.run(["docker", "rm", "-f", *left], capture_output=True, check=True)


@pytest.fixture
def cloud(session_cloud: Cloud) -> Iterator[Cloud]:
    """The cloud with a front that has no script and no calls."""
    session_cloud.front.reset()
    yield session_cloud
    session_cloud.front.reset()
