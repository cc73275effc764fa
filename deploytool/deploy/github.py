"""What GitHub shows of a release: deployment and comment while it runs, job summary and outputs at its end."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from deploytool.deploy.context import Context
from deploytool.deploy.git import has_workflow
from deploytool.errors import DeployError
from deploytool.github.client import GithubClient, GithubError
from deploytool.github.comment_body import CommentBody, Links, plan_markdown, refusal
from deploytool.github.comments import StickyComment
from deploytool.github.reporter import GithubReporter
from deploytool.github.runner import GithubContext, github_context, read_event
from deploytool.ledger.journal import Journal
from deploytool.output import actions
from deploytool.output.actions import append_outputs, append_summary
from deploytool.output.console import now, print_text
from deploytool.output.documents import OutcomeDocument
from deploytool.output.json import OutcomeContext, one_line, outcome_document, plan_document
from deploytool.output.markup import marker
from deploytool.release.events import Ended, Event
from deploytool.release.model import GithubRecord, Outcome, Plan, Result


@contextmanager
def github_reporting(context: Context, release_id: str) -> Iterator[GithubReporting]:
    """Reports a release to GitHub; elsewhere it prints once why nothing was reported.

    Enter it before boto3 is loaded: ghapi loads in its thread meanwhile. GitHub never fails, delays or hides a release:
    what it did not take is printed at the end.
    """
    reporting = GithubReporting(context, release_id)
    try:
        yield reporting
    except DeployError as error:
        reporting.summarize_refusal(error)
        raise
    finally:
        reporting.close()


class GithubReporting:
    """Passes events to GitHub, and at the end writes the files of the runner: job summary and outputs."""

    def __init__(self, context: Context, release_id: str) -> None:
        self._settings = context.settings
        self._github = github_context(os.environ, read_event(os.environ))
        links = _links(self._github, context, release_id)
        self._page = CommentBody(self._settings.app, self._settings.environment, links, now)
        self._journal: Journal | None = None
        self._outcome: Outcome | None = None
        self._refusal = ""
        self._restored_release = ""
        self._outcome_context = OutcomeContext()
        self._error: DeployError | None = None
        self._reporter: GithubReporter | None = None
        if not self._github.silent_because:
            self._reporter = GithubReporter(self._github, self._page, made=self._save)
            self._reporter.start()

    def on_event(self, event: Event) -> None:
        """The listener."""
        if isinstance(event, Ended):
            self._outcome = event.outcome
        if self._reporter:
            self._reporter.on_event(event)
        else:
            self._page.add(event)

    def record_in(self, journal: Journal | None) -> None:
        """From now on keep what is made on GitHub in this release record."""
        self._journal = journal

    def set_restored_release(self, release_id: str) -> None:
        """This earlier release is running again; empty where none is."""
        self._restored_release = release_id

    def set_outcome_context(self, context: OutcomeContext, error: DeployError | None) -> None:
        """What the document says beside the outcome; ``error`` is why the command fails all the same."""
        self._outcome_context, self._error = context, error

    def document(self, outcome: Outcome) -> OutcomeDocument:
        """The outcome as JSON; complete once ``close`` was called."""
        comment_url = self._reporter.made.comment_url if self._reporter else ""
        return outcome_document(outcome, replace(self._outcome_context, comment_url=comment_url), self._error)

    def summarize_refusal(self, error: DeployError) -> None:
        """Nothing began: the job summary says why."""
        self._refusal = refusal(self._settings.app, self._settings.environment, error.cause, error.fix)

    def close(self) -> None:
        """Send what is left, print what GitHub did not take, and write job summary and outputs for a runner."""
        if self._outcome and self._outcome.result is Result.CANCELLED:
            # A runner kills what it canceled after 7.5 s: GitHub's answers may come too late. What is written twice
            # counts as it was written last.
            self._write_outputs(self._outcome)
        for note in self._reporter.close() if self._reporter else (self._github.silent_because,):
            print_text(f"note: {note}", err=True)
        summary = self._refusal or self._page.summary()
        if self._github.summary_path and summary and not append_summary(self._github.summary_path, summary):
            print_text("note: the job summary was full; the comment and this log say the same", err=True)
        if self._outcome:
            self._write_outputs(self._outcome)

    def _write_outputs(self, outcome: Outcome) -> None:
        if self._github.output_path:
            values = {
                **outcome_outputs(outcome),
                "rolled-back-to": self._restored_release,
                "json": one_line(self.document(outcome)),
            }
            if self._reporter:
                made = self._reporter.made
                values |= {"deployment-id": str(made.deployment_id or ""), "comment-url": made.comment_url}
            append_outputs(self._github.output_path, actions.outputs(values, secrets.token_hex(16)))

    def _save(self, made: GithubRecord) -> None:
        """Called in the reporter's thread."""
        if self._journal:
            self._journal.on_github(made)


def outcome_outputs(outcome: Outcome) -> dict[str, str]:
    """What an outcome gives to the steps after it."""
    return {
        "result": outcome.result.value,
        "reason-code": outcome.diagnoses[0].code if outcome.diagnoses else "",
        "release-id": outcome.plan.request.release_id,
        "image-digest": outcome.digests[0][1] if outcome.digests else "",
        "image-digests": json.dumps(dict(outcome.digests)),
        "environment-url": outcome.plan.url,
    }


def _links(github: GithubContext, context: Context, release_id: str) -> Links:
    settings = context.settings
    if not settings.ledger:
        # Without a ledger there is no release to go back to.
        return Links(repository=github.repository_url, run=github.run_url)
    workflow = settings.rollback_workflow if has_workflow(context.root, settings.rollback_workflow) else ""
    return Links(
        repository=github.repository_url,
        run=github.run_url,
        rollback_page=f"{github.repository_url}/actions/workflows/{workflow}" if workflow else "",
        rollback_command=f"deploytool rollback --environment {settings.environment} --expect-current {release_id}",
        rollback_workflow=workflow,
        checkbox=settings.rollback_checkbox,
    )


def report_plan(plan: Plan) -> None:
    """A plan as comment, job summary and outputs. What GitHub does not take is printed, and fails nothing."""
    github = github_context(os.environ, read_event(os.environ))
    text = plan_markdown(plan)
    if github.summary_path and not append_summary(github.summary_path, text):
        print_text("note: the job summary was full", err=True)
    url = _comment(github, plan, text)
    if github.output_path:
        values = {
            "result": "nothing_to_do" if plan.nothing_to_do else "planned",
            "comment-url": url,
            "environment-url": plan.url,
            "json": one_line(plan_document(plan)),
        }
        append_outputs(github.output_path, actions.outputs(values, secrets.token_hex(16)))


def _comment(github: GithubContext, plan: Plan, text: str) -> str:
    """The comment's URL; empty where there is none."""
    number = github.event_pull_request
    if number is None or not github.actions:
        return ""
    if github.silent_because:
        print_text(f"note: {github.silent_because}", err=True)
        return ""
    # The release's own comment: its outcome replaces the plan.
    first_line = marker(plan.request.app, plan.request.environment)
    comment = StickyComment(GithubClient(github.api_url, github.token, github.repository), number, first_line)
    try:
        comment.write(f"{first_line}\n{text}")
    except GithubError as error:
        print_text(f"note: the plan is not in the pull request: {error.cause} ({error.fix})", err=True)
    return comment.url
