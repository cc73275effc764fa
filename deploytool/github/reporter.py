"""What releases that were killed left on GitHub: a deployment in progress, a comment that says so still."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from deploytool.github.client import GithubClient
from deploytool.github.comments import BestEffort, CommentReport, Page, PullRequestSearch, StickyComment, rewrite
from deploytool.github.deployments import DeploymentReport, Deployments, Status, closing, progress_text
from deploytool.github.runner import GithubContext
from deploytool.release.events import (
    Ended,
    Event,
    IncludedCommits,
    Planned,
    Recovered,
    ReplacedRelease,
    RollbackTarget,
    RolledBackRelease,
    StepBegan,
)
from deploytool.release.model import Commit, GithubRecord, Outcome, Plan

# What releases that were killed left on GitHub: a deployment in progress, a comment that says so still.

Rewritten = Callable[[str], str]


class InterruptedReports:
    """Each closed once, by the ids that the ledger kept, else looked for."""

    def __init__(self, client: GithubClient, marker: str, attempts: BestEffort, run_url: str) -> None:
        self._client = client
        self._marker = marker
        self._attempts = attempts
        self._run_url = run_url
        self._left: list[tuple[Recovered, Rewritten]] = []

    def add(self, event: Recovered, rewritten: Rewritten) -> None:
        """Close what this release left, at the next occasion; ``rewritten`` makes of its comment what it is to say."""
        self._left.append((event, rewritten))

    def close(self) -> None:
        """Close all that was added. It is tried once: what GitHub did not take is told at the end."""
        while self._left:
            event, rewritten = self._left.pop(0)
            subject = f"how release {event.request.release_id} ended"
            self._attempts.make(subject, partial(self._deployment, event), last=True)
            self._attempts.make(f"the comment of release {event.request.release_id}",
                                partial(self._comment, event, rewritten), last=True)  # fmt: skip

    def _deployment(self, event: Recovered) -> None:
        status = Status("success" if event.succeeded else "failure", event.summary)
        Deployments(self._client, event.request, self._run_url).close(status, event.github.deployment_id)

    def _comment(self, event: Recovered, rewritten: Rewritten) -> None:
        if event.github.comments:
            for comment in event.github.comments:
                rewrite(self._client, comment, self._marker, rewritten)
            return
        request = event.request
        number = PullRequestSearch(self._client, request.commit, request.triggered_by.pull_request).attempt()
        if number is not None:
            StickyComment(self._client, number, self._marker).change(rewritten)


# The other pull requests of a release: those of the commits that come, or for a rollback go, together with its own.

MOST = 10
"""Pull requests that are told at the end of a release: somebody waits for it."""


class IncludedPullRequests:
    """Found while AWS works, told at the end."""

    def __init__(self, client: GithubClient, commits: Sequence[Commit], attempts: BestEffort) -> None:
        self._client = client
        self._left = list(commits)
        self._attempts = attempts
        self._numbers: list[int] = []

    def find(self) -> None:
        """Ask for all that were not asked for yet."""
        while self._left and len(self._numbers) < MOST:
            if not self._attempts.make("which other pull requests it holds", self._ask):
                return

    def tell(self, send: Callable[[int], None], unless: int | None = None) -> None:
        """Tell each but ``unless``, the release's own."""
        for number in self._numbers:
            if number != unless:
                self._attempts.make(f"the comment in pull request {number}", partial(send, number), last=True)

    def _ask(self) -> None:
        number = PullRequestSearch(self._client, self._left[0]).attempt()
        self._left.pop(0)
        if number is not None and number not in self._numbers:
            self._numbers.append(number)


# One release as GitHub is told it: what is due, in which order. No thread and no waiting in here.


