"""What everybody waits for first: the help."""

from __future__ import annotations

from tests.benchmarks import peers, timed
from tests.benchmarks.env import PROGRAM, BenchmarkEnv
from tests.benchmarks.figures import OURS, Bound, Figure
from tests.benchmarks.tools import ECS_DEPLOY

REPETITIONS = 10


def help_text(env: BenchmarkEnv, runs: int) -> list[Figure]:
    """From start to exit, at least ten times each."""
    programs = {OURS: PROGRAM, ECS_DEPLOY: peers.install("ecs-deploy", env.write_line) / "ecs"}
    samples: dict[str, list[float]] = {name: [] for name in programs}
    # The first round only brings the files into memory.
    for number in range(max(runs, REPETITIONS) + 1):
        for name, program in programs.items():
            ran = timed.run([program, "--help"], env.environment, env.state.workdir)
            if number:
                samples[name].append(ran.seconds)
    figures = {name: tuple(seconds) for name, seconds in samples.items()}
    return [Figure("--help", "s", figures, (Bound(0.4, ECS_DEPLOY),))]
