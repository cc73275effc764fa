"""Rules about the code itself, with the bounds that `scripts/dev figures` prints."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from deploytool.cli.main import VERBS
from scripts.tools.figures import PACKAGE, Figure, Package, cycles, measure, names, sizes, structure, words

FIGURES = [
    # Totals grow with every feature: `scripts/dev figures` prints them, no test holds them.
    figure
    for figure in measure(Package(PACKAGE), VERBS)
    if figure.name not in ("Python files", "lines")
]


def made(root: Path, **files: str) -> Package:
    """A package of these modules; ``__`` in a name stands for a directory."""
    package = root / "sample"
    for name, text in {"__init__": "", **files}.items():
        path = package.joinpath(*name.split("__")) if name != "__init__" else package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(dedent(text), encoding="utf-8")
    return Package(package)


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_the_code_keeps_a_bound_of_the_house(figure: Figure) -> None:
    assert figure.reached, f"{figure.name}: {figure.value:g} {figure.unit}, bound {figure.bounds}; " + "; ".join(
        figure.examples[:40]
    )


def test_an_empty_init_counts_as_a_file_but_not_for_the_median(tmp_path: Path) -> None:
    figures = by_name(sizes(made(tmp_path, short="a = 1\n", long="a = 1\n" * 601)))
    assert (figures["Python files"].value, figures["lines"].value) == (3, 602)
    assert figures["median file"].value == 301
    assert figures["largest file"].examples == ("sample/long.py",)
    assert not figures["largest file"].reached


def test_modules_that_reach_each_other_are_a_cycle_also_when_they_import_late(tmp_path: Path) -> None:
    package = made(
        tmp_path,
        first="from sample import second",
        second="def call():\n    from sample.third import value",
        third="import sample.first",
        apart="from sample.first import second",
    )
    figure = by_name(structure(package, []))["import cycles"]
    assert figure.examples == ("sample.first ↔ sample.second ↔ sample.third",)


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        ({"a": ["b"], "b": []}, []),
        ({"a": ["b"], "b": ["a"], "c": ["a"]}, [("a", "b")]),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, []),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c", "a"]}, [("a", "b"), ("c", "d")]),
    ],
)
def test_cycles_are_listed_when_there_are_any(imports: dict[str, list[str]], expected: list[tuple[str, ...]]) -> None:
    assert cycles(imports) == expected


def test_a_small_module_counts_when_only_one_other_imports_it(tmp_path: Path) -> None:
    package = made(
        tmp_path,
        once="a = 1",
        twice="a = 1",
        large="a = 1\n" * 60,
        cli__release="from sample import once, twice, large",
        cli__helper="from sample.twice import a",
    )
    figures = by_name(structure(package, ["release"]))
    assert figures["modules under 60 lines with one importer"].examples == ("sample.once",)
    assert figures["files directly in cli/ that are no verb"].examples == ("helper.py",)


@pytest.mark.parametrize(
    "code",
    [
        "found = 1",
        "def f(there): ...",
        "class Wish: ...",
        "class A:\n    told: str",
        "def told_github(): ...",
        "import os as heard",
        "for _found in (): ...",
        "self.heardAll = 1",
        "match 1:\n    case found: ...",
    ],
)
def test_a_name_that_does_not_say_what_it_holds_is_reported(code: str, tmp_path: Path) -> None:
    assert names(made(tmp_path, module=code))[0].value == 1


@pytest.mark.parametrize("code", ["not_found = 1", "class NotFound: ...", "wishbone = 1", "x = 'found'", "p(found)"])
def test_a_name_that_only_contains_such_a_word_is_not_reported(code: str, tmp_path: Path) -> None:
    assert names(made(tmp_path, module=code))[0].value == 0


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('print("told you")', 1),
        ('print(f"{1} was put back")', 1),
        ('@click.command()\ndef f():\n    """Somebody reads this help."""', 1),
        ('def f():\n    """Nobody but a developer reads what a docstring told."""', 0),
        ('KEY = "told"', 0),
        ('print("recommended")', 0),
    ],
)
def test_a_banned_word_is_reported_when_users_read_it(code: str, count: int, tmp_path: Path) -> None:
    assert words(made(tmp_path, module=code), [])[0].value == count


def test_a_banned_word_is_reported_when_a_document_has_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Fine.\nThe old version is put back.\n", encoding="utf-8")
    assert words(made(tmp_path), [page])[0].examples == ("page.md:2 put back",)
