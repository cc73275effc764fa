"""Back to which release, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.ecs.model import ServiceState
from deploytool.ledger.record import Record
from deploytool.ledger.rollback_target import (
    NoRollbackTarget,
    NotCurrentRelease,
    replaced_release,
    require_current,
    rollback_target,
    rolled_back_release,
    target,
)
from deploytool.release.events import ReplacedRelease
from deploytool.release.model import GithubRecord, ObservedService, Result
from tests.unit.ledger.rollback_cases import BACK_TO_1, BACK_TO_2, FAILED, R1, R2, R3, THREE, made, newest_first


def serving(app: str = "arn:app:8", worker: str = "arn:worker:8") -> dict[str, ObservedService]:
    """What ECS runs."""
    arns = {"app": app, "worker": worker}
    return {
        key: ObservedService(key, ServiceState(f"shop-{key}", "", "shop", "ACTIVE", arn, 1, 1, 0), {})
        for key, arn in arns.items()
    }


SERVES = serving()
EACH = tuple(
    replace(each, running={key: f"arn:{key}:{each.release_id[1:]}1" for key in ("app", "worker")}) for each in THREE
)
"""Each release with revisions of its own."""
ONCE = newest_first(R1, R2, R3, BACK_TO_2)
TWICE = newest_first(R1, R2, R3, BACK_TO_2, BACK_TO_1)
AND_ON = newest_first(R1, R2, R3, BACK_TO_2, made("r5", "r2"))


@pytest.mark.parametrize(
    ("records", "back", "goal"),
    [
        (THREE, 1, "r2"),
        (THREE, 2, "r1"),
        (newest_first(R1, R2, R3, FAILED), 1, "r2"),
        (newest_first(R1, R2, R3, made("r4", result=Result.NOTHING_TO_DO)), 1, "r2"),
        # A second rollback goes one further back, never forth again to what was rolled back.
        (ONCE, 1, "r1"),
        # A release after a rollback comes after what the rollback brought back.
        (AND_ON, 1, "r2"),
        (AND_ON, 2, "r1"),
    ],
)
def test_it_goes_to_what_was_live_before(records: tuple[Record, ...], back: int, goal: str) -> None:
    assert target(records, steps=back).release_id == goal


@pytest.mark.parametrize(
    ("records", "wanted", "goal"),
    [
        (THREE, "r1", "r1"),
        (THREE, "1111111", "r1"),
        (THREE, "1" * 40, "r1"),
        # To a rollback means: to what it brought back.
        (ONCE, "r4", "r2"),
        # What the rollback brought back is older than the ledger remembers: its own record says where to go.
        (newest_first(R3, BACK_TO_2), "r4", "r4"),
        # Of two releases of one commit the newer counts; a rollback is found by its id only.
        (newest_first(R1, made("r11"), R3, BACK_TO_1), "1111111", "r11"),
    ],
)
def test_it_goes_to_what_was_named(records: tuple[Record, ...], wanted: str, goal: str) -> None:
    assert target(records, wanted).release_id == goal


@pytest.mark.parametrize(
    ("records", "wanted", "back", "why"),
    [
        ((), "", 1, "has no successful release yet"),
        ((FAILED,), "r4", 1, "has no successful release yet"),
        (TWICE, "", 1, "no release 1 version before r1"),
        (THREE, "", 3, "no release 3 versions before r3"),
        (newest_first(R3), "", 1, "no release 1 version before r3"),
        (newest_first(R1, BACK_TO_2), "", 1, "no release 1 version before r2"),
        (newest_first(R1, R2, R3, FAILED), "r4", 1, "no successful release r4"),
        (THREE, "111111", 1, "no successful release 111111"),
        (THREE, "9999999", 1, "no successful release 9999999"),
    ],
)
def test_it_is_refused_when_there_is_nothing_to_go_to(
    records: tuple[Record, ...], wanted: str, back: int, why: str
) -> None:
    with pytest.raises(NoRollbackTarget, match=why) as refused:
        target(records, wanted, back)
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(
    ("records", "expected"), [(THREE, "r3"), (newest_first(R1, R2, R3, FAILED), "r3"), (ONCE, "r4"), (ONCE, "r2")]
)
def test_what_is_live_may_be_expected(records: tuple[Record, ...], expected: str) -> None:
    require_current(records, SERVES, expected)


@pytest.mark.parametrize(
    ("records", "serves", "expected", "why"),
    [
        pytest.param(THREE, SERVES, "r2", "the live release is r3", id="a newer release"),
        pytest.param(ONCE, SERVES, "r3", "the live release is r2", id="a rollback"),
        pytest.param((FAILED,), SERVES, "r4", "no release is live", id="nothing was released"),
        pytest.param(
            THREE, serving("arn:app:9"), "r3",
            "app is running arn:app:9, but release r3 deployed arn:app:8", id="somebody deployed one service",
        ),
        pytest.param(EACH, serving("arn:app:21", "arn:worker:21"), "r3", "the live release is r2", id="ECS runs r2"),
        pytest.param(THREE, {}, "r3", "no release is live", id="the environment was destroyed"),
    ],
)  # fmt: skip
def test_it_is_refused_when_something_else_is_live(
    records: tuple[Record, ...], serves: dict[str, ObservedService], expected: str, why: str
) -> None:
    with pytest.raises(NotCurrentRelease, match=f"release {expected} is no longer live: {why}"):
        require_current(records, serves, expected)


@pytest.mark.parametrize(
    ("serves", "steps", "goal"),
    [
        pytest.param(serving("arn:app:31", "arn:worker:31"), 1, "r2", id="what the last release left"),
        pytest.param(serving("arn:app:21", "arn:worker:21"), 1, "r1", id="an older release: the one before that"),
        pytest.param(serving("arn:app:99", "arn:worker:99"), 1, "r3", id="foreign: the last release"),
        pytest.param(serving("arn:app:99", "arn:worker:31"), 1, "r3", id="one foreign service: the last release"),
        pytest.param(serving("arn:app:99", "arn:worker:99"), 2, "r2", id="foreign: two versions back"),
        pytest.param(serving("arn:app:99", "arn:worker:99"), 4, None, id="foreign: further than the ledger knows"),
    ],
)
def test_versions_are_counted_from_what_ecs_runs(
    serves: dict[str, ObservedService], steps: int, goal: str | None
) -> None:
    if goal is None:
        with pytest.raises(NoRollbackTarget, match="4 versions before what runs now, deployed outside deploytool"):
            target(EACH, steps=steps, live=serves)
    else:
        assert target(EACH, steps=steps, live=serves).release_id == goal


@pytest.mark.parametrize(
    ("records", "restores", "goal"),
    [(THREE, "", "r3"), ((), "", None), (THREE, "r2", "r1"), (THREE, "r1", None), (THREE, "r0", None)],
)
def test_the_offered_rollback_goes_to_what_is_live_or_before_what_is_restored(
    records: tuple[Record, ...], restores: str, goal: str | None
) -> None:
    offer = rollback_target(records, restores)
    assert (offer.release_id if offer else None) == goal


def test_a_rollback_rolls_back_the_live_release_and_a_release_replaces_it_with_its_comments() -> None:
    rolled_back = rolled_back_release(THREE)
    assert rolled_back is not None
    assert rolled_back.request == R3.request
    assert rolled_back_release(()) is None
    assert replaced_release(THREE) is None
    commented = replace(R3, github=GithubRecord(comment_id=7))
    assert replaced_release((commented, R2)) == ReplacedRelease("r3", (7,))
