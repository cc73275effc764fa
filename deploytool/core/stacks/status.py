"""What the status of a stack means.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """What can be done with a stack."""

    ABSENT = "absent"
    EMPTY = "empty"
    """Only a change set was ever made: it holds nothing."""
    MOVING = "moving"
    """An operation goes on: nothing else can begin."""
    SOUND = "sound"
    """It can be updated."""
    NEVER_MADE = "never made"
    """Its creation failed: it can only be deleted."""
    STUCK = "stuck"
    """Someone must decide."""


class Ending(StrEnum):
    """How an operation of a stack ended."""

    GOOD = "good"
    ROLLED_BACK = "rolled back"
    STUCK = "stuck"


@dataclass(frozen=True)
class Output:
    """One output of a stack."""

    key: str
    value: str
    export: str = ""
    description: str = ""


@dataclass(frozen=True)
class StackState:
    """A stack as DescribeStacks tells it."""

    name: str
    id: str
    status: str
    reason: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    """Values of NoEcho parameters are asterisks."""
    outputs: tuple[Output, ...] = ()
    changed_at: datetime | None = None
    protected: bool = False
    """Termination protection."""


ROLLBACKS = ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


def standing(state: StackState | None) -> Standing:
    """What can be done with it."""
    if state is None or state.status == "DELETE_COMPLETE":
        return Standing.ABSENT
    if state.status == "REVIEW_IN_PROGRESS":
        return Standing.EMPTY
    if state.status.endswith("_IN_PROGRESS"):
        return Standing.MOVING
    if state.status in ("ROLLBACK_COMPLETE", "CREATE_FAILED"):
        return Standing.NEVER_MADE
    return Standing.STUCK if state.status.endswith("_FAILED") else Standing.SOUND


def ending(status: str) -> Ending | None:
    """How the operation ended; ``None`` while it goes on."""
    if status.endswith("_IN_PROGRESS"):
        return None
    if status in ROLLBACKS:
        return Ending.ROLLED_BACK
    return Ending.STUCK if status.endswith("_FAILED") else Ending.GOOD


def way_out(status: str, name: str) -> str:
    """What a person does about a stack that cannot be changed as it is."""
    command = "aws cloudformation"
    match status:
        case "UPDATE_ROLLBACK_FAILED":
            return (
                f"mend what its events name, then `{command} continue-update-rollback --stack-name {name}` "
                "(with --resources-to-skip for what cannot be mended), then run it again"
            )
        case "UPDATE_FAILED":
            return f"send it back with `{command} rollback-stack --stack-name {name}`, then run it again"
        case "DELETE_FAILED":
            return (
                f"mend what its events name and delete it again, or `{command} delete-stack --stack-name {name} "
                "--retain-resources LOGICAL_ID` for what shall stay"
            )
        case "ROLLBACK_FAILED":
            return (
                "turn off the deletion protection of what it still holds (a new database has it on), "
                f"then `{command} delete-stack --stack-name {name}`, then run it again"
            )
        case "CREATE_FAILED" | "ROLLBACK_COMPLETE":
            return f"see what it still holds, then `{command} delete-stack --stack-name {name}`, then run it again"
        case _:
            return f"see its events: `{command} describe-stack-events --stack-name {name}`"
