"""A story that redraws itself on a terminal while it grows, and leaves a still picture when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar, assert_never

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.output.markup import clean, cleaned, container_prefix, duration, progress_text
from deploytool.release.events import (
    Ended,
    Event,
    Explained,
    IncludedCommits,
    OutputLine,
    Planned,
    Recovered,
    ReplacedRelease,
    RollbackTarget,
    RolledBackRelease,
    ServiceProgress,
    StepBegan,
    StepEnded,
    WarningIssued,
)
from deploytool.release.model import Outcome, Plan, StepName

# A story that redraws itself on a terminal while it grows, and leaves a still picture when it ends.

REFRESHES_A_SECOND = 8
S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True)
class Signs:
    """The signs a terminal can show."""

    succeeded: str
    bad: str
    spinner: str


UNICODE = Signs("✓", "✗", "dots")
ASCII = Signs("+", "x", "line")


class LiveView(Generic[S, E]):
    """Shows the story of every event told; a context manager, so that the cursor comes back whatever happens."""

    def __init__(
        self,
        console: Console,
        now: Callable[[], datetime],
        story: S,
        apply: Callable[[S, E, datetime], S],
        picture: Callable[[S, datetime, Signs, Spinner], RenderableType],
    ) -> None:
        """``story`` is the empty one, ``apply`` what an event makes of it, ``picture`` how it looks at a moment.

        ``console`` decides about colours: rich honours ``NO_COLOR`` and ``TERM=dumb``.
        """
        self._now = now
        self._story = story
        self._apply = apply
        self._picture = picture
        self._signs = ASCII if console.options.ascii_only else UNICODE
        self._spinner = Spinner(self._signs.spinner, style="cyan")
        self._live = Live(
            console=console, get_renderable=self._drawn, refresh_per_second=REFRESHES_A_SECOND, redirect_stdout=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def on_event(self, event: E) -> None:
        """Take ``event`` into the picture; drawn at the next refresh."""
        self._story = self._apply(self._story, event, self._now())

    def _drawn(self) -> RenderableType:
        return self._picture(self._story, self._now(), self._signs, self._spinner)


# The picture of a release so far, folded from its events. Everything that shows progress renders a Story.

OUTPUT_KEPT = 50
T = TypeVar("T")
NOT_YET = DeploymentStatus(DeploymentState.IN_PROGRESS)


@dataclass(frozen=True)
class Phase:
    """One step, from when it began."""

    step: StepName
    began: datetime
    detail: str = ""
    succeeded: bool | None = None
    """``None`` while it goes on."""
    seconds: float = 0.0
    """How long it took, once it is over."""

    def elapsed(self, now: datetime) -> float:
        """Seconds it took, or has taken so far."""
        return self.seconds if self.succeeded is not None else max(0.0, (now - self.began).total_seconds())


@dataclass(frozen=True)
class ServiceRow:
    """One service, as last heard of."""

    key: str
    status: DeploymentStatus = NOT_YET
    running: int = 0
    desired: int = 0
    reverting: bool = False
    moved: bool = False
    """False until the first news of its rollout."""

    @property
    def counted(self) -> bool:
        """The counts say something: in ECS's own rollback they are of the version that goes."""
        return self.moved and self.status.state not in (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK)


@dataclass(frozen=True)
class ReleaseView:
    """A release as far as it went."""

    plan: Plan | None = None
    began: datetime | None = None
    phases: tuple[Phase, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    output: tuple[str, ...] = ()
    """Last lines that the current step said, oldest first."""
    diagnoses: tuple[Diagnosis, ...] = ()
    warnings: tuple[str, ...] = ()
    way_back: RollbackTarget | None = None
    outcome: Outcome | None = None

    @property
    def current(self) -> Phase | None:
        """The step that goes on."""
        return next((phase for phase in reversed(self.phases) if phase.succeeded is None), None)


def apply(story: ReleaseView, event: Event, at: datetime) -> ReleaseView:
    """The story after ``event``, which was heard of at ``at``."""
    story = story if story.began else replace(story, began=at)
    match event:
        case Planned(plan):
            rows = tuple(ServiceRow(change.key, desired=change.before.desired) for change in plan.changes)
            return replace(story, plan=plan, services=rows, warnings=_union(story.warnings, plan.warnings))
        case StepBegan(step, detail):
            return replace(story, phases=(*story.phases, Phase(step, at, detail)), output=())
        case StepEnded():
            return replace(story, phases=_closed(story.phases, event, at))
        case OutputLine(_, line):
            return replace(story, output=(*story.output, *cleaned([line]))[-OUTPUT_KEPT:])
        case ServiceProgress():
            return replace(story, services=_moved(story.services, event))
        case Explained(diagnosis):
            return replace(story, diagnoses=_union(story.diagnoses, (diagnosis,)))
        case RollbackTarget():
            return replace(story, way_back=event)
        case RolledBackRelease() | ReplacedRelease() | IncludedCommits():
            return story
        case WarningIssued(text) | Recovered(summary=text):
            return replace(story, warnings=_union(story.warnings, (text,)))
        case Ended(outcome):
            return replace(
                story,
                plan=outcome.plan,
                outcome=outcome,
                diagnoses=outcome.diagnoses or story.diagnoses,
                warnings=_union(story.warnings, outcome.plan.warnings),
            )
        case _ as never:
            assert_never(never)


def _union(held: tuple[T, ...], more: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*held, *more)))


