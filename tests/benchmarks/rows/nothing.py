"""A release of the commit that is live."""

from __future__ import annotations

from tests.benchmarks.env import BenchmarkEnv
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.figures import OURS, Bound, Figure


def nothing_to_do(env: BenchmarkEnv, runs: int) -> list[Figure]:
    """From start to exit."""
    live = env.live
    if live is None:
        raise MeasurementFailed("nothing is live")
    seconds = []
    for _ in range(runs):
        ran = env.deploytool("release", "--commit", live.commit)
        if "nothing to do" not in ran.output:
            raise MeasurementFailed(f"there was something to do:\n{ran.output}")
        seconds.append(ran.seconds)
    return [Figure("nothing to do", "s", {OURS: tuple(seconds)}, (Bound(2.5),))]
