"""The rows of the table, in the order in which they are measured: the last one leaves the sandbox broken."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.env import BenchmarkEnv
from tests.benchmarks.figures import Figure
from tests.benchmarks.rows.calls import calls, calls_detailed
from tests.benchmarks.rows.crash import crash
from tests.benchmarks.rows.help import help_text
from tests.benchmarks.rows.nothing import nothing_to_do
from tests.benchmarks.rows.releases import releases

Row = Callable[[BenchmarkEnv, int], list[Figure]]

ROWS: dict[str, Row] = {
    "release": releases,
    "nothing": nothing_to_do,
    "help": help_text,
    "calls": calls,
    "calls-detailed": calls_detailed,
    "crash": crash,
}
