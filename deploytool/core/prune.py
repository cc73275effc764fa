"""Which old revisions and images nobody needs any more: decided from the ledgers and from what runs, never guessed.

Only what a ledger names can go: a revision that CloudFormation or a person registered, or an image somebody else
pushed, is not ours to remove.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploytool.core.ledger import Record
from deploytool.core.rollback import NoTarget, target

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
class Judged:
    """``reasons`` to stay; none: it can go."""

    what: Revision | HeldImage
    reasons: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
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
) -> tuple[Judged, ...]:
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


def judge_images(images: Iterable[HeldImage], staying: Iterable[Revision], ledgers: Ledgers) -> tuple[Judged, ...]:
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
        elif record.successful and (record.live_id in versions or len(versions) < keep):
            versions.add(record.live_id)
            yield record, "release"
    try:
        yield target(newest_first), "a rollback goes to release"
    except NoTarget:
        return


def _named(record: Record) -> Iterable[str]:
    yield from record.serving.values()
    yield from record.images.values()
    for service in record.services.values():
        if service.after:
            yield service.after
        if not record.finished:
            yield service.before
    if record.migration.revision:
        yield record.migration.revision


def _judged(what: Revision | HeldImage, reasons: Iterable[str]) -> Judged:
    return Judged(what, tuple(reason for reason in reasons if reason)[:MANY_REASONS])


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
