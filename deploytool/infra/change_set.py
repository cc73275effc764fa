"""A change set: what is asked for, and what CloudFormation made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from deploytool.errors import CloudError
from deploytool.infra.parameters import ParameterValues
from deploytool.infra.stacks import ResourceChange

Kind = Literal["CREATE", "UPDATE"]

_EMPTY = ("didn't contain changes", "No updates are to be performed")
"""CloudFormation uses either wording for an empty change set."""


class ChangeSetRefused(CloudError):
    """CloudFormation rejected the template or a parameter; nothing was changed."""


@dataclass(frozen=True)
class ChangeSetRequest:
    """The parameters of CreateChangeSet."""

    stack_name: str
    kind: Kind
    name: str
    """Of the change set; unique."""
    body: str = field(repr=False)
    """Empty: the template that the stack has."""
    given: ParameterValues
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ChangeSet:
    """The answer of DescribeChangeSet."""

    arn: str
    stack_id: str
    status: str
    reason: str = ""
    execution_status: str = ""
    changes: tuple[ResourceChange, ...] = ()

    @property
    def ready(self) -> bool:
        """CloudFormation has made it, or failed to."""
        return self.status not in ("CREATE_PENDING", "CREATE_IN_PROGRESS")

    @property
    def empty(self) -> bool:
        """The stack is up to date."""
        return self.status == "FAILED" and any(words in self.reason for words in _EMPTY)

    @property
    def failed(self) -> bool:
        """It cannot be made; ``reason`` says why."""
        return self.status == "FAILED" and not self.empty

    @property
    def executed(self) -> bool:
        """ExecuteChangeSet was accepted before."""
        return self.execution_status in ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED")


PREFIX = "deploytool-"
ABANDONED = timedelta(minutes=15)
"""No run of ours needs a change set so long: it is executed or deleted within minutes."""


@dataclass(frozen=True)
class ListedChangeSet:
    """A change set as ListChangeSets returns it."""

    arn: str
    name: str
    made_at: datetime | None
    """``None`` where AWS does not say; such a one may be in use."""


def stale_change_sets(listed: Iterable[ListedChangeSet], now: datetime) -> tuple[ListedChangeSet, ...]:
    """Ours, and so old that the run that made them has ended. ``now`` is AWS's own time."""
    return tuple(
        item for item in listed if item.name.startswith(PREFIX) and item.made_at and now - item.made_at >= ABANDONED
    )