class Session:
    """Takes events, and sends what is due when asked to."""

    def __init__(
        self, client: GithubClient, context: GithubContext, page: Page, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._context = context
        self._page = page
        self._monotonic = monotonic
        self._attempts = BestEffort(monotonic)
        self._plan: Plan | None = None
        self._outcome: Outcome | None = None
        self._deployment: DeploymentReport | None = None
        self._comment: CommentReport | None = None
        self._left = InterruptedReports(client, page.marker(), self._attempts, context.run_url)
        self._way_back: RollbackTarget | None = None
        self._taken_back: RolledBackRelease | None = None
        self._takes_over: ReplacedRelease | None = None
        self._others = IncludedPullRequests(client, (), self._attempts)
        self._elsewhere: list[int] = []
        """Comments in the other pull requests."""

    def on_event(self, event: Event) -> None:
        """Take note; nothing is sent."""
        self._page.add(event)
        if isinstance(event, Recovered):
            self._left.add(event, partial(self._page.settled, event))
        if isinstance(event, RollbackTarget):
            self._way_back = event
        if isinstance(event, RolledBackRelease):
            self._taken_back = event
        if isinstance(event, ReplacedRelease):
            self._takes_over = event
        if isinstance(event, IncludedCommits):
            self._others = IncludedPullRequests(self._client, event.commits, self._attempts)
        if isinstance(event, Planned):
            self._begin(event.plan)
        if isinstance(event, Ended):
            self._outcome = event.outcome
            self._begin(event.outcome.plan)
        if self._deployment and isinstance(event, StepBegan):
            self._deployment.want(progress_text(event.step))
        if self._comment:
            self._comment.change()

    def due_in(self) -> float | None:
        """Seconds until :meth:`report` has something to do without a new event; ``None``: never."""
        due = self._comment.due_at() if self._comment else float("inf")
        return None if due == float("inf") else max(0.0, due - self._monotonic())

    def report(self) -> None:
        """Send what is due while the release goes on."""
        self._left.close()
        if self._deployment and self._comment:
            self._deployment.send()
            self._comment.send()
            self._deployment.find_older()
            self._offer()
            self._others.find()

    def finish(self) -> None:
        """Send the end: what people wait for first, what can wait after it."""
        self._left.close()
        if self._deployment and self._comment:
            self._deployment.want(closing(self._outcome))
            self._deployment.send(last=True)
            self._offer()
            self._comment.send(last=True)
            if self._outcome and self._outcome.succeeded:
                self._deployment.retire_older()
                self._tell_others(self._comment)
                self._tell_replaced()
        elif self._plan and self._plan.nothing_to_do:
            self._deployment_of(self._plan).say_live()

    @property
    def over(self) -> bool:
        """True once the outcome is known: there is nothing more to wait for."""
        return self._outcome is not None

    @property
    def made(self) -> GithubRecord:
        """What there is on GitHub of this release by now."""
        comment = self._comment
        return GithubRecord(
            deployment_id=self._deployment.id if self._deployment else None,
            pull_request=comment.pull_request if comment else None,
            comment_id=comment.id if comment else None,
            comment_url=comment.url if comment else "",
            other_comments=tuple(self._elsewhere),
        )

    def unreported(self) -> tuple[str, ...]:
        """What GitHub does not show, one sentence each."""
        return self._attempts.failures()

    def _begin(self, plan: Plan) -> None:
        if self._plan:
            return
        self._plan = plan
        if not plan.concerned:
            # Nothing moves, so that GitHub goes on showing what it shows; a migration alone is no deployment.
            return
        self._deployment = self._deployment_of(plan)
        number = plan.request.triggered_by.pull_request or self._context.event_pull_request
        search = PullRequestSearch(self._client, plan.request.commit, number)
        self._comment = CommentReport(self._client, search, self._page, self._attempts, self._monotonic)

    def _offer(self) -> None:
        """Look up early which deployments the box of the comment is between."""
        if self._way_back and self._deployment and self._deployment.id is not None:
            look = partial(self._look_up, self._way_back.release_id, self._deployment.id)
            if self._attempts.make("the box to roll back", look):
                self._way_back = None

    def _look_up(self, release_id: str, current: int) -> None:
        if self._plan and (goal := self._deployments(self._plan).of_release(release_id)) is not None:
            self._page.offer(goal, current)

    def _tell_others(self, own: CommentReport) -> None:
        """Every pull request that came with this one has its comment; one that a rollback took back claims no more."""
        self._others.find()
        if not self._taken_back:
            self._others.tell(self._write, unless=own.pull_request)
            return
        taken = self._taken_back.request
        search = PullRequestSearch(self._client, taken.commit, taken.triggered_by.pull_request)
        subject = f"that release {taken.release_id} is not live any more"
        self._attempts.make(subject, lambda: self._withdraw(search.attempt()), last=True)
        self._others.tell(self._withdraw, unless=own.pull_request)

    def _tell_replaced(self) -> None:
        """The comments of the release before say until when it was live; where this one wrote over them, they do."""
        ours, older = self.made.comments, self._takes_over
        for comment in older.comments if older else ():
            if comment not in ours:
                change = partial(rewrite, self._client, comment, self._page.marker(), self._page.replaced)
                self._attempts.make(f"the comment {comment} of the release before", change, last=True)

    def _write(self, number: int) -> None:
        comment = StickyComment(self._client, number, self._page.marker())
        comment.write(self._page.text())
        if comment.id is not None:
            self._elsewhere.append(comment.id)

    def _withdraw(self, number: int | None) -> None:
        if number is not None:
            own = self._comment.id if self._comment else None
            StickyComment(self._client, number, self._page.marker()).change(self._page.taken_back, unless=own)

    def _deployment_of(self, plan: Plan) -> DeploymentReport:
        return DeploymentReport(self._deployments(plan), plan, self._attempts)

    def _deployments(self, plan: Plan) -> Deployments:
        return Deployments(self._client, plan.request, self._context.run_url)


# Reports a release to GitHub from a thread of its own: never raises, never delays, never claims what is not so.

CLOSING = 5.0
"""Seconds that :meth:`GithubReporter.close` waits at most."""
AFTER_THE_END = 2.0
"""Seconds that failures may still cost once the release is over: less than close() waits, so that it can say why."""


class GithubReporter:
    """Deployment, statuses and comment of one release."""

    def __init__(
        self,
        context: GithubContext,
        page: Page,
        client: GithubClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        made: Callable[[GithubRecord], None] = lambda _: None,
    ) -> None:
        """``context`` must not be silent (``silent_because`` is empty). Nothing happens before :meth:`start`.

        ``made`` hears in the reporter's own thread of what was made, each time that there is more of it.
        """
        self._hurry = threading.Event()
        self._client = client or GithubClient(
            context.api_url, context.token, context.repository, sleep=self._rest, monotonic=monotonic
        )
        self._session = Session(self._client, context, page, monotonic)
        self._monotonic = monotonic
        self._made = made
        self._known = GithubRecord()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._awaited = False
        self._fault = ""
        self._thread = threading.Thread(target=self._run, name="github", daemon=True)

    def start(self) -> None:
        """Begin. ghapi is loaded beside the release when there is something to tell, not while it looks at AWS: both
        would wait for the interpreter, and only the look is waited for.
        """
        self._thread.start()

    def on_event(self, event: Event) -> None:
        """Take note of ``event``; returns at once."""
        self._events.put(event)
        self._awaited = self._awaited or isinstance(event, Planned | Recovered | Ended)
        if isinstance(event, Ended):
            self._client.hurry(AFTER_THE_END)
            self._hurry.set()

    @property
    def made(self) -> GithubRecord:
        """Deployment and comments; complete at the latest after :meth:`close`."""
        return self._session.made

    def close(self, timeout: float = CLOSING) -> tuple[str, ...]:
        """Wait, at most ``timeout`` seconds, until all is reported; what was not, one sentence each."""
        self._events.put(None)
        if not self._awaited:
            # Refused before there was a plan, and nobody's deployment to close: nobody waits for ghapi to load.
            return ()
        self._client.hurry(AFTER_THE_END)
        self._hurry.set()
        self._thread.join(timeout)
        problems = [*self._session.unreported(), self._fault]
        if self._thread.is_alive():
            problems.insert(0, f"GitHub did not answer within {timeout:.0f} s: it may not show how this release ended")
        return tuple(filter(None, problems))

    def _run(self) -> None:
        try:
            going_on = self._take()
            self._client.connect()
            while going_on:
                self._session.report()
                self._tell_made()
                going_on = self._take()
            self._session.finish()
            self._tell_made()
        except Exception as fault:  # noqa: BLE001 - a fault of ours here must not end a release; close() tells it
            self._fault = f"reporting to GitHub stopped by a fault of deploytool: {type(fault).__name__}: {fault}"

    def _tell_made(self) -> None:
        if (made := self._session.made) != self._known:
            self._known = made
            self._made(made)

    def _take(self) -> bool:
        """Wait for events or until something is due, take all there are; False once the release is over."""
        try:
            event = self._events.get(timeout=self._session.due_in())
            while event is not None and not self._session.over:
                self._session.on_event(event)
                event = self._events.get_nowait()
        except queue.Empty:
            return not self._session.over
        return False

    def _rest(self, seconds: float) -> None:
        """Wait before trying again, but not when the release is over: then at once, once."""
        self._hurry.wait(seconds)
        self._hurry.clear()
