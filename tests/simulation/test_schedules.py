"""A sample of what ``scripts/prove`` plays in full, and the same world driven step by step by hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.simulation import schedule
from tests.simulation.inline import in_order
from tests.simulation.play import at_last, broken, nothing_escapes, one
from tests.simulation.schedule import Broken, Run, Schedule
from tests.simulation.site import Broke, Site

SAMPLE, CHUNKS = 60, 6


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_invariant_breaks_whatever_happens(chunk: int) -> None:
    with in_order():
        failures = [broken(seed) for seed in range(chunk * SAMPLE, (chunk + 1) * SAMPLE)]

    assert [(each.seed, each.why, *each.trace) for each in failures if each] == []


LIVES = st.sampled_from(get_args(schedule.Life))
CALLS = st.integers(1, 110)
SECONDS = st.floats(0, 60)
FAULTS = st.builds(
    Broken,
    operation=st.sampled_from(schedule.CHANGES + schedule.READS),
    denied=st.just(False),
    first=st.integers(1, 6),
    last=st.integers(1, 8),
    lost=st.booleans(),
) | st.builds(
    Broken,
    operation=st.sampled_from(schedule.CHANGES + schedule.READS),
    denied=st.just(True),
    first=st.integers(1, 6),
    last=st.integers(1, 8),
)
PLAIN = {
    "app": LIVES,
    "worker": LIVES,
    "migration": st.none() | st.sampled_from(get_args(schedule.Migration)),
    "stop_on_cancel": st.booleans(),
    "verify_fails": st.booleans(),
    "faults": st.lists(FAULTS, max_size=2).map(tuple),
    "if_busy": st.sampled_from(("wait", "refuse", "supersede")),
    "table_down": st.none() | st.tuples(SECONDS, SECONDS),
}


@contextmanager
def held(site: Site) -> Iterator[None]:
    """Invariants break with what hypothesis takes for a failure, and with the trace."""
    try:
        with in_order(), nothing_escapes(site):
            yield
    except Broke as broke:
        raise AssertionError("\n".join((str(broke), *site.trace))) from broke


class Environment(RuleBasedStateMachine):
    """Releases follow each other; at the end everything is mended, and one more must succeed."""

    site: Site
    stuck = False
    runs = 0

    @initialize(
        environment=st.builds(
            Schedule,
            runs=st.just(()),
            staged=st.booleans(),
            verified=st.booleans(),
            details=st.booleans(),
            stale=st.integers(0, 3),
            breaker=st.booleans(),
            rollback=st.booleans(),
            ministack=st.booleans(),
            quiet=st.booleans(),
            seed=st.integers(0, 9),
        )
    )
    def begin(self, environment: Schedule) -> None:
        self.site = Site(environment)

    def _one(self, run: Run) -> None:
        self.runs += 1
        with held(self.site):
            self.stuck = one(self.site, run) or self.stuck

    @precondition(lambda self: self.runs < 4)
    @rule(run=st.builds(Run, **PLAIN))
    def release(self, run: Run) -> None:
        self._one(run)

    @precondition(lambda self: self.runs < 4)
    @rule(run=st.builds(Run, kill_at=CALLS, **PLAIN))
    def release_and_kill(self, run: Run) -> None:
        self._one(run)

    @precondition(lambda self: self.runs < 4)
    @rule(run=st.builds(Run, cancel_at=SECONDS, **PLAIN))
    def release_and_cancel(self, run: Run) -> None:
        self._one(run)

    @precondition(lambda self: self.runs < 4)
    @rule(run=st.builds(Run, superseded_at=SECONDS, **PLAIN))
    def release_and_ask_to_give_way(self, run: Run) -> None:
        self._one(run)

    @precondition(lambda self: self.runs < 4)
    @rule(run=st.builds(Run, halt_at=CALLS, rival=st.builds(Run, kill_at=st.none() | CALLS, **PLAIN), **PLAIN))
    def release_twice_at_once(self, run: Run) -> None:
        self._one(run)

    @rule(seconds=SECONDS)
    def somebody_else_deploys(self, seconds: float) -> None:
        self.site.deploy_by_other_means("app")
        self.site.clock.sleep(seconds)

    def teardown(self) -> None:
        if hasattr(self, "site"):
            with held(self.site):
                at_last(self.site, stuck=self.stuck)


Environment.TestCase.settings = settings(
    max_examples=40, stateful_step_count=6, deadline=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)  # fmt: skip
TestEnvironment = Environment.TestCase
