"""A version whose worker crashes: how long after ECS gave up its deployment the reader sees it."""

from __future__ import annotations

import re

from deploytool.errors import Exit
from tests.benchmarks.env import BenchmarkEnv
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.figures import OURS, Bound, Figure
from tests.benchmarks.timed import Line
from tests.benchmarks.watching import failed_at

TOLD = re.compile(r"worker: .*deployment failed|worker: .*rolled back|deploy FAILED")


def crash(env: BenchmarkEnv, runs: int) -> list[Figure]:
    """From the deployment's FAILED to the first line that says so."""
    env.deploytool("sandbox", "break", "worker")
    seconds = []
    for number in range(runs):
        with env.observer() as observer:
            observer.until_settled()
            # The first run builds the image too, which happens before what is measured.
            ran = env.deploytool("release", exit_code=Exit.ROLLED_BACK)
            observer.until_settled()
        failed = failed_at(observer.looks)
        if failed is None:
            raise MeasurementFailed(f"nobody saw the breaker trip:\n{ran.output}")
        seconds.append(reported_at(ran.lines) - failed)
        env.write_line(f"run {number + 1} of {runs}; reported {seconds[-1]:.2f} s after the breaker tripped")
    return [Figure("failure reported after breaker tripped", "s", {OURS: tuple(seconds)}, (Bound(1.5),))]


def reported_at(lines: tuple[Line, ...]) -> float:
    """When the first line that tells the failure arrived. Raises MeasurementFailed where none does."""
    for line in lines:
        if TOLD.search(line.text):
            return line.at
    raise MeasurementFailed("no line says that the deployment failed:\n" + "\n".join(line.text for line in lines))
