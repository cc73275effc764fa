"""The user's own check: its environment, its end, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from deploytool.diagnosis import Diagnosis
from deploytool.errors import LeaseLost
from deploytool.release.events import OutputLine
from deploytool.release.model import Plan, StepName, Verify
from deploytool.release.ports import NoCommands
from deploytool.release.verify import verify
from tests.unit.release import plan_cases as cases

STEP = Verify("app", "", 200, None, None, 60.0, 1.0, command=("npm", "run", "e2e"), command_timeout=30.0)
PLAN = Plan(cases.REQUEST, "shop", "us-east-1", {}, (), url="https://shop.test")


@dataclass
class Commands:
    code: int | None = 0
    lines: tuple[str, ...] = ("one", "two", " ")
    ran: list[tuple[Any, ...]] = field(default_factory=list)

    def run(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        timeout: float,
        write_line: Callable[[str], None],
        pause: Callable[[float], None],
    ) -> int | None:
        self.ran.append((tuple(command), dict(variables), timeout))
        for line in self.lines:
            write_line(line)
        pause(0.5)
        return self.code


@dataclass
class Outside:
    """What the check reaches besides the command."""

    commands: Commands
    emitted: list[Any] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    looks: int = 0
    lost: bool = False

    @property
    def lease(self) -> Outside:
        return self

    @property
    def clock(self) -> Outside:
        return self

    def emit(self, event: Any) -> None:
        self.emitted.append(event)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return 0.0

    def look(self, *, now: bool = False) -> None:
        self.looks += 1

    def raise_if_lost(self) -> None:
        if self.lost:
            raise LeaseLost("r-1")


def checked(outside: Outside, step: Verify = STEP) -> Diagnosis | None:
    return verify(step, PLAN, outside, outside)  # type: ignore[arg-type]


def test_the_address_and_the_release_are_in_its_environment() -> None:
    outside = Outside(Commands())
    assert checked(outside) is None
    ((command, variables, timeout),) = outside.commands.ran
    assert (command, timeout) == (("npm", "run", "e2e"), 30.0)
    assert variables == {
        "DEPLOYTOOL_URL": "https://shop.test",
        "DEPLOYTOOL_SERVICE": "app",
        "DEPLOYTOOL_ENVIRONMENT": "production",
        "DEPLOYTOOL_COMMIT": cases.SHA,
        "DEPLOYTOOL_RELEASE": cases.REQUEST.release_id,
    }
    assert outside.emitted[:2] == [OutputLine(StepName.VERIFY, "one"), OutputLine(StepName.VERIFY, "two")]
    assert (outside.looks, outside.slept) == (1, [0.5])


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (1, "ended with exit code 1"),
        (-9, "ended with exit code -9"),
        (127, "does not exist"),
        (126, "is not executable"),
        (None, "did not end within 30 s"),
    ],
)
def test_it_fails_when_the_command_does(code: int | None, how: str) -> None:
    diagnosis = checked(Outside(Commands(code)))
    assert diagnosis is not None
    assert diagnosis.cause == f"the check npm of app {how}"
    assert (diagnosis.code, diagnosis.subject, diagnosis.quote) == ("verify-command", "app", "two")


def test_a_password_in_its_output_is_not_quoted() -> None:
    diagnosis = checked(Outside(Commands(1, ("cannot reach postgres://shop:hunter2@db/shop",))))
    assert diagnosis is not None
    assert "cannot reach postgres://" in diagnosis.quote
    assert "hunter2" not in diagnosis.quote


def test_nothing_is_quoted_when_the_command_printed_nothing() -> None:
    diagnosis = checked(Outside(Commands(1, ())))
    assert diagnosis is not None
    assert diagnosis.quote == ""


def test_it_is_not_run_when_there_is_none() -> None:
    outside = Outside(Commands())
    assert checked(outside, replace(STEP, command=())) is None
    assert outside.commands.ran == []


def test_it_ends_when_the_lock_is_lost_meanwhile() -> None:
    with pytest.raises(LeaseLost):
        checked(Outside(Commands(), lost=True))


def test_no_command_runs_where_none_may() -> None:
    with pytest.raises(AssertionError, match="npm is not run here"):
        NoCommands().run(("npm",))
