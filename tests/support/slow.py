"""Tables of cases of which a few run always, and all with `scripts/test --all`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def slow(*values: Any) -> ParameterSet:
    """A case that proves once more, slowly, what a faster one proves as well."""
    return pytest.param(*values, marks=pytest.mark.slow)


def pairs(firsts: Iterable[Any], seconds: Iterable[Any], *, always: Callable[[Any, Any], bool]) -> list[ParameterSet]:
    """Every pair; the ones that need not run ``always`` are slow."""
    return [pytest.param(*pair) if always(*pair) else slow(*pair) for pair in product(firsts, seconds)]
