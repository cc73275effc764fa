"""One situation: the check, the account, the expected status and message."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.doctor.facts import Facts
from deploytool.doctor.result import Status, Unknown

DENIED = Unknown("access denied", "add a statement", {"Effect": "Allow", "Action": "a:B", "Resource": "*"})
GOOD, UNKNOWN = Status.PASS, Status.UNKNOWN


@dataclass(frozen=True)
class Case:
    situation: str
    check: str
    facts: Facts
    message: str
    status: Status = Status.FAIL
