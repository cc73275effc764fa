"""Running a program under the clock."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks import timed
from tests.benchmarks.failure import MeasurementFailed


def python(code: str, **arguments: int) -> timed.Timed:
    return timed.run([sys.executable, "-c", code], os.environ, Path.cwd(), **arguments)


def test_each_line_has_the_time_at_which_it_arrived() -> None:
    ran = python("import time; print('one', flush=True); time.sleep(0.3); print('two')")
    one, two = ran.lines
    assert (one.text, two.text) == ("one", "two")
    assert ran.began < one.at < two.at - 0.2
    assert two.at <= ran.ended + 0.1


def test_memory_is_the_programs_own_and_at_its_highest() -> None:
    small = python("import time; time.sleep(0.1)")
    large = python("import time; b = bytearray(60_000_000); time.sleep(0.1); del b; time.sleep(0.1)")
    assert 55_000_000 < large.peak_bytes - small.peak_bytes < 70_000_000


def test_a_measurement_fails_with_the_output_when_the_program_ends_otherwise_than_it_should() -> None:
    with pytest.raises(MeasurementFailed, match="ended with 3, not 0:\nno luck"):
        python("import sys; print('no luck'); sys.exit(3)")
    assert python("import sys; sys.exit(3)", exit_code=3).exit_code == 3


def test_a_measurement_fails_when_the_program_does_not_end() -> None:
    with pytest.raises(MeasurementFailed, match="did not end within"):
        python("import time; time.sleep(30)", timeout=1)
