"""What a check may find: good, bad, or not to be seen; and how an unseen fact ends the part that needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Status(StrEnum):
    """How a check came out; the values are those of ``--output json``."""

    PASS = "pass"  # noqa: S105  (a result, no password)
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be read, in place of it."""

    why: str
    fix: str = ""
    statement: Mapping[str, str] | None = None
    """The IAM policy statement that lets it be read; ``None`` where no permission is what is missing."""


@dataclass(frozen=True)
class Reason:
    """One thing that was looked at, and what it means for the check."""

    status: Status
    message: str
    fix: str = ""
    statement: Mapping[str, str] | None = None


class FactUnavailable(Exception):
    """A fact that a judgement needs is a CannotTell; it ends that part of the check alone."""

    def __init__(self, fact: Unknown) -> None:
        super().__init__(fact.why)
        self.fact = fact


def known(fact: T | Unknown) -> T:
    """The fact. Raises FactUnavailable where it could not be read."""
    if isinstance(fact, Unknown):
        raise FactUnavailable(fact)
    return fact


def passed(told: str) -> Reason:
    """As it should be."""
    return Reason(Status.PASS, told)


def failed(told: str, fix: str) -> Reason:
    """Not as it should be, and what to do."""
    return Reason(Status.FAIL, told, fix)


def unknown(fact: Unknown) -> Reason:
    """Not known either way."""
    return Reason(Status.UNKNOWN, fact.why, fact.fix, fact.statement)


def judge(holds: bool, told: str, otherwise: str, fix: str) -> Reason:
    """Good where it holds, else bad."""
    return passed(told) if holds else failed(otherwise, fix)
