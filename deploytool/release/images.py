"""Build and push what the registry does not hold, and refuse what may not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.ecs.model import TaskDefinition, revision
from deploytool.ecs.task_definition import same
from deploytool.release.events import OutputLine
from deploytool.release.model import Build, ImageChoice, Migrate, Plan, StepName
from deploytool.release.planner import ReleasePreconditionFailed, cpu_problems, payload
from deploytool.release.ports import Dependencies

# SEG run.build
# Build and push what the registry does not hold, and refuse what may not run.


def build(step: Build, plan: Plan, deps: Dependencies) -> dict[str, str]:
    """Digest per image. Raises BuildError; ReleasePreconditionFailed where image and task differ in CPU."""
    digests = {}
    for name in step.images:
        choice = plan.images[name]
        built = deps.builder.build(choice, lambda line: deps.emit(OutputLine(StepName.BUILD, line)))
        deps.journal.image_built(name, built.digest)
        problems = [problem for who, base in _runners(plan, name) for problem in cpu_problems(name, built, base, who)]
        if problems:
            raise ReleasePreconditionFailed(tuple(problems))
        gate(choice, built.digest, deps)
        digests[name] = built.digest
    return digests


def gate(choice: ImageChoice, digest: str, deps: Dependencies) -> None:
    """Raise ScanRefused where the image's scan findings are worse than configured."""
    deps.builder.gate(choice, digest, lambda line: deps.emit(OutputLine(StepName.BUILD, line)))


def _runners(plan: Plan, image: str) -> Iterator[tuple[str, TaskDefinition]]:
    for change in plan.changes:
        if image in change.images.values():
            yield change.key, change.base
    for step in plan.steps:
        if isinstance(step, Migrate) and step.image == image:
            yield "migrate", step.base


# SEG run.register
# From a plan and the digests it built to the revisions that will run.


def register_revisions(plan: Plan, digests: Mapping[str, str], deps: Dependencies) -> dict[str, str]:
    """ARN per service key, and per ``migrate``: registered now, or found identical and used again."""
    deps.lease.check()
    revisions = {}
    for step in plan.steps:
        if isinstance(step, Migrate):
            wanted = payload(step.base, {step.container: step.image}, plan.images, digests, step.family)
            revisions["migrate"] = _revision(step.base, wanted, plan, deps)
    for change in plan.changes:
        family = revision(change.previous_revision).rpartition(":")[0]
        if change.revision:
            revisions[change.key] = change.revision
        else:
            wanted = payload(change.base, change.images, plan.images, digests, family)
            revisions[change.key] = _revision(change.base, wanted, plan, deps)
    for key, arn in revisions.items():
        deps.journal.revision_registered(key, arn)
    return revisions


def _revision(base: TaskDefinition, wanted: dict[str, Any], plan: Plan, deps: Dependencies) -> str:
    if "taskDefinitionArn" in base and same(base, wanted):
        return str(base["taskDefinitionArn"])
    return deps.ecs.register(wanted, plan.tags)
