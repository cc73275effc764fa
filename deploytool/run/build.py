"""Build and push what the registry does not hold, and refuse what may not run."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.check import ReleaseRefused, cpu_problems
from deploytool.core.events import Said
from deploytool.core.observed import TaskDefinition
from deploytool.core.plan_model import Build, ImageChoice, Migrate, Plan
from deploytool.run.ports import World


def build(step: Build, plan: Plan, world: World) -> dict[str, str]:
    """Digest per image. Raises BuildError, and ReleaseRefused where an image is for another CPU than its task."""
    digests = {}
    for name in step.images:
        choice = plan.images[name]
        built = world.builder.build(choice, lambda line: world.tell(Said("build", line)))
        world.journal.built(name, built.digest)
        problems = [problem for who, base in _runners(plan, name) for problem in cpu_problems(name, built, base, who)]
        if problems:
            raise ReleaseRefused(tuple(problems))
        gate(choice, built.digest, world)
        digests[name] = built.digest
    return digests


def gate(choice: ImageChoice, digest: str, world: World) -> None:
    """Raise ScanRefused where the image's scan findings are worse than configured."""
    world.builder.gate(choice, digest, lambda line: world.tell(Said("build", line)))


def _runners(plan: Plan, image: str) -> Iterator[tuple[str, TaskDefinition]]:
    for change in plan.changes:
        if image in change.images.values():
            yield change.key, change.base
    for step in plan.steps:
        if isinstance(step, Migrate) and step.image == image:
            yield "migrate", step.base
