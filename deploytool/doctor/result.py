"""The result of a check: pass, fail, or unknown, because a fact that it needs could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Status(StrEnum):
    """The values are those of ``--output json``."""

    PASS = "pass"  # noqa: S105  (a result, no password)
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Unknown:
    """Takes the place of a fact that could not be read."""

    why: str
    fix: str = ""
    statement: Mapping[str, str] | None = None
    """The IAM policy statement that allows reading it; ``None`` where no permission is missing."""


@dataclass(frozen=True)
class Reason:
    """One observation of a check."""

    status: Status
    message: str
    fix: str = ""
    statement: Mapping[str, str] | None = None


class FactUnavailable(Exception):
    """A check needs a fact that could not be read; only the part of the check that needs it ends."""

    def __init__(self, fact: Unknown) -> None:
        super().__init__(fact.why)
        self.fact = fact


def known(fact: T | Unknown) -> T:
    """The fact. Raises FactUnavailable."""
    if isinstance(fact, Unknown):
        raise FactUnavailable(fact)
    return fact


def passed(message: str) -> Reason:
    return Reason(Status.PASS, message)


def failed(message: str, fix: str) -> Reason:
    return Reason(Status.FAIL, message, fix)


def unknown(fact: Unknown) -> Reason:
    return Reason(Status.UNKNOWN, fact.why, fact.fix, fact.statement)


def undecidable(message: str, fix: str) -> Reason:
    """No API says it; ``fix`` is what a person can do."""
    return Reason(Status.UNKNOWN, message, fix)


def judge(holds: bool | Unknown, subject: str, success: str, problem: str, fix: str) -> Reason:
    """``subject`` begins both sentences: ``shop-db``, ``is encrypted``, ``is not encrypted``."""
    if isinstance(holds, Unknown):
        return unknown(holds)
    return passed(f"{subject} {success}") if holds else failed(f"{subject} {problem}", fix)


def judge_all(subject: str, *rows: tuple[bool | Unknown, str, str, str]) -> Iterator[Reason]:
    """A row is whether it holds, success, problem and fix, as for ``judge``."""
    for holds, success, problem, fix in rows:
        yield judge(holds, subject, success, problem, fix)


def create_stack(name: str) -> str:
    """The fix for what a stack of ours creates."""
    return f"create the stack {name}: deploytool infra apply"
