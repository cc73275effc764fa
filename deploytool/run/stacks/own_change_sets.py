"""The change sets that this run made and has not used up: none of them outlives it."""

from __future__ import annotations

from collections.abc import Collection

from deploytool.core.events import Warned
from deploytool.core.stacks.change_set import ChangeSet, Wish
from deploytool.core.stacks.left_over import ListedChangeSet
from deploytool.core.stacks.status import Standing, standing
from deploytool.errors import CloudError
from deploytool.run.stacks.ports import ChangeSets, World


class OwnChangeSets:
    """Port ``ChangeSets``, which remembers what was made."""

    def __init__(self, inner: ChangeSets) -> None:
        self._inner = inner
        self._made: dict[str, Wish] = {}

    def create(self, wish: Wish) -> str:
        """Remembered until it is executed or deleted."""
        arn = self._inner.create(wish)
        self._made[arn] = wish
        return arn

    def read(self, arn: str) -> ChangeSet:
        """As the inner one."""
        return self._inner.read(arn)

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        """As the inner one."""
        return self._inner.listed(stack_name)

    def delete(self, arn: str) -> None:
        """Forgotten."""
        self._inner.delete(arn)
        self._made.pop(arn, None)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """Forgotten also where nobody knows whether it began: what may be executed is never deleted."""
        self._made.pop(change_set.arn, None)
        self._inner.execute(change_set, token)

    def tidy(self, absent: Collection[str], world: World) -> None:
        """Delete what is left, and the empty stacks that came into being with it; ``absent``: names there were not."""
        for arn, wish in list(self._made.items()):
            try:
                self.delete(arn)
            except CloudError as error:
                world.tell(Warned(f"change set {wish.name} could not be deleted: {error.cause}"))
        for name in absent:
            self._remove_empty(name, world)

    def _remove_empty(self, name: str, world: World) -> None:
        try:
            state = world.stacks.describe(name)
            if state is not None and standing(state) is Standing.EMPTY:
                world.stacks.delete(state.id, f"tidy-{state.id.rsplit('/', 1)[-1]}")
        except CloudError as error:
            world.tell(Warned(f"the empty stack {name} could not be deleted: {error.cause}"))
