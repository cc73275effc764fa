"""Which revisions and images are unused: decided from the ledgers and from what runs, never guessed.

Only what a ledger names can be deleted: a revision that CloudFormation or a person registered, or an image that
another tool pushed, is not ours to remove.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploytool.ledger.record import Record
from deploytool.ledger.rollback_target import NoRollbackTarget, target
from deploytool.output.documents import PruneDocument, PruneItemEntry
from deploytool.output.markup import clean, columns, count

MANY_REASONS = 3
"""Reasons kept of one item."""


@dataclass(frozen=True)
class Revision:
    """An ACTIVE task definition. ``images`` are what its containers run, as written there."""

    arn: str
    images: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As ``family:7``."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def family(self) -> str:
        """As ``family``."""
        return self.name.rpartition(":")[0]

    @property
    def number(self) -> int:
        """As ``7``."""
        return int(self.name.rpartition(":")[2])


@dataclass(frozen=True)
class RegistryImage:
    """An image of a repository, with all its tags."""

    repository: str
    digest: str
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people read it."""
        tags = f" ({', '.join(self.tags)})" if self.tags else ""
        return f"{self.repository}@{self.digest[:19]}…{tags}"


@dataclass(frozen=True)
class PruneItem:
    """A revision or image, with the reasons to keep it."""

    resource: Revision | RegistryImage
    reasons: tuple[str, ...] = ()

    @property
    def removable(self) -> bool:
        """There is no reason to keep it."""
        return not self.reasons


@dataclass(frozen=True)
class Ledgers:
    """The ARNs and digests that the ledgers of all environments name."""

    needed: Mapping[str, str]
    """Each with the reason."""
    known: frozenset[str]
    commits: frozenset[str]
    """Shas of all releases: images are tagged by them."""


def read_ledgers(ledgers: Mapping[str, Sequence[Record]], keep: int) -> Ledgers:
    """From the records of each environment, newest first. The last ``keep`` versions of each are needed."""
    needed: dict[str, str] = {}
    for environment, records in ledgers.items():
        for record, why in _needed(records, keep):
            for name in _named(record):
                needed.setdefault(name, f"{why} {record.release_id} in {environment}")
    all_records = [record for records in ledgers.values() for record in records]
    return Ledgers(
        needed,
        frozenset(name for record in all_records for name in _named(record)),
        frozenset(record.commit.sha for record in all_records),
    )


def judge_revisions(
    revisions: Iterable[Revision], used: Mapping[str, str], ledgers: Ledgers, families: Collection[str]
) -> tuple[PruneItem, ...]:
    """``used`` says by ARN which service or task runs it; ``families`` are this app's."""
    ours = sorted(
        (revision for revision in revisions if revision.family in families),
        key=lambda revision: (revision.family, revision.number),
    )
    newest = {revision.family: revision.arn for revision in ours}
    items = []
    for revision in ours:
        reasons = [used.get(revision.arn, ""), ledgers.needed.get(revision.arn, "")]
        if newest[revision.family] == revision.arn:
            reasons.append("newest of its family")
        if revision.arn not in ledgers.known:
            reasons.append("no release of this app made it")
        items.append(_item(revision, reasons))
    return tuple(items)


def judge_images(images: Iterable[RegistryImage], kept: Iterable[Revision], ledgers: Ledgers) -> tuple[PruneItem, ...]:
    """``kept`` are all ACTIVE revisions that are not deleted, of whatever family."""
    by_image = {name: revision for revision in kept for name in revision.images}
    items = []
    for image in images:
        users = [revision for name, revision in by_image.items() if _runs(name, image)]
        reasons = [f"{users[0].name} runs it"] if users else []
        reasons.append(ledgers.needed.get(image.digest, ""))
        if foreign := [tag for tag in image.tags if not _ours(tag, ledgers.commits)]:
            reasons.append(f"has the tag {', '.join(foreign)}, which is not ours")
        if image.digest not in ledgers.known:
            # Of an image for several platforms ECR lists each one, without a tag.
            reasons.append("no release of this app made it")
        items.append(_item(image, reasons))
    return tuple(items)


def _needed(newest_first: Sequence[Record], keep: int) -> Iterable[tuple[Record, str]]:
    """A version that was restored counts once, however often it was."""
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


def _item(resource: Revision | RegistryImage, reasons: Iterable[str]) -> PruneItem:
    return PruneItem(resource, tuple(reason for reason in reasons if reason)[:MANY_REASONS])


def _runs(name: str, image: RegistryImage) -> bool:
    name, _, digest = name.partition("@")
    if digest:
        return digest == image.digest
    name, _, tag = name.rpartition(":")
    return name.endswith(f"/{image.repository}") and tag in image.tags


def _ours(tag: str, commits: Iterable[str]) -> bool:
    """We tag by a commit, shortened or not, and a suffix that distinguishes two images of one commit."""
    start = tag.partition("-")[0]
    return len(start) >= 7 and any(sha.startswith(start) for sha in commits)


def families_of(names: Iterable[str]) -> list[str]:
    """The families of those ``names`` that are ARNs of task definitions."""
    return sorted({Revision(name).family for name in names if ":task-definition/" in name})


def prune_text(items: Sequence[PruneItem]) -> str:
    """One line for each, what is to delete first."""
    delete = [item for item in items if item.removable]
    keep = [item for item in items if not item.removable]
    return "\n".join((
        _section(f"to delete: {count(len(delete), 'item')}", delete),
        _section(f"to keep: {count(len(keep), 'item')}", keep),
    ))  # fmt: skip


def prune_document(items: Sequence[PruneItem], *, applied: bool) -> PruneDocument:
    """``deploytool prune --output json``."""
    return {
        "schema": 1,
        "kind": "prune",
        "exit_code": 0,
        "problems": [],
        "applied": applied,
        "items": [_item_entry(item) for item in items],
    }


def _section(head: str, items: Sequence[PruneItem]) -> str:
    rows = [(_kind(item), clean(item.resource.name), clean("; ".join(item.reasons))) for item in items]
    return "\n".join((f"{head}:" if rows else head, *columns(rows)))


def _kind(item: PruneItem) -> str:
    return "image" if isinstance(item.resource, RegistryImage) else "revision"


def _item_entry(item: PruneItem) -> PruneItemEntry:
    image = item.resource if isinstance(item.resource, RegistryImage) else None
    return {
        "type": "image" if image else "revision",
        "name": item.resource.digest if isinstance(item.resource, RegistryImage) else item.resource.arn,
        "repository": image.repository if image else None,
        "delete": item.removable,
        "reasons": list(item.reasons),
    }
