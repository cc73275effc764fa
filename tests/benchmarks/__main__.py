"""`python -m benchmarks`, which is what scripts/bench runs: measure, print, judge."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from tests.benchmarks.document import document
from tests.benchmarks.env import benchmark_env
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.figures import Figure
from tests.benchmarks.metadata import metadata
from tests.benchmarks.page import with_figures
from tests.benchmarks.rows import ROWS
from tests.benchmarks.table import table

REACHED, NOT_REACHED, NOT_MEASURED, INTERRUPTED = 0, 1, 2, 130


def main() -> int:
    """0 where every bound is reached, 1 where one is not, 2 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--runs", type=_count, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE")
    parser.add_argument("--row", nargs="+", choices=ROWS, default=list(ROWS))
    chosen = parser.parse_args()
    head = metadata(chosen.runs)
    # As Ctrl-C does: the sandbox is metadata down on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failures: list[str] = []
    try:
        figures = _measure(chosen.row, chosen.runs, failures)
    except KeyboardInterrupt:
        return INTERRUPTED
    except MeasurementFailed as failure:
        print(f"scripts/bench: {failure}", file=sys.stderr)
        return NOT_MEASURED
    report = document(figures, head, failures)
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    printed = "\n".join([*(f"{name:8} {value}" for name, value in head.items()), "", table(figures)])
    if failures:
        printed += "\n\nNOT MEASURED:\n" + "\n".join(f"  {failure}" for failure in failures)
    print(printed)
    if chosen.page:
        chosen.page.write_text(with_figures(chosen.page.read_text(), printed))
    if failures:
        return NOT_MEASURED
    return REACHED if report["reached"] else NOT_REACHED


def _measure(rows: list[str], runs: int, failures: list[str]) -> list[Figure]:
    """The figures of these rows; what went wrong with one is added to ``failures``, and the next is tried."""
    figures: list[Figure] = []
    with benchmark_env(_say) as ready:
        ready.prepare()
        for name, row in ROWS.items():
            if name not in rows:
                continue
            try:
                figures += row(ready, runs)
            except MeasurementFailed as failure:
                _say(f"{name} failed: {failure}")
                failures.append(f"{name}: {str(failure).splitlines()[0]}")
    return figures


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
