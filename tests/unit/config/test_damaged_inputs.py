"""Damaged task definition files and configurations: read, or refused with cause and fix; never a traceback.

`scripts/dev fuzz-inputs` reads 50,000 of each.
"""

from __future__ import annotations

import pytest

from tests.tools.fuzz_inputs import Fuzz, run


@pytest.mark.parametrize("kind", ["task_definition", "configuration"])
def test_an_input_is_read_or_refused_when_it_is_damaged(kind: str) -> None:
    answers, tracebacks = run(getattr(Fuzz(14), kind), 300)
    assert not tracebacks, tracebacks[0]
    assert answers["read"] > 10
    assert sum(answers.values()) == 300
