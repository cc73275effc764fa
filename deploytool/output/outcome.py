"""Which version each service serves, before and now, read from an outcome for whoever prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ecs.model import revision
from deploytool.output.markup import (
    clean,
    cleaned,
    columns,
    container_prefix,
    duration,
    image_version,
    short_digest,
    words,
)
from deploytool.release.model import REVERTED, Outcome, ServiceOutcome, ServiceUpdate

# Which version each service serves, before and now, read from an outcome for whoever prints it.


@dataclass(frozen=True)
class ServedVersion:
    """One service's line in a report."""

    key: str
    status: str
    succeeded: bool
    before: str
    """``family:41``"""
    now: str
    """The revision that serves, as far as ECS told."""
    version: str
    """What that revision runs: commit and short digest where it is ours, else the image's digest or tag."""
    tried: str = ""
    """The revision that was registered and does not serve."""
    detail: str = ""


def served_versions(outcome: Outcome) -> tuple[ServedVersion, ...]:
    """A line for every service of the plan, those that the release never came to included."""
    changes = {change.key: change for change in outcome.plan.changes}
    reached = {service.key for service in outcome.services}
    return (
        *(_reached(service, changes.get(service.key), outcome) for service in outcome.services),
        *(_untouched(change) for key, change in changes.items() if key not in reached),
        *(_already_running(change, outcome) for change in outcome.plan.already_running),
    )


def _reached(service: ServiceOutcome, change: ServiceUpdate | None, outcome: Outcome) -> ServedVersion:
    ours = service.after is not None and service.running == service.after
    status, detail = _status(service, ours)
    return ServedVersion(
        key=service.key,
        status=status,
        succeeded=ours and service.status.state is DeploymentState.SUCCEEDED,
        before=revision(service.before),
        now=revision(service.running),
        version=_ours(change, outcome) if ours else _before(change, service.running),
        tried="" if ours or service.after is None else revision(service.after),
        detail=detail,
    )


def _already_running(change: ServiceUpdate, outcome: Outcome) -> ServedVersion:
    now, status = revision(change.previous_revision), "live" if outcome.live else "not changed"
    return ServedVersion(change.key, status, outcome.live, now, now, _ours(change, outcome))


def _untouched(change: ServiceUpdate) -> ServedVersion:
    now = revision(change.previous_revision)
    return ServedVersion(change.key, "not changed", False, now, now, _before(change, change.previous_revision))


def _status(service: ServiceOutcome, ours: bool) -> tuple[str, str]:
    if service.status.state is DeploymentState.SUCCEEDED and ours and service.revert is None:
        return "live", ""
    if service.running == service.before and (service.revert is None or service.revert.state in REVERTED):
        return ("rolled back" if service.after else "not changed"), service.status.detail
    if (
        service.running == service.before
        and service.revert
        and service.revert.state in (DeploymentState.IN_PROGRESS, DeploymentState.ROLLING_BACK)
    ):
        return "rolling back", ""
    last = service.revert or service.status
    # ECS returned past the previous version, to the last that had completed.
    if last.state is DeploymentState.ROLLED_BACK:
        return "rolled back", last.detail
    return f"{'NOT back: ' if service.revert else ''}{words(last.state)}", last.detail


def _ours(change: ServiceUpdate | None, outcome: Outcome) -> str:
    digests = dict(outcome.digests)
    names = dict.fromkeys(change.images.values()) if change else digests
    shown = [short_digest(digests[name]) for name in names if name in digests]
    return " ".join([outcome.plan.request.commit.short, *shown])


def _before(change: ServiceUpdate | None, serves: str) -> str:
    # A template is not what serves: only the live revision's own images tell the version.
    if (
        change is None
        or serves != change.previous_revision
        or change.base.get("taskDefinitionArn") != change.previous_revision
    ):
        return ""
    containers: tuple[Mapping[str, str], ...] = tuple(change.base.get("containerDefinitions", ()))
    shown = (image_version(each["image"]) for each in containers if each.get("name") in change.images)
    return " ".join(dict.fromkeys((*([change.commit_before[:7]] if change.commit_before else []), *shown)))


# What a release came to, as the last block of text a person reads.

LOG_LINES = 50


def outcome_text(outcome: Outcome) -> str:
    """The outcome for a person, ending with a newline: sentence, services, reasons, times."""
    parts: list[tuple[str, ...]] = [
        (f"{'✓' if outcome.succeeded else '✗'} {clean(outcome.summary)}",),
        _services(served_versions(outcome)),
        *(_reason(diagnosis) for diagnosis in outcome.diagnoses),
        _times(outcome),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _services(rows: tuple[ServedVersion, ...]) -> tuple[str, ...]:
    if not rows:
        return ()
    table: list[tuple[str, ...]] = [
        ("service", "status", "before", "serves now", "version"),
        *((row.key, row.status, row.before, row.now, row.version) for row in rows),
    ]
    if all(row.before == row.now for row in rows):
        # What serves is what served before: said once, it fits a terminal of 80 columns.
        table = [(key, status, now, version) for key, status, _, now, version in table]
    return columns(table)


def _reason(diagnosis: Diagnosis) -> tuple[str, ...]:
    about = f"{subject}: " if (subject := container_prefix(diagnosis)) else ""
    parts = [f"Why: {about}{clean(diagnosis.cause)}"]
    if diagnosis.fix:
        parts.append(f"Fix: {clean(diagnosis.fix)}")
    if diagnosis.more:
        parts.extend(f"{diagnosis.quoted} says: {line}" for line in cleaned([diagnosis.more]))
    if lines := cleaned(diagnosis.log)[-LOG_LINES:]:
        parts.append("Last lines of its log:")
        parts.extend(f"  | {line}".rstrip() for line in lines)
    return tuple(parts)


def _times(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.timings:
        return ()
    steps = ", ".join(f"{timing.step} {duration(timing.seconds)}" for timing in outcome.timings)
    return (f"Took {duration(outcome.seconds)}: {steps}",)
