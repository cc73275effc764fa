"""Which old revisions and images nobody needs any more: decided from the ledgers and from what runs, never guessed.

Only what a ledger names can go: a revision that CloudFormation or a person registered, or an image somebody else
pushed, is not ours to remove.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from deploytool.aws.call import batches, call, paginate
from deploytool.aws.session import Session
from deploytool.config.yaml import read_config
from deploytool.deploy.context import Context, SystemClock, ledger_of, lock_of, open_context, release_id, triggered_by
from deploytool.errors import CloudError
from deploytool.ledger.lock_store import acquire
from deploytool.ledger.record import Record
from deploytool.ledger.rollback_target import NoRollbackTarget, target
from deploytool.output.markup import clean, columns, count

# SEG core.prune
# Which old revisions and images nobody needs any more: decided from the ledgers and from what runs, never guessed.
#
# Only what a ledger names can go: a revision that CloudFormation or a person registered, or an image somebody else
# pushed, is not ours to remove.

MANY_REASONS = 3
"""Reasons kept of one thing: more say nothing more."""


@dataclass(frozen=True)
class Revision:
    """An ACTIVE task definition. ``images`` are what its containers run, as written there."""

    arn: str
    images: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``family:7``."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def family(self) -> str:
        """The part before the number."""
        return self.name.rpartition(":")[0]

    @property
    def number(self) -> int:
        """The part behind it."""
        return int(self.name.rpartition(":")[2])


@dataclass(frozen=True)
class HeldImage:
    """An image of a repository, with every tag it has."""

    repository: str
    digest: str
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For people."""
        tags = f" ({', '.join(self.tags)})" if self.tags else ""
        return f"{self.repository}@{self.digest[:19]}…{tags}"


@dataclass(frozen=True)
class PruneItem:
    """``reasons`` to stay; none: it can go."""

    what: Revision | HeldImage
    reasons: tuple[str, ...] = ()

    @property
    def removable(self) -> bool:
        """Nobody needs it."""
        return not self.reasons


@dataclass(frozen=True)
class Ledgers:
    """What the ledgers of all environments say: ARNs and digests, each with why it is known or needed."""

    needed: Mapping[str, str]
    known: frozenset[str]
    commits: frozenset[str]
    """Shas of every release there ever was: images are tagged by them."""


def read(ledgers: Mapping[str, Sequence[Record]], keep: int) -> Ledgers:
    """From the records of each environment, newest first. The last ``keep`` versions of each are needed."""
    needed: dict[str, str] = {}
    for environment, records in ledgers.items():
        for record, why in _needed(records, keep):
            for thing in _named(record):
                needed.setdefault(thing, f"{why} {record.release_id} in {environment}")
    everything = [record for records in ledgers.values() for record in records]
    return Ledgers(
        needed,
        frozenset(thing for record in everything for thing in _named(record)),
        frozenset(record.commit.sha for record in everything),
    )


def judge_revisions(
    revisions: Iterable[Revision], used: Mapping[str, str], ledgers: Ledgers, families: Collection[str]
) -> tuple[PruneItem, ...]:
    """``used`` says by ARN which service or task runs it; ``families`` are this app's."""
    ours = sorted((each for each in revisions if each.family in families), key=lambda each: (each.family, each.number))
    newest = {each.family: each.arn for each in ours}
    found = []
    for each in ours:
        reasons = [used.get(each.arn, ""), ledgers.needed.get(each.arn, "")]
        if newest[each.family] == each.arn:
            reasons.append("newest of its family")
        if each.arn not in ledgers.known:
            reasons.append("no release of this app made it")
        found.append(_judged(each, reasons))
    return tuple(found)


def judge_images(images: Iterable[HeldImage], staying: Iterable[Revision], ledgers: Ledgers) -> tuple[PruneItem, ...]:
    """``staying`` are all ACTIVE revisions that do not go, of whatever family."""
    by_image = {image: revision for revision in staying for image in revision.images}
    found = []
    for each in images:
        users = [revision for image, revision in by_image.items() if _runs(image, each)]
        reasons = [f"{users[0].name} runs it"] if users else []
        reasons.append(ledgers.needed.get(each.digest, ""))
        if strange := [tag for tag in each.tags if not _ours(tag, ledgers.commits)]:
            reasons.append(f"tagged {', '.join(strange)} by somebody else")
        if each.digest not in ledgers.known:
            # ECR lists the platforms of an image for several, too, each without a tag.
            reasons.append("no release of this app made it")
        found.append(_judged(each, reasons))
    return tuple(found)


