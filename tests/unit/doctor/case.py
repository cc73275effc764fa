"""One situation: which check, in which account, comes out how, and says what."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.doctor.facts import Facts
from deploytool.doctor.result import Status, Unknown

DENIED = Unknown("it may not be read", "add a statement", {"Effect": "Allow", "Action": "a:B", "Resource": "*"})
GOOD, BAD, CANNOT_TELL = Status.PASS, Status.FAIL, Status.UNKNOWN


@dataclass(frozen=True)
class Case:
    situation: str
    check: str
    facts: Facts
    says: str
    status: Status = Status.FAIL
