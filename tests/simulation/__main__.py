"""``scripts/prove``: how many schedules, how long, and the smallest form of each that broke an invariant."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence

from tests.simulation.inline import in_order
from tests.simulation.play import Failure, broken
from tests.simulation.schedule import said

TOLD = 5
"""Failures of which the trace is printed; of the others the number, to be played again with --seed N --schedules 1."""
CHUNK = 100


def _chunk(seeds: range) -> list[Failure]:
    with in_order():
        return [failure for seed in seeds if (failure := broken(seed)) is not None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where an invariant broke."""
    parser = argparse.ArgumentParser(prog="scripts/prove")
    parser.add_argument("--schedules", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    began, end = time.perf_counter(), asked.seed + asked.schedules
    chunks = [range(first, min(first + CHUNK, end)) for first in range(asked.seed, end, CHUNK)]
    with multiprocessing.Pool(asked.processes) as pool:
        failures = [failure for found in pool.imap(_chunk, chunks) for failure in found]
    for failure in failures[:TOLD]:
        _tell(failure)
    if failures[TOLD:]:
        print("more:", *(f"--seed {failure.seed}" for failure in failures[TOLD:]))
    seconds = time.perf_counter() - began
    print(f"{asked.schedules} schedules from seed {asked.seed} in {seconds:.1f} s: {len(failures)} broke an invariant")
    return 1 if failures else 0


def _tell(failure: Failure) -> None:
    print(f"--seed {failure.seed}: {failure.why}")
    print(f"  where {said(failure.schedule)}")
    print(*(f"  {line}" for line in failure.trace), sep="\n", end="\n\n")


if __name__ == "__main__":
    sys.exit(main())
