"""Which version each service serves, before and now, read from an outcome for whoever prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploytool.core.observed import revision
from deploytool.core.outcome import BACK, Outcome, ServiceOutcome
from deploytool.core.plan_model import ServiceChange
from deploytool.core.verdict_model import Fate
from deploytool.report.wording import image_version, short_digest


@dataclass(frozen=True)
class Serving:
    """One service's line in a report."""

    key: str
    status: str
    good: bool
    before: str
    """``family:41``"""
    now: str
    """The revision that serves, as far as ECS told."""
    version: str
    """What that revision runs: commit and short digest where it is ours, else the image's digest or tag."""
    tried: str = ""
    """The revision that was registered and does not serve."""
    detail: str = ""


def serving(outcome: Outcome) -> tuple[Serving, ...]:
    """A line for every service of the plan, those that the release never came to included."""
    changes = {change.key: change for change in outcome.plan.changes}
    reached = {service.key for service in outcome.services}
    return (
        *(_reached(service, changes.get(service.key), outcome) for service in outcome.services),
        *(_untouched(change) for key, change in changes.items() if key not in reached),
        *(_already_running(change, outcome) for change in outcome.plan.already_running),
    )


def _reached(service: ServiceOutcome, change: ServiceChange | None, outcome: Outcome) -> Serving:
    ours = service.after is not None and service.serving == service.after
    status, detail = _status(service, ours)
    return Serving(
        key=service.key,
        status=status,
        good=ours and service.verdict.fate is Fate.LIVE,
        before=revision(service.before),
        now=revision(service.serving),
        version=_ours(change, outcome) if ours else _before(change, service.serving),
        tried="" if ours or service.after is None else revision(service.after),
        detail=detail,
    )


def _already_running(change: ServiceChange, outcome: Outcome) -> Serving:
    now, status = revision(change.back_to), "live" if outcome.live else "not changed"
    return Serving(change.key, status, outcome.live, now, now, _ours(change, outcome))


def _untouched(change: ServiceChange) -> Serving:
    now = revision(change.back_to)
    return Serving(change.key, "not changed", False, now, now, _before(change, change.back_to))


def _status(service: ServiceOutcome, ours: bool) -> tuple[str, str]:
    if service.verdict.fate is Fate.LIVE and ours and service.back is None:
        return "live", ""
    if service.serving == service.before and (service.back is None or service.back.fate in BACK):
        return ("rolled back" if service.after else "not changed"), service.verdict.detail
    if service.serving == service.before and service.back and service.back.fate in (Fate.WAITING, Fate.ROLLING_BACK):
        return "on its way back", ""
    last = service.back or service.verdict
    if last.fate is Fate.ROLLED_BACK:  # ECS returned past the version before, to the last that had completed
        return "rolled back", last.detail
    return f"{'NOT back: ' if service.back else ''}{last.fate.value}", last.detail


def _ours(change: ServiceChange | None, outcome: Outcome) -> str:
    digests = dict(outcome.digests)
    names = dict.fromkeys(change.images.values()) if change else digests
    shown = [short_digest(digests[name]) for name in names if name in digests]
    return " ".join([outcome.plan.request.commit.short, *shown])


def _before(change: ServiceChange | None, serves: str) -> str:
    # A template is not what serves: only the live revision's own images tell the version.
    if change is None or serves != change.back_to or change.base.get("taskDefinitionArn") != change.back_to:
        return ""
    containers: tuple[Mapping[str, str], ...] = tuple(change.base.get("containerDefinitions", ()))
    shown = (image_version(each["image"]) for each in containers if each.get("name") in change.images)
    return " ".join(dict.fromkeys((*([change.commit_before[:7]] if change.commit_before else []), *shown)))
