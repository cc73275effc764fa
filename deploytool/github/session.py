"""One release as GitHub is told it: what is due, in which order. No thread and no waiting in here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from deploytool.core.events import Accompanied, Ended, Event, Planned, Settled, StepBegan, TakenBack, TakesOver, WayBack
from deploytool.core.ledger import GithubRecord
from deploytool.core.outcome import Outcome
from deploytool.core.plan_model import Plan
from deploytool.github.attempts import Attempts
from deploytool.github.client import GithubClient
from deploytool.github.comment_report import CommentReport, Page
from deploytool.github.comments import StickyComment, rewrite
from deploytool.github.context import GithubContext
from deploytool.github.deployment_report import DeploymentReport, closing, doing
from deploytool.github.deployments import Deployments
from deploytool.github.left_open import LeftOpen
from deploytool.github.other_pull_requests import OtherPullRequests
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
        self._left = LeftOpen(client, page.marker(), self._attempts, context.run_url)
        self._way_back: WayBack | None = None
        self._taken_back: TakenBack | None = None
        self._takes_over: TakesOver | None = None
        self._others = OtherPullRequests(client, (), self._attempts)
        self._elsewhere: list[int] = []
        """Comments in the other pull requests."""

    def tell(self, event: Event) -> None:
        """Take note; nothing is sent."""
        self._page.add(event)
        if isinstance(event, Settled):
            self._left.add(event, partial(self._page.settled, event))
        if isinstance(event, WayBack):
            self._way_back = event
        if isinstance(event, TakenBack):
            self._taken_back = event
        if isinstance(event, TakesOver):
            self._takes_over = event
        if isinstance(event, Accompanied):
            self._others = OtherPullRequests(self._client, event.commits, self._attempts)
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
            if self._outcome and self._outcome.good:
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
        number = plan.request.origin.pull_request or self._context.event_pull_request
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
        search = PullRequestSearch(self._client, taken.commit, taken.origin.pull_request)
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
        there = StickyComment(self._client, number, self._page.marker())
        there.write(self._page.text())
        if there.id is not None:
            self._elsewhere.append(there.id)

    def _withdraw(self, number: int | None) -> None:
        if number is not None:
            own = self._comment.id if self._comment else None
            StickyComment(self._client, number, self._page.marker()).change(self._page.taken_back, unless=own)

    def _deployment_of(self, plan: Plan) -> DeploymentReport:
        return DeploymentReport(self._deployments(plan), plan, self._attempts)

    def _deployments(self, plan: Plan) -> Deployments:
        return Deployments(self._client, plan.request, self._context.run_url)
