"""The stacks of one environment, what each is called, and which must be there before it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from deploytool.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True)
class Stack:
    """One stack. ``needs`` are keys of stacks whose exports it imports."""

    key: str
    name: str
    needs: tuple[str, ...] = ()
    of_account: bool = False
    """Once per account: every environment of the app shares it."""
    runs_images: bool = False
    """It has the ECS services: changed only under the release lock, with the images that run."""


class StackNameInvalid(ConfigurationError):
    """CloudFormation allows letters, digits and dashes in the name of a stack, and nothing else."""


def stacks_of(app: str, environment: str) -> tuple[Stack, ...]:
    """In an order in which they can be made. Raises StackNameInvalid."""
    found = (
        Stack("bootstrap", f"{app}-bootstrap", of_account=True),
        Stack("account", f"{app}-account", of_account=True),
        Stack("network", f"{app}-{environment}-network"),
        Stack("data", f"{app}-{environment}-data", ("network",)),
        Stack("platform", f"{app}-{environment}-platform", ("network",)),
        Stack("service", f"{app}-{environment}-service", ("bootstrap", "data", "platform"), runs_images=True),
    )
    if wrong := next((stack.name for stack in found if not _NAME.fullmatch(stack.name)), ""):
        raise StackNameInvalid(
            f"{wrong} cannot be the name of a CloudFormation stack",
            "begin `app` with a letter, and use letters, digits and dashes in it and in the environment's name",
        )
    return found


def only(stacks: Sequence[Stack], keys: Collection[str]) -> tuple[Stack, ...]:
    """The stacks with these keys (all where none is named); what they need of the others is taken as there."""
    kept = [stack for stack in stacks if not keys or stack.key in keys]
    present = {stack.key for stack in kept}
    return tuple(replace(stack, needs=tuple(key for key in stack.needs if key in present)) for stack in kept)


def backwards(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """For deletion: last first, each waiting for those that need it."""
    needed_by: Mapping[str, tuple[str, ...]] = {
        stack.key: tuple(other.key for other in stacks if stack.key in other.needs) for stack in stacks
    }
    return tuple(replace(stack, needs=needed_by[stack.key]) for stack in reversed(stacks))
