"""Facts in, every check's standing out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from deploytool.core.doctor.catalogue import CHECKS, Check, Judge
from deploytool.core.doctor.facts import Facts, Scope
from deploytool.core.doctor.finding import CannotTell, Reason, Standing, Unseen, unseen
from deploytool.errors import Exit

NOTHING = CannotTell("there was nothing to look at", "see what the checks above miss")


@dataclass(frozen=True)
class Checked:
    """One check with all its reasons; the worst of them is its standing."""

    check: Check
    reasons: tuple[Reason, ...]

    @property
    def standing(self) -> Standing:
        """Fail before cannot tell before pass."""
        found = {reason.standing for reason in self.reasons}
        return next(each for each in (Standing.BAD, Standing.CANNOT_TELL, Standing.GOOD) if each in found)


@dataclass(frozen=True)
class Examination:
    """What the doctor found; ``left_out`` are ids of checks that were not wanted."""

    scope: Scope
    checked: tuple[Checked, ...]
    left_out: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Standing, int]:
        """How many checks stand how."""
        found = Counter(each.standing for each in self.checked)
        return {standing: found[standing] for standing in Standing}

    @property
    def exit_code(self) -> Exit:
        """Refused where a check failed. What cannot be told fails nothing."""
        return Exit.REFUSED if self.counts[Standing.BAD] else Exit.DONE


def examine(facts: Facts, left_out: Collection[str] = ()) -> Examination:
    """Every check but those left out."""
    checked = tuple(checked_by(check, facts) for check in CHECKS if check.id not in left_out)
    return Examination(facts.scope, checked, tuple(check.id for check in CHECKS if check.id in left_out))


def checked_by(check: Check, facts: Facts) -> Checked:
    """One check. What two parts cannot see for the same reason is told once."""
    said = {(each.standing, each.told, each.fix): each for part in check.parts for each in _reasons(part, facts)}
    return Checked(check, tuple(said.values()) or (unseen(NOTHING),))


def _reasons(part: Judge, facts: Facts) -> Iterator[Reason]:
    try:
        yield from part(facts)
    except Unseen as ended:
        yield unseen(ended.fact)
