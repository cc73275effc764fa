"""One release as GitHub is told it: what is due, in which order. No thread and no waiting in here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from deploytool.core.events import Ended, Event, Planned, Settled, StepBegan
from deploytool.core.outcome import Outcome
from deploytool.core.plan_model import Plan
from deploytool.github.attempts import Attempts
from deploytool.github.client import GithubClient
from deploytool.github.comment_report import CommentReport, Page
from deploytool.github.context import GithubContext
from deploytool.github.deployment_report import DeploymentReport, closing, doing
from deploytool.github.deployments import Deployments, Status
from deploytool.github.pull_request import PullRequestSearch


class Session:
    """Takes events, and sends what is due when asked to."""

    def __init__(
        self, client: GithubClient, context: GithubContext, page: Page, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._context = context
        self._page = page
        self._monotonic = monotonic
        self._attempts = Attempts(monotonic)
        self._plan: Plan | None = None
        self._outcome: Outcome | None = None
        self._deployment: DeploymentReport | None = None
        self._comment: CommentReport | None = None
        self._left: list[Settled] = []

    def tell(self, event: Event) -> None:
        """Take note; nothing is sent."""
        self._page.add(event)
        if isinstance(event, Settled):
            self._left.append(event)
        if isinstance(event, Planned):
            self._begin(event.plan)
        if isinstance(event, Ended):
            self._outcome = event.outcome
            self._begin(event.outcome.plan)
        if self._deployment and isinstance(event, StepBegan):
            self._deployment.want(doing(event.step))
        if self._comment:
            self._comment.change()

    def due_in(self) -> float | None:
        """Seconds until :meth:`report` has something to do without a new event; ``None``: never."""
        due = self._comment.due_at() if self._comment else float("inf")
        return None if due == float("inf") else max(0.0, due - self._monotonic())

    def report(self) -> None:
        """Send what is due while the release goes on."""
        self._close_left()
        if self._deployment and self._comment:
            self._deployment.send()
            self._comment.send()
            self._deployment.find_older()

    def finish(self) -> None:
        """Send the end: what people wait for first, what can wait after it."""
        self._close_left()
        if self._deployment and self._comment:
            self._deployment.want(closing(self._outcome))
            self._deployment.send(last=True)
            self._comment.send(last=True)
            if self._outcome and self._outcome.good:
                self._deployment.retire_older()
        elif self._plan:
            self._deployment_of(self._plan).say_live()

    @property
    def over(self) -> bool:
        """True once the outcome is known: there is nothing more to wait for."""
        return self._outcome is not None

    def unreported(self) -> tuple[str, ...]:
        """What GitHub does not show, one sentence each."""
        return self._attempts.failures()

    def _begin(self, plan: Plan) -> None:
        if self._plan:
            return
        self._plan = plan
        if plan.nothing_to_do:
            return
        self._deployment = self._deployment_of(plan)
        number = plan.request.origin.pull_request or self._context.event_pull_request
        search = PullRequestSearch(self._client, plan.request.commit, number)
        self._comment = CommentReport(self._client, search, self._page, self._attempts, self._monotonic)

    def _close_left(self) -> None:
        """Deployments of releases that were killed: each tried once, at the next occasion."""
        while self._left:
            event = self._left.pop(0)
            status = Status("success" if event.good else "failure", event.sentence)
            deployments = Deployments(self._client, event.request, self._context.run_url)
            subject = f"how release {event.request.release_id} ended"
            self._attempts.make(subject, partial(deployments.close, status), last=True)

    def _deployment_of(self, plan: Plan) -> DeploymentReport:
        deployments = Deployments(self._client, plan.request, self._context.run_url)
        return DeploymentReport(deployments, plan, self._attempts)
