"""Figures on the page."""

from __future__ import annotations

import pytest

from tests.benchmarks.page import with_figures

PAGE = "# Benchmark\n\nHow.\n\n## Figures\n"


def test_figures_take_the_place_of_the_ones_before_and_nothing_else_changes() -> None:
    first = with_figures(PAGE, "old")
    assert first == PAGE + "```text\nold\n```\n"
    assert with_figures(first, "new\n") == PAGE + "```text\nnew\n```\n"


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="no heading '## Figures'"):
        with_figures("# Benchmark\n", "new")
