"""What one region holds of an app's task definitions and images, what runs in its clusters, and how to remove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.core.prune import HeldImage, Revision
from deploytool.errors import CloudError

SERVICES_PER_CALL, TASKS_PER_CALL, IMAGES_PER_CALL = 10, 100, 100


class Attic:
    """One region, as one environment's credentials reach it. Every call may raise CloudError."""

    def __init__(self, session: Session) -> None:
        self._ecs = session.client("ecs")
        self._ecr = session.client("ecr")

    def revisions(self, family: str) -> tuple[Revision, ...]:
        """ACTIVE revisions of this family (ListTaskDefinitions, DescribeTaskDefinition)."""
        listed = self._pages(
            self._ecs, "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
        )
        # The prefix is the family's whole name on AWS; elsewhere it may be a prefix indeed.
        arns = [arn for arn in listed if arn.rsplit("/", 1)[-1].rpartition(":")[0] == family]
        return tuple(Revision(arn, self._images_of(arn)) for arn in arns)

    def used(self, cluster: str) -> dict[str, str]:
        """ARN of a task definition to what runs it: services with all their deployments, and tasks."""
        found: dict[str, str] = {}
        names = list(self._pages(self._ecs, "list_services", "serviceArns", cluster=cluster))
        for some in _batches(names, SERVICES_PER_CALL):
            for service in call(self._ecs, "describe_services", cluster=cluster, services=some)["services"]:
                deployments = [each["taskDefinition"] for each in service["deployments"]]
                for arn in (service["taskDefinition"], *deployments):
                    found.setdefault(arn, f"service {service['serviceName']} in cluster {cluster} runs it")
        tasks = list(self._pages(self._ecs, "list_tasks", "taskArns", cluster=cluster))
        for some in _batches(tasks, TASKS_PER_CALL):
            for task in call(self._ecs, "describe_tasks", cluster=cluster, tasks=some)["tasks"]:
                found.setdefault(task["taskDefinitionArn"], f"a task in cluster {cluster} runs it")
        return found

    def images(self, repository: str) -> tuple[HeldImage, ...]:
        """Every image of the repository, oldest first (DescribeImages)."""
        held = sorted(
            self._pages(self._ecr, "describe_images", "imageDetails", repositoryName=repository),
            key=lambda each: str(each.get("imagePushedAt", "")),
        )
        return tuple(HeldImage(repository, each["imageDigest"], tuple(each.get("imageTags", ()))) for each in held)

    def deregister(self, revision: Revision) -> None:
        """DeregisterTaskDefinition: it becomes INACTIVE."""
        call(self._ecs, "deregister_task_definition", taskDefinition=revision.arn)

    def delete(self, images: Sequence[HeldImage]) -> Iterator[tuple[HeldImage, str]]:
        """BatchDeleteImage: each image with why it stayed, or nothing where it is gone. All are of one repository."""
        for some in _batches(images, IMAGES_PER_CALL):
            ids = [{"imageDigest": each.digest} for each in some]
            answer = call(self._ecr, "batch_delete_image", repositoryName=some[0].repository, imageIds=ids)
            failed = {
                each.get("imageId", {}).get(
                    "imageDigest", ""
                ): f"{each.get('failureCode')}: {each.get('failureReason')}"
                for each in answer.get("failures", ())
            }
            yield from ((each, failed.get(each.digest, "")) for each in some)

    def _images_of(self, arn: str) -> tuple[str, ...]:
        definition = call(self._ecs, "describe_task_definition", taskDefinition=arn)["taskDefinition"]
        return tuple(container["image"] for container in definition["containerDefinitions"])

    def _pages(self, client: Any, operation: str, key: str, **parameters: Any) -> Iterable[Any]:
        token: dict[str, str] = {}
        while True:
            answer = call(client, operation, **parameters, **token)
            yield from answer[key]
            if not answer.get("nextToken"):
                return
            if token.get("nextToken") == answer["nextToken"]:
                raise CloudError(f"{operation} answers the same page again and again", "run it again later")
            token = {"nextToken": answer["nextToken"]}


def _batches(items: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
