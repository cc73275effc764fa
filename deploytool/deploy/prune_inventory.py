"""What prune reads and deletes: one region's task definitions and images, judged by the ledgers of all environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby

from deploytool.aws.call import batches, call, paginate
from deploytool.aws.session import Session
from deploytool.config.yaml import read_config
from deploytool.deploy.context import Context, ledger_of, lock_of, open_context, release_id, start_run
from deploytool.deploy.prune import (
    PruneItem,
    RegistryImage,
    Revision,
    families_of,
    judge_images,
    judge_revisions,
    read_ledgers,
)
from deploytool.errors import CloudError
from deploytool.ledger.lock import LockState
from deploytool.ledger.lock_store import acquire

SERVICES_PER_CALL, TASKS_PER_CALL, IMAGES_PER_CALL = 10, 100, 100


class PruneIncomplete(CloudError):
    """Some of what was to be deleted still exists."""


class PruneInventory:
    """One region, as one environment's credentials reach it. Every call may raise CloudError."""

    def __init__(self, session: Session) -> None:
        self._ecs = session.client("ecs")
        self._ecr = session.client("ecr")

    def revisions(self, family: str) -> tuple[Revision, ...]:
        """ACTIVE revisions of this family."""
        listed = paginate(
            self._ecs, "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
        )
        # On AWS the prefix is the family's whole name; elsewhere it may be a prefix indeed.
        arns = [arn for arn in listed if arn.rsplit("/", 1)[-1].rpartition(":")[0] == family]
        return tuple(Revision(arn, self._images_of(arn)) for arn in arns)

    def used(self, cluster: str) -> dict[str, str]:
        """ARN of a task definition to what runs it: services with all their deployments, and tasks."""
        users: dict[str, str] = {}
        names = list(paginate(self._ecs, "list_services", "serviceArns", cluster=cluster))
        for batch in batches(names, SERVICES_PER_CALL):
            for service in call(self._ecs, "describe_services", cluster=cluster, services=batch)["services"]:
                deployments = [deployment["taskDefinition"] for deployment in service["deployments"]]
                for arn in (service["taskDefinition"], *deployments):
                    users.setdefault(arn, f"service {service['serviceName']} in cluster {cluster} runs it")
        tasks = list(paginate(self._ecs, "list_tasks", "taskArns", cluster=cluster))
        for batch in batches(tasks, TASKS_PER_CALL):
            for task in call(self._ecs, "describe_tasks", cluster=cluster, tasks=batch)["tasks"]:
                users.setdefault(task["taskDefinitionArn"], f"a task in cluster {cluster} runs it")
        return users

    def images(self, repository: str) -> tuple[RegistryImage, ...]:
        """Every image of the repository, oldest first."""
        details = sorted(
            paginate(self._ecr, "describe_images", "imageDetails", repositoryName=repository),
            key=lambda detail: str(detail.get("imagePushedAt", "")),
        )
        return tuple(
            RegistryImage(repository, detail["imageDigest"], tuple(detail.get("imageTags", ()))) for detail in details
        )

    def deregister(self, revision: Revision) -> None:
        """It becomes INACTIVE."""
        call(self._ecs, "deregister_task_definition", taskDefinition=revision.arn)

    def delete(self, images: Sequence[RegistryImage]) -> Iterator[tuple[RegistryImage, str]]:
        """Each image with why it was not deleted, or nothing where it was. All are of one repository."""
        for batch in batches(images, IMAGES_PER_CALL):
            ids = [{"imageDigest": image.digest} for image in batch]
            answer = call(self._ecr, "batch_delete_image", repositoryName=batch[0].repository, imageIds=ids)
            failures = {
                failure.get("imageId", {}).get("imageDigest", ""): (
                    f"{failure.get('failureCode')}: {failure.get('failureReason')}"
                )
                for failure in answer.get("failures", ())
            }
            yield from ((image, failures.get(image.digest, "")) for image in batch)

    def _images_of(self, arn: str) -> tuple[str, ...]:
        definition = call(self._ecs, "describe_task_definition", taskDefinition=arn)["taskDefinition"]
        return tuple(container["image"] for container in definition["containerDefinitions"])


@dataclass(frozen=True)
class RegionInventory:
    """The environments of one region, and what it holds."""

    contexts: tuple[Context, ...]
    inventory: PruneInventory

    def items(self, keep: int) -> tuple[PruneItem, ...]:
        """Every revision and image, with the reasons to keep it. Raises CloudError, NoLedger."""
        ledgers = read_ledgers(
            {context.settings.environment: ledger_of(context).recent() for context in self.contexts}, keep
        )
        used: dict[str, str] = {}
        for cluster in dict.fromkeys(context.settings.cluster for context in self.contexts):
            used = self.inventory.used(cluster) | used
        families = families_of((*ledgers.known, *used))
        revisions = tuple(revision for family in families for revision in self.inventory.revisions(family))
        items = judge_revisions(revisions, used, ledgers, families_of(ledgers.known))
        removable = {item.resource for item in items if item.removable}
        kept = [revision for revision in revisions if revision not in removable]
        repositories = dict.fromkeys(
            image.repository
            for context in self.contexts
            for image in context.settings.images.values()
            if image.repository
        )
        images = tuple(image for name in repositories for image in self.inventory.images(name))
        return (*items, *judge_images(images, kept, ledgers))

    def remove(self, items: Sequence[PruneItem], write_line: Callable[[str], None]) -> None:
        """Delete what is removable, revisions before the images they name. Raises PruneIncomplete, CloudError."""
        resources = [item.resource for item in items if item.removable]
        for revision in resources:
            if isinstance(revision, Revision):
                self.inventory.deregister(revision)
                write_line(f"deregistered {revision.name}")
        images = [image for image in resources if isinstance(image, RegistryImage)]
        left = []
        for _, of_repository in groupby(images, key=lambda image: image.repository):
            for image, failure in self.inventory.delete(list(of_repository)):
                write_line(f"not deleted: {image.name}: {failure}" if failure else f"deleted {image.name}")
                left += [image.name] if failure else []
        if left:
            raise PruneIncomplete(
                f"{len(left)} images could not be deleted: {', '.join(left)}", "see the reasons above"
            )


@contextmanager
def open_inventories(config: str, *, locked: bool) -> Iterator[tuple[RegionInventory, ...]]:
    """The regions of all environments; with ``locked`` their locks are ours, so that no release needs what is deleted.

    Raises Locked, NoLedger, ConfigurationError, CloudError.
    """
    contexts = [open_context(config, name) for name in read_config(config).environments]
    contexts.sort(key=lambda context: context.settings.region)
    run = start_run()
    with ExitStack() as stack:
        for lock in [lock_of(context) for context in contexts]:
            if locked:
                origin = run.triggered_by
                request = LockState(owner=release_id(), actor=origin.actor, run_url=origin.run_url, reason="prune")
                stack.enter_context(acquire(lock, request, run.clock))
        regions = [tuple(group) for _, group in groupby(contexts, key=lambda context: context.settings.region)]
        yield tuple(RegionInventory(group, PruneInventory(group[0].session)) for group in regions)
