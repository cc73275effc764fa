"""One situation: which check, in which account, comes out how, and says what."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.finding import CannotTell, Standing

DENIED = CannotTell("it may not be read", "add a statement", {"Effect": "Allow", "Action": "a:B", "Resource": "*"})
GOOD, BAD, CANNOT_TELL = Standing.GOOD, Standing.BAD, Standing.CANNOT_TELL


@dataclass(frozen=True)
class Case:
    situation: str
    check: str
    facts: Facts
    says: str
    standing: Standing = Standing.BAD
