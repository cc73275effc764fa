"""The picture of the stacks so far, folded from what the driver tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Event, Explained, Said, Settled, Warned
from deploytool.core.stacks.events import (
    InfraEnded,
    InfraEvent,
    InfraPlanned,
    ResourceMoved,
    StackBegan,
    StackEnded,
    StackEvent,
    StackWaits,
)
from deploytool.core.stacks.outcome import InfraOutcome, StackEnd
from deploytool.core.stacks.plan import InfraPlan


@dataclass(frozen=True)
class ResourceRow:
    """One resource, as last heard of."""

    event: StackEvent
    began: datetime

    @property
    def moving(self) -> bool:
        """CloudFormation works on it."""
        return self.event.status.endswith("_IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """CloudFormation gave it up."""
        return self.event.status.endswith("_FAILED")


@dataclass(frozen=True)
class StackRow:
    """One stack, as last heard of."""

    key: str
    what: str = ""
    """``create``, ``update``, ``delete``; empty while it has not begun."""
    waits_for: str = ""
    began: datetime | None = None
    total: int = 0
    resources: Mapping[str, ResourceRow] = field(default_factory=dict)
    end: StackEnd | None = None

    @property
    def done(self) -> int:
        """Resources that CloudFormation is through with."""
        return sum(not row.moving for row in self.resources.values())


@dataclass(frozen=True)
class InfraStory:
    """The stacks as far as they came."""

    plan: InfraPlan | None = None
    stacks: Mapping[str, StackRow] = field(default_factory=dict)
    diagnoses: tuple[Diagnosis, ...] = ()
    warnings: tuple[str, ...] = ()
    said: str = ""
    """The last line of a build."""
    outcome: InfraOutcome | None = None


def apply(story: InfraStory, event: InfraEvent | Event, at: datetime) -> InfraStory:
    """The story after ``event``, which was heard of at ``at``."""
    match event:
        case InfraPlanned(plan):
            rows = {each.stack.key: StackRow(each.stack.key, total=len(each.changes)) for each in plan.stacks}
            return replace(story, plan=plan, stacks=rows)
        case StackWaits(key, reason):
            return _with(story, replace(_row(story, key), waits_for=reason))
        case StackBegan(key, _, what, resources):
            row = _row(story, key)
            return _with(
                story, replace(row, what=what, began=at, waits_for="", total=resources or row.total, resources={})
            )
        case ResourceMoved(key, news) if not news.of_stack:
            return _with(story, _moved(_row(story, key), news, at))
        case StackEnded(end):
            return _with(replace(story, said=""), replace(_row(story, end.key), end=end, waits_for=""))
        case Explained(diagnosis):
            return replace(story, diagnoses=(*story.diagnoses, diagnosis))
        case Warned(text) | Settled(sentence=text):
            return replace(story, warnings=tuple(dict.fromkeys((*story.warnings, text))))
        case Said(_, line):
            return replace(story, said=line)
        case InfraEnded(outcome):
            return replace(story, outcome=outcome)
        case _:
            return story


def _row(story: InfraStory, key: str) -> StackRow:
    return story.stacks.get(key, StackRow(key))


def _with(story: InfraStory, row: StackRow) -> InfraStory:
    return replace(story, stacks={**story.stacks, row.key: row})


def _moved(row: StackRow, news: StackEvent, at: datetime) -> StackRow:
    before = row.resources.get(news.logical_id)
    began = before.began if before and before.event.status == news.status else at
    return replace(row, resources={**row.resources, news.logical_id: ResourceRow(news, began)})
