"""Three ways to bring the same two images live: ours, the guide's, and ecs-deploy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploytool.sandbox.account import PRODUCTION
from tests.benchmarks import peers, timed
from tests.benchmarks.figures import OURS
from tests.benchmarks.stage import Stage, Version

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
class Contender:
    """A name for the table, and a way to release a version."""

    name: str
    release: Callable[[Version], timed.Timed]


def contenders(stage: Stage) -> tuple[Contender, ...]:
    """All of them, ready to run: their programs are installed, and the guide's task definitions registered."""
    network = _network(stage)
    revisions = {version: _registered(stage, version) for version in stage.versions}
    guide = peers.install("aws-cli", stage.write_line)
    ecs_deploy = peers.install("ecs-deploy", stage.write_line)
    return (
        Contender(OURS, lambda version: stage.deploytool("release", "--commit", version.commit)),
        Contender(GUIDE, lambda version: _workflow(stage, "guide.sh", guide, network | revisions[version])),
        Contender(
            ECS_DEPLOY,
            lambda version: _workflow(
                stage,
                "ecs-deploy.sh",
                ecs_deploy,
                network | {"APP_IMAGE": version.app, "MIGRATE_IMAGE": version.migrate},
            ),
        ),
    )


def _workflow(stage: Stage, script: str, programs: Path, variables: Mapping[str, str]) -> timed.Timed:
    env = {**stage.environment, **variables, "CLUSTER": PRODUCTION.cluster, "AWS_PAGER": ""}
    env["PATH"] = f"{programs}:{env['PATH']}"
    return timed.run([WORKFLOWS / script], env, stage.state.workdir)


def _network(stage: Stage) -> dict[str, str]:
    found = stage.described()[0]["networkConfiguration"]["awsvpcConfiguration"]
    return {"SUBNET": found["subnets"][0], "SECURITY_GROUP": found["securityGroups"][0]}


def _registered(stage: Stage, version: Version) -> dict[str, str]:
    """Revisions of app, worker and migrate that run this version; by the variable that the workflow knows them as."""
    images = {"app": version.app, "worker": version.app, "migrate": version.migrate}
    return {role.upper(): register(stage, PRODUCTION.family(role), image) for role, image in images.items()}


def register(stage: Stage, family: str, image: str, as_family: str = "") -> str:
    """A revision like the latest of ``family`` but for the image, in that family or another; its ARN."""
    latest: dict[str, Any] = stage.ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    wanted = {key: value for key, value in latest.items() if key not in READ_ONLY}
    wanted["containerDefinitions"] = [{**wanted["containerDefinitions"][0], "image": image}]
    wanted["family"] = as_family or family
    return str(stage.ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"])
