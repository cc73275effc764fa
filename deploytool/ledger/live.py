"""What is live is what ECS runs; the records explain it.

A record says what a release left, and anybody may have deployed since. So every question about what is live begins with
the revisions that the services run now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from deploytool.ecs.model import TaskDefinition, revision
from deploytool.ledger.record import Kind, Record
from deploytool.release.model import Commit, ObservedService, Result

MOST_NAMED = 5
"""Commits that a warning names."""
Services = Mapping[str, ObservedService]
"""Those that exist, by key."""


@dataclass(frozen=True)
class Recorded:
    """The commit (its sha) and release of the revision that a service runs."""

    commit: str
    release_id: str


def recorded(live: Services, newest_first: Iterable[Record]) -> dict[str, Recorded]:
    """By service key: the release that last made its running revision live; without those that no record names.

    Tags would not do: a revision of ``infra apply`` has none, and one that two commits share has those of the first.
    """
    successful = tuple(record for record in newest_first if record.successful)
    names = {}
    for key, service in live.items():
        running = service.state.task_definition
        for record in successful:
            if record.running.get(key) == running and _determines(record, key):
                names[key] = Recorded(record.commit.sha, record.live_release_id)
                break
    return names


def _determines(record: Record, key: str) -> bool:
    """A rollback of some services does not determine the version of the others."""
    return not record.partial or (key in record.services and record.services[key].after is not None)


def live_record(live: Services, newest_first: Iterable[Record]) -> Record | None:
    """The newest record that left every service on what it runs now; ``None`` where no record explains what runs.

    A task definition that changed since, with the images of that release, is the same version, as after
    ``infra apply``. A service that no record names does not count; where that is all of them, nothing explains them.
    """
    successful = [record for record in newest_first if record.successful]
    keys = [key for key in live if any(key in record.running for record in successful)]
    if not keys:
        return None
    by_id = {record.release_id: record for record in successful}
    for record in successful:
        if all(_runs(record, key, live[key]) for key in keys):
            return record
    last = successful[0]
    version = by_id.get(last.live_release_id, last)
    same = all(_runs(last, key, live[key]) or _has_images_of(version, live[key].task_definition) for key in keys)
    return last if same else None


def _runs(record: Record, key: str, service: ObservedService) -> bool:
    return record.running.get(key) == service.state.task_definition


def _has_images_of(release: Record, definition: TaskDefinition) -> bool:
    digests = _digests(definition)
    return bool(digests) and digests.issubset(release.images.values())


def _digests(definition: TaskDefinition) -> frozenset[str]:
    images = (str(container["image"]) for container in definition.get("containerDefinitions", ()))
    return frozenset(image.partition("@")[2] for image in images if "@" in image)


@dataclass(frozen=True)
class Drift:
    """A service that does not run the revision in the ledger. Revisions are ARNs."""

    key: str
    running: str
    recorded: str
    release_id: str
    """The release that made the recorded revision live."""
    same_images: bool = False
    """It runs images of that release: the task definition changed, as by ``infra apply``, but no code did."""
    left_by: str = ""
    """The release that failed, or was interrupted, and left the running revision; empty: it came from outside."""


def drift(live: Services, newest_first: Iterable[Record]) -> tuple[Drift, ...]:
    """Services that run something else than the last successful release of each left.

    A release that changed nothing, or that was rolled back, is no baseline: what it left may be drift itself. Services
    without a record are left out; during a release, when changes are expected, all are.
    """
    records = tuple(newest_first)
    if any(not record.finished for record in records[:1]):
        return ()
    by_id = {record.release_id: record for record in records}
    drifts = []
    for key, service in live.items():
        last = next((record for record in records if record.successful and key in record.running), None)
        running = service.state.task_definition
        if last is not None and last.running[key] != running:
            same_images = _has_images_of(by_id.get(last.live_release_id, last), service.task_definition)
            left_by = "" if same_images else _left_by(key, running, records)
            drifts.append(Drift(key, running, last.running[key], last.release_id, same_images, left_by))
    return tuple(drifts)


def _left_by(key: str, running: str, records: Sequence[Record]) -> str:
    since = takewhile(lambda record: not record.successful, records)
    ours = (record for record in since if key in record.services and record.services[key].after == running)
    return next((record.release_id for record in ours), "")


def drift_text(each: Drift) -> str:
    """What runs, what should, and who changed it."""
    running, recorded = revision(each.running), revision(each.recorded)
    if each.same_images:
        return (
            f"{each.key} serves {running}: the images that release {each.release_id} left under {recorded}, in a task"
            " definition changed since, as `deploytool infra apply` does"
        )
    if each.left_by:
        return f"{each.key} is running {running}, which release {each.left_by} left; {recorded} was live before"
    return (
        f"{each.key} is running {running}, but release {each.release_id} deployed {recorded}"
        " (changed outside deploytool)"
    )


def overwritten(live: Services, newest_first: Iterable[Record], keys: Iterable[str]) -> tuple[str, ...]:
    """Warnings: what was deployed outside deploytool to these services, and will be replaced."""
    chosen = set(keys)
    return tuple(
        f"{drift_text(each)}; this replaces it"
        for each in drift(live, newest_first)
        if each.key in chosen and not each.same_images
    )


_FAILED = (Result.ROLLED_BACK, Result.TIMED_OUT, Result.ROLLBACK_INCOMPLETE, Result.MIGRATION_FAILED)


def failed_before(commit: Commit, newest_first: Iterable[Record]) -> tuple[str, ...]:
    """A warning where the last that the ledger knows of this commit here is that it failed, or was rolled back."""
    records = tuple(newest_first)
    by_id = {record.release_id: record for record in records}
    for record in records:
        replaced = by_id.get(record.previous) if record.successful and record.kind is Kind.ROLLBACK else None
        if replaced is not None and replaced.commit.sha == commit.sha != record.commit.sha:
            by = f" by {record.actor}" if record.actor else ""
            return (f"{commit.short} was rolled back here at {_at(record)}{by}, to {record.commit.short}",)
        if record.commit.sha != commit.sha or record.kind is Kind.ROLLBACK:
            continue
        if record.successful:
            return ()
        if record.result in _FAILED:
            return (f"{commit.short} failed here at {_at(record)} (release {record.release_id}): {record.summary}",)
    return ()


def _at(record: Record) -> str:
    return f"{record.ended_at or record.started_at:%Y-%m-%d %H:%M} UTC"


def goes_backwards(commit: Commit, dropped: Sequence[Commit]) -> tuple[str, ...]:
    """A warning that names the commits that are live and that ``commit`` does not contain."""
    if not dropped:
        return ()
    named = ", ".join(f"{each.short} {each.subject}".rstrip() for each in dropped[:MOST_NAMED])
    more = f" and {len(dropped) - MOST_NAMED} more" if len(dropped) > MOST_NAMED else ""
    return (f"{commit.short} goes backwards: it does not contain what is live: {named}{more}",)


def different_versions(commits: Mapping[str, str]) -> str:
    """Which service runs which commit, where they differ; empty where they do not. ``commits`` are shas by key."""
    if len({sha for sha in commits.values() if sha}) < 2:
        return ""
    return "services run different versions: " + ", ".join(
        f"{key} {sha[:7] or 'unknown'}" for key, sha in commits.items()
    )