def _needed(newest_first: Sequence[Record], keep: int) -> Iterable[tuple[Record, str]]:
    """A version that was brought back counts once, however often it was."""
    versions: set[str] = set()
    for record in newest_first:
        if not record.finished:
            yield record, "unfinished release"
        elif record.successful and (record.live_release_id in versions or len(versions) < keep):
            versions.add(record.live_release_id)
            yield record, "release"
    try:
        yield target(newest_first), "a rollback goes to release"
    except NoRollbackTarget:
        return


def _named(record: Record) -> Iterable[str]:
    yield from record.running.values()
    yield from record.images.values()
    for service in record.services.values():
        if service.after:
            yield service.after
        if not record.finished:
            yield service.before
    if record.migration.revision:
        yield record.migration.revision


def _judged(what: Revision | HeldImage, reasons: Iterable[str]) -> PruneItem:
    return PruneItem(what, tuple(reason for reason in reasons if reason)[:MANY_REASONS])


def _runs(image: str, held: HeldImage) -> bool:
    name, _, digest = image.partition("@")
    if digest:
        return digest == held.digest
    name, _, tag = name.rpartition(":")
    return name.endswith(f"/{held.repository}") and tag in held.tags


def _ours(tag: str, commits: Iterable[str]) -> bool:
    """We tag by a commit, shortened or not, and by what tells two images of one commit apart."""
    start = tag.partition("-")[0]
    return len(start) >= 7 and any(sha.startswith(start) for sha in commits)


# SEG aws.prune
# What one region holds of an app's task definitions and images, what runs in its clusters, and how to remove it.

SERVICES_PER_CALL, TASKS_PER_CALL, IMAGES_PER_CALL = 10, 100, 100


class PruneInventory:
    """One region, as one environment's credentials reach it. Every call may raise CloudError."""

    def __init__(self, session: Session) -> None:
        self._ecs = session.client("ecs")
        self._ecr = session.client("ecr")

    def revisions(self, family: str) -> tuple[Revision, ...]:
        """ACTIVE revisions of this family (ListTaskDefinitions, DescribeTaskDefinition)."""
        listed = paginate(
            self._ecs, "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
        )
        # The prefix is the family's whole name on AWS; elsewhere it may be a prefix indeed.
        arns = [arn for arn in listed if arn.rsplit("/", 1)[-1].rpartition(":")[0] == family]
        return tuple(Revision(arn, self._images_of(arn)) for arn in arns)

    def used(self, cluster: str) -> dict[str, str]:
        """ARN of a task definition to what runs it: services with all their deployments, and tasks."""
        found: dict[str, str] = {}
        names = list(paginate(self._ecs, "list_services", "serviceArns", cluster=cluster))
        for some in batches(names, SERVICES_PER_CALL):
            for service in call(self._ecs, "describe_services", cluster=cluster, services=some)["services"]:
                deployments = [each["taskDefinition"] for each in service["deployments"]]
                for arn in (service["taskDefinition"], *deployments):
                    found.setdefault(arn, f"service {service['serviceName']} in cluster {cluster} runs it")
        tasks = list(paginate(self._ecs, "list_tasks", "taskArns", cluster=cluster))
        for some in batches(tasks, TASKS_PER_CALL):
            for task in call(self._ecs, "describe_tasks", cluster=cluster, tasks=some)["tasks"]:
                found.setdefault(task["taskDefinitionArn"], f"a task in cluster {cluster} runs it")
        return found

    def images(self, repository: str) -> tuple[HeldImage, ...]:
        """Every image of the repository, oldest first (DescribeImages)."""
        held = sorted(
            paginate(self._ecr, "describe_images", "imageDetails", repositoryName=repository),
            key=lambda each: str(each.get("imagePushedAt", "")),
        )
        return tuple(HeldImage(repository, each["imageDigest"], tuple(each.get("imageTags", ()))) for each in held)

    def deregister(self, revision: Revision) -> None:
        """DeregisterTaskDefinition: it becomes INACTIVE."""
        call(self._ecs, "deregister_task_definition", taskDefinition=revision.arn)

    def delete(self, images: Sequence[HeldImage]) -> Iterator[tuple[HeldImage, str]]:
        """BatchDeleteImage: each image with why it stayed, or nothing where it is gone. All are of one repository."""
        for some in batches(images, IMAGES_PER_CALL):
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


# SEG cli.attics
# Every environment of a configuration, region by region: one app's revisions and images are judged by all of them.


class PruneIncomplete(CloudError):
    """Some of what could go is still there."""


