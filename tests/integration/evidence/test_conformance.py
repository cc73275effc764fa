"""Every model of ECS shows what the evidence shows, and nothing that no evidence has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.conformance import Model, Run, drive, problems
from tests.support.evidence import Timeline, timelines
from tests.support.fake_ecs.driven import InMemory
from tests.support.live_ecs import LiveEcs

AT_A_TIME = 4
TIMELINES = [timeline for timeline in timelines() if timeline.counts]


@pytest.fixture(scope="session", params=["in memory", "sandbox", "front"])
def runs(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Run]]]:
    """What one model shows of each timeline; they are driven at the same time, each with a service of its own."""
    model: Callable[[], Model] = InMemory
    if request.param != "in memory":
        url = request.getfixturevalue(request.param)
        model = lambda: LiveEcs(url)  # noqa: E731
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {timeline.name: pool.submit(drive, model(), timeline) for timeline in TIMELINES}


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda timeline: timeline.name)
def test_the_model_conforms_when_driven_as_the_evidence_was(
    runs: Mapping[str, Future[Run]], timeline: Timeline
) -> None:
    assert not list(dict.fromkeys(problems(runs[timeline.name].result(), timeline)))