def _closed(phases: tuple[Phase, ...], event: StepEnded, at: datetime) -> tuple[Phase, ...]:
    for index in range(len(phases) - 1, -1, -1):
        phase = phases[index]
        if phase.step == event.step and phase.succeeded is None:
            over = replace(phase, succeeded=event.succeeded, seconds=event.seconds, detail=event.detail or phase.detail)
            return (*phases[:index], over, *phases[index + 1 :])
    return (*phases, Phase(event.step, at, event.detail, event.succeeded, event.seconds))


def _moved(rows: tuple[ServiceRow, ...], event: ServiceProgress) -> tuple[ServiceRow, ...]:
    row = ServiceRow(event.key, event.status, event.running, event.desired, event.reverting, moved=True)
    if any(held.key == event.key for held in rows):
        return tuple(row if held.key == event.key else held for held in rows)
    return (*rows, row)


OUTPUT_SHOWN = 6


def progress_grid() -> Table:
    """Rows of sign, name, time and detail."""
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=1)
    grid.add_column(min_width=10, no_wrap=True)
    grid.add_column(min_width=10, justify="right", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    return grid


def sign(succeeded: bool | None, signs: Signs, in_progress: RenderableType) -> RenderableType:
    """``None``: it has not ended."""
    if succeeded is None:
        return in_progress
    return Text(signs.succeeded, "green") if succeeded else Text(signs.bad, "red")


def output_lines(lines: Iterable[str]) -> list[RenderableType]:
    """Lines of a build or a task, below the row that they belong to."""
    return [one_line(f"    {line}", "dim") for line in lines]


def notices(
    diagnoses: Iterable[Diagnosis], warnings: Iterable[str], signs: Signs, *, over: bool
) -> list[RenderableType]:
    """Causes with fixes, which the outcome repeats once all is over; warnings, which are then shown in full."""
    parts: list[RenderableType] = []
    for diagnosis in () if over else diagnoses:
        about = f"{subject}: " if (subject := container_prefix(diagnosis)) else ""
        parts.append(Padding(Text(f"{signs.bad} {clean(about + diagnosis.cause)}", "red"), (1, 0, 0, 0)))
        parts += [Text(f"  fix: {clean(diagnosis.fix)}")] * bool(diagnosis.fix)
    for text in (f"warning: {clean(warning)}" for warning in warnings):
        parts.append(Text(text, "yellow") if over else one_line(text, "yellow"))
    return parts


def render(story: ReleaseView, now: datetime, signs: Signs, spinner: Spinner) -> RenderableType:
    """The story at one moment; the output of a step is shown only while the release goes on."""
    parts: list[RenderableType] = []
    if story.plan:
        parts.append(_head(story.plan))
    for phase in story.phases:
        parts.append(_phase(phase, now, signs, spinner, over=story.outcome is not None))
        if phase is story.current and story.outcome is None:
            parts += output_lines(story.output[-OUTPUT_SHOWN:])
    if any(row.moved for row in story.services):
        parts.append(Padding(_services(story.services), (1, 0, 0, 2)))
    parts += notices(story.diagnoses, story.warnings, signs, over=story.outcome is not None)
    return Group(*parts)


def _head(plan: Plan) -> Text:
    request = plan.request
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{request.app} {request.commit.short}", "bold")
    head.append(f" to {request.environment}  ")
    return head.append(clean(request.commit.subject), "dim")


def _phase(phase: Phase, now: datetime, signs: Signs, spinner: Spinner, over: bool) -> RenderableType:
    grid = progress_grid()
    succeeded = bool(phase.succeeded) if over else phase.succeeded
    elapsed = Text(duration(phase.elapsed(now)))
    grid.add_row(sign(succeeded, signs, spinner), Text(phase.step), elapsed, Text(clean(phase.detail), "dim"))
    return grid


def _services(rows: tuple[ServiceRow, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("service", no_wrap=True)
    table.add_column("tasks", no_wrap=True, justify="right")
    # The only column that rich may make narrower: names and counts stay whole.
    table.add_column("news")
    for row in rows:
        progress = progress_text(row.status, row.running, row.desired, row.reverting) if row.moved else "not begun"
        table.add_row(
            Text(row.key),
            Text(f"{row.running if row.counted else '-'}/{row.desired}"),
            one_line(progress, _style(row.status)),
        )
    return table


def _style(verdict: DeploymentStatus) -> str:
    if verdict.state is DeploymentState.SUCCEEDED:
        return "green"
    return "red" if verdict.failed else ""


def one_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
