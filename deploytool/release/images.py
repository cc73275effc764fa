"""Build what the registry does not hold, refuse what may not run, and register the revisions that will."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.ecs.model import TaskDefinition, revision
from deploytool.ecs.task_definition import same
from deploytool.errors import DeployError
from deploytool.release.events import OutputLine, WarningIssued
from deploytool.release.image_choice import cpu_problems
from deploytool.release.model import Build, ImageChoice, Migrate, Plan, StepName
from deploytool.release.planner import ReleasePreconditionFailed, payload
from deploytool.release.ports import Dependencies


def build(step: Build, plan: Plan, deps: Dependencies) -> dict[str, str]:
    """Digest per image. Raises BuildError; ReleasePreconditionFailed where image and task differ in CPU."""
    digests = {}
    for name in step.images:
        choice = plan.images[name]
        published = deps.builder.build(choice, lambda line: deps.emit(OutputLine(StepName.BUILD, line)))
        deps.journal.image_built(name, published.digest)
        problems = [
            problem for who, base in _runners(plan, name) for problem in cpu_problems(name, published, base, who)
        ]
        if problems:
            raise ReleasePreconditionFailed(tuple(problems))
        gate(choice, published.digest, deps)
        digests[name] = published.digest
    return digests


def gate(choice: ImageChoice, digest: str, deps: Dependencies) -> None:
    """Raise ScanRefused where the image's scan findings are worse than configured."""
    deps.builder.gate(choice, digest, lambda line: deps.emit(OutputLine(StepName.BUILD, line)))


def name_images(plan: Plan, digests: Mapping[str, str], deps: Dependencies) -> None:
    """Move the further tags to what is live now; one that cannot be moved changes no outcome."""
    for name, choice in plan.images.items():
        try:
            if choice.also_tags and name in digests:
                deps.builder.tag(choice, digests[name])
        except DeployError as error:
            deps.emit(WarningIssued(f"image {name}: {error.cause}; {error.fix}"))


def _runners(plan: Plan, image: str) -> Iterator[tuple[str, TaskDefinition]]:
    for change in plan.changes:
        if image in change.images.values():
            yield change.key, change.base
    for step in plan.steps:
        if isinstance(step, Migrate) and step.image == image:
            yield "migrate", step.base


def register_revisions(plan: Plan, digests: Mapping[str, str], deps: Dependencies) -> dict[str, str]:
    """ARN per service key, and per ``migrate``: registered now, or an identical one used again."""
    deps.lease.check()
    revisions = {}
    for step in plan.steps:
        if isinstance(step, Migrate):
            document = payload(step.base, {step.container: step.image}, plan.images, digests, step.family)
            revisions["migrate"] = _registered(step.base, document, plan, deps)
    for change in plan.changes:
        family = revision(change.previous_revision).rpartition(":")[0]
        revisions[change.key] = change.revision or _registered(
            change.base, payload(change.base, change.images, plan.images, digests, family), plan, deps
        )
    for key, arn in revisions.items():
        deps.journal.revision_registered(key, arn)
    return revisions


def _registered(base: TaskDefinition, document: dict[str, Any], plan: Plan, deps: Dependencies) -> str:
    if "taskDefinitionArn" in base and same(base, document):
        return str(base["taskDefinitionArn"])
    return deps.ecs.register(document, plan.tags)
