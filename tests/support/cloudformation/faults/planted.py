"""What a planted fault is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.cloudformation.templates import load

Documents = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Planted:
    """One fault."""

    stack: str
    """The template that it is in."""
    name: str
    caught_by: str
    """A rule of cfn-lint (E3002) or checkov (CKV_AWS_17), or the name of a check of ours."""
    plant: Callable[[dict[str, Any]], object] = field(repr=False)
    """Puts it into the template."""
    section: str = "Resources"
    """Of the template, that ``plant`` gets."""
    of_the_list: bool = True
    """One of the 37 that were tried on other templates before these were written; the others are our own."""

    @property
    def is_ours(self) -> bool:
        """One of our own checks must see it, not a tool."""
        return "_" in self.caught_by and not self.caught_by.startswith("CKV")

    def templates(self) -> Documents:
        """All templates, this fault in one of them."""
        documents = load()
        before = repr(documents)
        self.plant(documents[self.stack][self.section])
        assert repr(documents) != before, f"{self} changes nothing"
        return documents


def our(
    stack: str, name: str, caught_by: str, plant: Callable[[dict[str, Any]], object], section: str = "Resources"
) -> Planted:
    """A fault that is not of the list."""
    return Planted(stack, name, caught_by, plant, section, of_the_list=False)


def put(value: Any, *path: str | int) -> Callable[[dict[str, Any]], None]:
    """A fault that sets one value; the path begins at a logical id."""

    def plant(resources: dict[str, Any]) -> None:
        *way, last = path
        inner: Any = resources
        for step in way:
            inner = inner[step]
        inner[last] = value

    return plant


def drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    """A fault that leaves something out."""

    def plant(resources: dict[str, Any]) -> None:
        *way, last = path
        inner: Any = resources
        for step in way:
            inner = inner[step]
        del inner[last]

    return plant
