"""Every model of ECS shows what the evidence shows, and nothing that no evidence has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.conformance import Model, drive, problems
from tests.support.evidence import Timeline, timelines
from tests.support.fake_ecs.driven import InMemory

MODELS: dict[str, Callable[[], Model]] = {"in memory": InMemory}
TIMELINES = [timeline for timeline in timelines() if timeline.counts]


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda timeline: timeline.name)
@pytest.mark.parametrize("name", MODELS)
def test_the_model_conforms_when_driven_as_the_evidence_was(name: str, timeline: Timeline) -> None:
    run = drive(MODELS[name](), timeline)
    assert not list(dict.fromkeys(problems(run, timeline)))
