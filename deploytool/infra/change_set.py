"""A change set: what is asked for, and what CloudFormation made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from deploytool.errors import CloudError
from deploytool.infra.parameters import ParameterValues
from deploytool.infra.stacks import ResourceChange

# SEG core.stacks.change_set
# A change set: what is asked for, and what CloudFormation made of it.

Kind = Literal["CREATE", "UPDATE"]

_EMPTY = ("didn't contain changes", "No updates are to be performed")
"""CloudFormation words an empty change set in either way, by what was submitted."""


class ChangeSetRefused(CloudError):
    """CloudFormation does not take the template or a parameter; nothing was changed."""


@dataclass(frozen=True)
class ChangeSetRequest:
    """What CreateChangeSet is asked for."""

    stack_name: str
    kind: Kind
    name: str
    """Of the change set; no other one is ever called like it."""
    body: str = field(repr=False)
    """Empty: the template that the stack has."""
    given: ParameterValues
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ChangeSet:
    """What DescribeChangeSet tells, all its pages."""

    arn: str
    stack_id: str
    status: str
    reason: str = ""
    execution_status: str = ""
    changes: tuple[ResourceChange, ...] = ()

    @property
    def ready(self) -> bool:
        """CloudFormation has made it, or given it up."""
        return self.status not in ("CREATE_PENDING", "CREATE_IN_PROGRESS")

    @property
    def empty(self) -> bool:
        """The stack is as the template says."""
        return self.status == "FAILED" and any(words in self.reason for words in _EMPTY)

    @property
    def failed(self) -> bool:
        """It cannot be made; ``reason`` says why."""
        return self.status == "FAILED" and not self.empty

    @property
    def executed(self) -> bool:
        """ExecuteChangeSet was accepted before."""
        return self.execution_status in ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED")


# SEG core.stacks.left_over
# Change sets of ours that a run left which was killed.

PREFIX = "deploytool-"
ABANDONED = timedelta(minutes=15)
"""A change set that no run of ours needs so long: it is made, judged and executed or deleted within minutes."""


@dataclass(frozen=True)
class ListedChangeSet:
    """A change set as ListChangeSets tells it."""

    arn: str
    name: str
    made_at: datetime


def stale_change_sets(listed: Iterable[ListedChangeSet], now: datetime) -> tuple[ListedChangeSet, ...]:
    """Ours, and so old that who made them is gone. ``now`` is AWS's own time."""
    return tuple(each for each in listed if each.name.startswith(PREFIX) and now - each.made_at >= ABANDONED)
