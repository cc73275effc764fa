"""Ten services at once, in a checkout of their own that reaches AWS through a front which logs every call."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploytool.sandbox.account import PRODUCTION
from deploytool.sandbox.process import free_port
from tests.benchmarks import timed
from tests.benchmarks.env import PROGRAM, BenchmarkEnv, Version
from tests.benchmarks.observer import Observer
from tests.benchmarks.tools import register
from tests.support.aws_fault_proxy.client import Front, start_front

SERVICES = tuple(f"bench-{number}" for number in range(10))
FRONT_PORT = 4670


@dataclass(frozen=True)
class ManyServices:
    """The ten services, ready to be released."""

    env: BenchmarkEnv
    front: Front
    checkout: Path

    def release(self, version: Version) -> timed.Timed:
        """Release to all ten. The checkout is outside the sandbox's directory, so the variables decide."""
        environ = {**self.env.environment, "AWS_ENDPOINT_URL": self.front.base_url}
        return timed.run([PROGRAM, "release", "--commit", version.commit], environ, self.checkout)

    def observer(self) -> Observer:
        """One for the ten, past the front: what it asks is not counted."""
        return Observer(self.env.ecs, PRODUCTION.cluster, SERVICES)


@contextmanager
def many_services(env: BenchmarkEnv) -> Iterator[ManyServices]:
    """Make them, at the first version; they are gone when the block ends."""
    like = next(found for found in env.described() if found["serviceName"] == "worker")
    for name in SERVICES:
        env.ecs.create_service(
            cluster=PRODUCTION.cluster,
            serviceName=name,
            taskDefinition=register(env, PRODUCTION.family("worker"), env.versions[0].app, as_family=name),
            desiredCount=1,
            launchType="FARGATE",
            deploymentConfiguration=like["deploymentConfiguration"],
            networkConfiguration=like["networkConfiguration"],
        )
    upstream = env.state.aws_endpoint_url
    with TemporaryDirectory(prefix="deploytool-bench-many_services-") as directory:
        checkout = Path(directory).resolve() / "checkout"
        subprocess.run(["git", "clone", "-q", env.state.workdir, checkout], check=True, capture_output=True)
        (checkout / "deploytool.yml").write_text(_configuration(env))
        try:
            with start_front(upstream, free_port(FRONT_PORT, set())) as front:
                ready = ManyServices(env, front, checkout)
                ready.observer().until_settled()
                yield ready
        finally:
            for name in SERVICES:
                env.ecs.delete_service(cluster=PRODUCTION.cluster, service=name, force=True)


def _configuration(env: BenchmarkEnv) -> str:
    """Nothing but the ten: no migration, no verification, whose calls are no part of the wait."""
    return "\n".join(
        [
            "app: architecturedeck",
            "images:",
            # Where there are several, a tag ends with the image's name: both, so that the tags are the example's.
            "  app: {dockerfile: Dockerfile, target: app}",
            "  migrate: {dockerfile: Dockerfile, target: migrate}",
            "services:",
            *(f"  {name}: {{image: app, verify: {{steady: 0s}}}}" for name in SERVICES),
            "environments:",
            "  production:",
            f"    region: {env.state.region}",
            f"    cluster: {PRODUCTION.cluster}",
            f"    repository: {PRODUCTION.repository}",
            "",
        ]
    )
