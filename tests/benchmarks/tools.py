"""Three ways to bring the same two images live: ours, the guide's, and ecs-deploy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploytool.sandbox.account import PRODUCTION
from tests.benchmarks import peers, timed
from tests.benchmarks.env import BenchmarkEnv, Version
from tests.benchmarks.figures import OURS

GUIDE, ECS_DEPLOY = "AWS CLI", "ecs-deploy"
WORKFLOWS = Path(__file__).parent / "workflows"
# What DescribeTaskDefinition adds and RegisterTaskDefinition refuses.
READ_ONLY = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
}


@dataclass(frozen=True)
class Tool:
    """A name for the table, and a way to release a version."""

    name: str
    release: Callable[[Version], timed.Timed]


def tools(env: BenchmarkEnv) -> tuple[Tool, ...]:
    """All of them, ready to run: their programs are installed, and the guide's task definitions registered."""
    network = _network(env)
    revisions = {version: _registered(env, version) for version in env.versions}
    guide = peers.install("aws-cli", env.write_line)
    ecs_deploy = peers.install("ecs-deploy", env.write_line)
    return (
        Tool(OURS, lambda version: env.deploytool("release", "--commit", version.commit)),
        Tool(GUIDE, lambda version: _workflow(env, "guide.sh", guide, network | revisions[version])),
        Tool(
            ECS_DEPLOY,
            lambda version: _workflow(
                env,
                "ecs-deploy.sh",
                ecs_deploy,
                network | {"APP_IMAGE": version.app, "MIGRATE_IMAGE": version.migrate},
            ),
        ),
    )


def _workflow(env: BenchmarkEnv, script: str, programs: Path, variables: Mapping[str, str]) -> timed.Timed:
    environ = {**env.environment, **variables, "CLUSTER": PRODUCTION.cluster, "AWS_PAGER": ""}
    environ["PATH"] = f"{programs}:{environ['PATH']}"
    return timed.run([WORKFLOWS / script], environ, env.state.workdir)


def _network(env: BenchmarkEnv) -> dict[str, str]:
    found = env.described()[0]["networkConfiguration"]["awsvpcConfiguration"]
    return {"SUBNET": found["subnets"][0], "SECURITY_GROUP": found["securityGroups"][0]}


def _registered(env: BenchmarkEnv, version: Version) -> dict[str, str]:
    """Revisions of app, worker and migrate that run this version; by the variable that the workflow knows them as."""
    images = {"app": version.app, "worker": version.app, "migrate": version.migrate}
    return {role.upper(): register(env, PRODUCTION.family(role), image) for role, image in images.items()}


def register(env: BenchmarkEnv, family: str, image: str, as_family: str = "") -> str:
    """A revision like the latest of ``family`` but for the image, in that family or another; its ARN."""
    latest: dict[str, Any] = env.ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    wanted = {key: value for key, value in latest.items() if key not in READ_ONLY}
    wanted["containerDefinitions"] = [{**wanted["containerDefinitions"][0], "image": image}]
    wanted["family"] = as_family or family
    return str(env.ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"])
