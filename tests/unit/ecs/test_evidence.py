"""The status that deploytool gives each reading of what is known of ECS, and what the evidence itself must state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.ecs.deployment_model import ServiceRollout
from deploytool.ecs.deployment_status import judge
from tests.support.evidence import GRADES, Timeline, timelines

TIMELINES = timelines()
POLL = 20.0
"""Seconds between two readings, as the captures were polled."""


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda timeline: timeline.name)
@pytest.mark.parametrize("readable", [True, False], ids=["service deployments readable", "denied"])
def test_the_status_is_that_of_the_evidence_when_ecs_shows_it(timeline: Timeline, *, readable: bool) -> None:
    rollout = ServiceRollout("app", timeline.rollout)
    for number, reading in enumerate(timeline.readings):
        if reading.service is None and not readable:
            continue
        sighting, absent_since = rollout.seen_in(reading.service, number * POLL)
        rollout = replace(rollout, sighting=sighting, absent_since=absent_since)
        service_deployment = reading.service_deployment if readable else None
        status = judge(timeline.rollout, reading.service, service_deployment, False, sighting)
        expected = reading.expected if readable else reading.expected_alone
        if expected is not None:
            assert status.state is expected, f"reading {number}: {status.detail}"


def test_a_guess_justifies_no_status_and_all_else_justifies_one() -> None:
    for timeline in TIMELINES:
        stated = [reading for reading in timeline.readings if reading.expected]
        assert bool(stated) is timeline.counts, timeline.name


def test_every_timeline_names_its_grade_and_a_public_source() -> None:
    for timeline in TIMELINES:
        assert timeline.grade in GRADES
        assert timeline.source.startswith(("https://", "scripts/record-ecs in "))


def test_ten_timelines_are_captured_or_documented_and_five_captured() -> None:
    assert sum(timeline.counts for timeline in TIMELINES) >= 10
    assert sum(timeline.grade == "captured" for timeline in TIMELINES) >= 5
