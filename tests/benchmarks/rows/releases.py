"""Whole releases by every tool in turn, A B C A B C, each watched from outside."""

from __future__ import annotations

from collections import defaultdict

from tests.benchmarks.env import BenchmarkEnv
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.figures import OURS, Bound, Figure
from tests.benchmarks.tools import ECS_DEPLOY, GUIDE, tools
from tests.benchmarks.watching import completed_at

MEGABYTE = 1_000_000


def releases(env: BenchmarkEnv, runs: int) -> list[Figure]:
    """Exit after the last service truly completed, whole release, peak memory."""
    lag: dict[str, list[float]] = defaultdict(list)
    whole: dict[str, list[float]] = defaultdict(list)
    memory: list[float] = []
    ready = tools(env)
    for number in range(runs):
        for tool in ready:
            version = env.other
            with env.observer() as observer:
                observer.until_settled()
                ran = tool.release(version)
                observer.until_settled()
            env.require_live(version)
            completed = completed_at(observer.looks)
            if completed is None:
                raise MeasurementFailed(f"nobody saw the release by {tool.name} complete:\n{ran.output}")
            lag[tool.name].append(ran.ended - completed)
            whole[tool.name].append(ran.seconds)
            if tool.name == OURS:
                memory.append(ran.peak_bytes / MEGABYTE)
            spoke = ran.lines[-1].at if ran.lines else ran.ended
            env.write_line(
                f"run {number + 1} of {runs}: {tool.name} took {ran.seconds:.1f} s; last line "
                f"{spoke - completed:.2f} s and exit {ran.ended - completed:.2f} s after the last service completed"
            )
    return [
        Figure(
            "exit after the last service completed",
            "s",
            {name: tuple(samples) for name, samples in lag.items()},
            (Bound(1.0), Bound(0.25, GUIDE), Bound(0.25, ECS_DEPLOY)),
        ),
        Figure("whole release", "s", {name: tuple(samples) for name, samples in whole.items()}, (Bound(0.5, GUIDE),)),
        Figure("peak memory of release", "MB", {OURS: tuple(memory)}, (Bound(130),)),
    ]
