"""What everybody waits for first: the help."""

from __future__ import annotations

from tests.benchmarks import peers, timed
from tests.benchmarks.contenders import ECS_DEPLOY
from tests.benchmarks.figures import OURS, Bound, Figure
from tests.benchmarks.stage import PROGRAM, Stage

REPETITIONS = 10


def help_text(stage: Stage, runs: int) -> list[Figure]:
    """From start to exit, at least ten times each."""
    programs = {OURS: PROGRAM, ECS_DEPLOY: peers.install("ecs-deploy", stage.write_line) / "ecs"}
    samples: dict[str, list[float]] = {name: [] for name in programs}
    # The first round only brings the files into memory.
    for number in range(max(runs, REPETITIONS) + 1):
        for name, program in programs.items():
            ran = timed.run([program, "--help"], stage.environment, stage.state.workdir)
            if number:
                samples[name].append(ran.seconds)
    told = {name: tuple(seconds) for name, seconds in samples.items()}
    return [Figure("--help", "s", told, (Bound(0.4, ECS_DEPLOY),))]