@dataclass(frozen=True)
class RegionInventory:
    """The environments of one region, and what it holds."""

    projects: tuple[Context, ...]
    attic: PruneInventory

    def judged(self, keep: int) -> tuple[PruneItem, ...]:
        """Every revision and image, with the reasons to stay. Raises CloudError, NoLedger."""
        records = {each.settings.environment: ledger_of(each).recent() for each in self.projects}
        ledgers = read(records, keep)
        used: dict[str, str] = {}
        for cluster in dict.fromkeys(each.settings.cluster for each in self.projects):
            used = self.attic.used(cluster) | used
        revisions = tuple(each for family in _families(ledgers, used) for each in self.attic.revisions(family))
        families = _families(ledgers, {})
        found = judge_revisions(revisions, used, ledgers, families)
        gone = {each.what for each in found if each.removable}
        staying = [each for each in revisions if each not in gone]
        repositories = dict.fromkeys(
            image.repository for each in self.projects for image in each.settings.images.values() if image.repository
        )
        images = tuple(image for name in repositories for image in self.attic.images(name))
        return (*found, *judge_images(images, staying, ledgers))

    def remove(self, judged: Sequence[PruneItem], write_line: Callable[[str], None]) -> None:
        """What goes, revisions first: an image is needed for as long as something names it. Raises PruneIncomplete."""
        for each in judged:
            if each.removable and isinstance(each.what, Revision):
                self.attic.deregister(each.what)
                write_line(f"deregistered {each.what.name}")
        going = [each.what for each in judged if each.removable and isinstance(each.what, HeldImage)]
        left = []
        for _, some in groupby(going, key=lambda image: image.repository):
            for image, why in self.attic.delete(list(some)):
                write_line(f"{image.name} stays: {why}" if why else f"deleted {image.name}")
                left += [image.name] if why else []
        if left:
            raise PruneIncomplete(
                f"{len(left)} images could not be deleted: {', '.join(left)}", "see the reasons above"
            )


def _families(ledgers: Ledgers, used: dict[str, str]) -> list[str]:
    arns = [*ledgers.known, *used]
    return sorted({Revision(arn).family for arn in arns if ":task-definition/" in arn})


@contextmanager
def every_environment(config: str, *, changing: bool) -> Iterator[tuple[RegionInventory, ...]]:
    """The regions; with ``changing`` the locks of all environments are ours, so that no release needs what goes.

    Raises Locked, NoLedger, ConfigurationError, CloudError.
    """
    projects = [open_context(config, name) for name in read_config(config).environments]
    projects.sort(key=lambda each: each.settings.region)
    clock = SystemClock()
    clock.listen()
    with ExitStack() as stack:
        for each in projects:
            lock = lock_of(each)
            if changing:
                who = triggered_by()
                stack.enter_context(
                    acquire(lock, owner=release_id(), clock=clock, actor=who.actor, run_url=who.run_url, reason="prune")
                )
        regions = [tuple(some) for _, some in groupby(projects, key=lambda each: each.settings.region)]
        yield tuple(RegionInventory(some, PruneInventory(some[0].session)) for some in regions)


# SEG report.prune
# What can go and why the rest stays, for people and for scripts.


def prune_text(judged: Sequence[PruneItem]) -> str:
    """One line for each, what goes first."""
    going, staying = _split(judged)
    told = [_section(f"can go: {count(len(going), 'thing')}", going)]
    told.append(_section(f"stays: {count(len(staying), 'thing')}", staying))
    return "\n".join(told)


def prune_document(judged: Sequence[PruneItem], *, carried_out: bool) -> dict[str, Any]:
    """``deploytool prune --output json``."""
    return {"schema": 1, "carried_out": carried_out, "things": [_thing(each) for each in judged]}


def _split(judged: Sequence[PruneItem]) -> tuple[list[PruneItem], list[PruneItem]]:
    return [each for each in judged if each.removable], [each for each in judged if not each.removable]


def _section(head: str, judged: Sequence[PruneItem]) -> str:
    rows = [(kind(each), clean(each.what.name), clean("; ".join(each.reasons))) for each in judged]
    return "\n".join((f"{head}:" if rows else head, *columns(rows)))


def kind(judged: PruneItem) -> str:
    """``image`` or ``revision``."""
    return "image" if isinstance(judged.what, HeldImage) else "revision"


def _thing(judged: PruneItem) -> dict[str, Any]:
    name = judged.what.digest if isinstance(judged.what, HeldImage) else judged.what.arn
    repository = {"repository": judged.what.repository} if isinstance(judged.what, HeldImage) else {}
    return {"kind": kind(judged), "name": name, **repository, "goes": judged.removable, "reasons": list(judged.reasons)}
