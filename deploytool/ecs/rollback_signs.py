"""Whether ECS itself returned a service to an earlier deployment, or another person deployed.

ECS makes the earlier deployment PRIMARY again under its old id. It lists ours as FAILED, and drops ours once the
earlier one is COMPLETED. A new id is always a new UpdateService. A reading from before our own UpdateService looks like
a completed rollback; only a positive sign, or time, tells the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto

from deploytool.ecs.deployment_model import Rollout, Sighting, listed
from deploytool.ecs.model import Deployment, ServiceEvent, ServiceState, revision

STALE_FOR = 10.0
"""Seconds after which a reading without our deployment is believed: ECS's readings are eventually consistent."""

_ID = re.compile(r"\becs-svc/[\w-]+")
_FAILED = re.compile(
    r"\bdeployment(?: ecs-svc/[\w-]+\)?)? (?:has |was |is )?fail(?:ed|ure)\b(?! to\b)(?:\s*:\s*(?P<why>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_ROLLS_BACK = re.compile(
    r"\broll(?:s|ed|ing)?[ -]?back\b(?:.*?\bto\b[^.;]*?(?P<target>ecs-svc/[\w-]+))?", re.IGNORECASE | re.DOTALL
)


class Change(Enum):
    """What made a deployment that is not ours PRIMARY."""

    NONE_SEEN = auto()
    """The reading may be from before our UpdateService."""
    RETURN = auto()
    """ECS returned to an earlier deployment."""
    OTHER_UPDATE = auto()
    """An UpdateService that is not ours."""


def change(
    rollout: Rollout, service: ServiceState, primary: Deployment, sighting: Sighting, *, said_by_ecs: bool
) -> Change:
    """What made ``primary``, which is not ours, the PRIMARY deployment of ``service``.

    ``said_by_ecs`` is true where the service deployment's status says that ECS rolls back or did.
    """
    mine = listed(rollout, service)
    sign = said_by_ecs or _sign(rollout, service, primary, sighting)
    earlier = _made_earlier(rollout, primary, mine or sighting.listed)
    fresh = mine is not None or sign or sighting.listed is not None or sighting.absent_for >= STALE_FOR
    if rollout.previous_deployment_id and primary.id == rollout.previous_deployment_id:
        # Where UpdateService had nothing to change, ours is the older one and complete: an earlier reading shows that.
        older = mine is not None and mine.rollout_state == "COMPLETED" and earlier is False and not sign
        return Change.RETURN if fresh and not older else Change.NONE_SEEN
    if primary.id in _targets(rollout, service, primary, sighting):
        return Change.RETURN
    if earlier or _may_be_previous(rollout, primary, mine, earlier):
        return Change.RETURN if fresh else Change.NONE_SEEN
    if not sign:
        return Change.OTHER_UPDATE
    runs_older = earlier is None and _is_older_revision(primary.task_definition, rollout.task_definition)
    return Change.RETURN if runs_older or _runs_previous_revision(rollout, primary) else Change.OTHER_UPDATE


def why_failed(rollout: Rollout, service: ServiceState, sighting: Sighting) -> str | None:
    """Why ECS gave our deployment up, in its words: empty where it gives no reason, ``None`` where it did not fail."""
    failed = _failed(listed(rollout, service), sighting)
    if failed is not None and failed.rollout_state_reason:
        return failed.rollout_state_reason
    for event in service.events:
        if _names(rollout, event.message) and (match := _FAILED.search(event.message)):
            return (match["why"] or "").strip()
    return "" if failed is not None else None


def _sign(rollout: Rollout, service: ServiceState, primary: Deployment, sighting: Sighting) -> bool:
    """Whether ECS says, other than by its choice of a PRIMARY, that our deployment failed."""
    if why_failed(rollout, service, sighting) is not None:
        return True
    return any(_rolls_back(rollout, text) for text in _words(rollout, service, primary, sighting))


def _targets(rollout: Rollout, service: ServiceState, primary: Deployment, sighting: Sighting) -> set[str]:
    """Ids of the deployments that ECS says it rolls back to."""
    matches = (_ROLLS_BACK.search(text) for text in _words(rollout, service, primary, sighting))
    return {match["target"] for match in matches if match and match["target"]}


def _words(rollout: Rollout, service: ServiceState, primary: Deployment, sighting: Sighting) -> Iterable[str]:
    """What ECS says of this rollout, not of one before it."""
    mine = listed(rollout, service)
    # The deployment before ours may itself have been the target of a rollback when ours began.
    if mine is not None or primary.rollout_state_reason != rollout.previous_reason:
        yield primary.rollout_state_reason
    if mine is not None and mine.rollout_state != "COMPLETED":
        yield mine.rollout_state_reason
    for event in service.events:
        if _names(rollout, event.message) or _began_before(rollout, event, service.events, mine or sighting.listed):
            yield event.message


def _rolls_back(rollout: Rollout, text: str) -> bool:
    """Whether ``text`` says that ECS rolls back, and not to our own deployment."""
    match = _ROLLS_BACK.search(text)
    return match is not None and match["target"] != rollout.deployment_id


def _names(rollout: Rollout, text: str) -> bool:
    return rollout.deployment_id in _ID.findall(text)


def _began_before(
    rollout: Rollout, event: ServiceEvent, events: Iterable[ServiceEvent], ours: Deployment | None
) -> bool:
    """Whether ``event`` is newer than the begin of our rollout, by the clock of ECS; false where that is unknown."""
    created = rollout.created_at or (ours.created_at if ours is not None else None)
    if created is not None:
        return event.at > created
    return any(event.at >= each.at for each in events if _names(rollout, each.message))


def _made_earlier(rollout: Rollout, primary: Deployment, ours: Deployment | None) -> bool | None:
    """Whether ``primary`` was made before our deployment; ``None`` where times do not show it."""
    created = (ours.created_at if ours is not None else None) or rollout.created_at
    if created is None or primary.created_at is None or created == primary.created_at:
        return None
    return primary.created_at < created


def _may_be_previous(rollout: Rollout, primary: Deployment, mine: Deployment | None, earlier: bool | None) -> bool:
    """Whether ``primary`` may be the deployment before ours, of which only the revision is known."""
    unknown = not rollout.previous_deployment_id and mine is None and earlier is None
    return unknown and _runs_previous_revision(rollout, primary)


def _runs_previous_revision(rollout: Rollout, primary: Deployment) -> bool:
    before = rollout.previous_task_definition
    return bool(before) and revision(before) == revision(primary.task_definition)


def _failed(mine: Deployment | None, sighting: Sighting) -> Deployment | None:
    return next((each for each in (mine, sighting.listed) if each is not None and each.rollout_state == "FAILED"), None)


def _is_older_revision(one: str, other: str) -> bool:
    """Whether both are of one family and ``one`` was registered first."""
    (family, _, number), (other_family, _, other_number) = (
        revision(one).rpartition(":"),
        revision(other).rpartition(":"),
    )
    return family == other_family and number.isdigit() and other_number.isdigit() and int(number) < int(other_number)
