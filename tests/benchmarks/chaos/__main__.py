"""`python -m tests.benchmarks.chaos`, which is what scripts/chaos runs: break releases, print what they withstood."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.chaos.cancels import cancels
from tests.benchmarks.chaos.env import ChaosEnv, chaos_env
from tests.benchmarks.chaos.faulty import faulty
from tests.benchmarks.chaos.kills import kills
from tests.benchmarks.chaos.races import races
from tests.benchmarks.chaos.rollbacks import rollbacks
from tests.benchmarks.chaos.row import Row, document, table
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.metadata import metadata

REACHED, NOT_REACHED, NOT_MEASURED, INTERRUPTED = 0, 1, 2, 130
PARTS: dict[str, tuple[Callable[[ChaosEnv, int], Row], int]] = {
    "rollbacks": (rollbacks, 5),
    "cancels": (cancels, 5),
    "races": (races, 20),
    "faulty": (faulty, 20),
    "kills": (kills, 40),
}


def main() -> int:
    """0 where every bound is reached, 1 where one is not, 2 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="scripts/chaos")
    for name, (_, count) in PARTS.items():
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    counts = {name: getattr(chosen, name) for name in PARTS}
    head = {**metadata(sum(counts.values())), "seed": str(chosen.seed)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows: list[Row] = []
    try:
        with chaos_env(_say, chosen.seed) as ready:
            for name, (part, _) in PARTS.items():
                if counts[name] > 0:
                    rows.append(part(ready, counts[name]))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (MeasurementFailed, AssertionError) as failure:
        print(f"scripts/chaos: {failure}", file=sys.stderr)
        print(table(rows))
        return NOT_MEASURED
    report = document(rows, head)
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    print("\n".join([*(f"{name:8} {value}" for name, value in head.items()), "", table(rows)]))
    return REACHED if report["reached"] else NOT_REACHED


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
