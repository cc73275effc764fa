"""Everything GitHub learns of a release: deployment and comment while it runs, job summary and outputs at its end."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from deploytool.config.model import EnvironmentConfig
from deploytool.deploy.context import Context
from deploytool.deploy.git import has_workflow
from deploytool.errors import DeployError
from deploytool.github.client import GithubClient, GithubError
from deploytool.github.comment_body import CommentBody, Links, plan_markdown, refusal
from deploytool.github.comments import StickyComment
from deploytool.github.reporter import GithubReporter
from deploytool.github.runner import GithubContext, github_context, read_event
from deploytool.output import actions
from deploytool.output.actions import append_outputs, append_summary
from deploytool.output.console import now, print_text
from deploytool.output.json import outcome_document, plan_document
from deploytool.output.markup import marker
from deploytool.release.events import Ended, Event
from deploytool.release.model import GithubRecord, Outcome, Plan

# SEG cli.tell_github
# Everything GitHub learns of a release: deployment and comment while it runs, job summary and outputs at its end.


@contextmanager
def github_reporting(project: Context, release_id: str) -> Iterator[GithubReporting]:
    """A listener that GitHub hears through; off GitHub it says once why nothing was reported.

    Entered before boto3 is loaded, so that ghapi loads beside the first look at AWS. GitHub never fails, delays or
    hides a release: what it did not take is said at the end.
    """
    settings = project.settings
    context = github_context(os.environ, read_event(os.environ))
    page = CommentBody(settings.app, settings.environment, _links(context, project, release_id), now)
    told = GithubReporting(context, page)
    reporter = None if context.silent_because else GithubReporter(context, page, made=told.made)
    if reporter:
        told.report_by(reporter)
    try:
        yield told
    except DeployError as error:
        told.refused(settings, error)
        raise
    finally:
        notes = reporter.close() if reporter else (context.silent_because,)
        for note in notes:
            print_text(f"note: {note}", err=True)
        told.close()


class GithubReporting:
    """Passes on what it is told, and keeps what the runner's files are written from once the release is over."""

    def __init__(self, context: GithubContext, page: CommentBody) -> None:
        self._context = context
        self._page = page
        self._reporter: GithubReporter | None = None
        self._remember: Callable[[GithubRecord], None] = lambda _: None
        self._outcome: Outcome | None = None
        self._summary = ""
        self._serves_again = ""

    def on_event(self, event: Event) -> None:
        """The listener."""
        if isinstance(event, Ended):
            self._outcome = event.outcome
        if self._reporter:
            self._reporter.on_event(event)
        else:
            # Nobody else keeps the page.
            self._page.add(event)

    def report_by(self, reporter: GithubReporter) -> None:
        """Tell it everything from now on."""
        self._reporter = reporter
        reporter.start()

    def remembered_by(self, remember: Callable[[GithubRecord], None]) -> None:
        """``remember`` hears, in the reporter's thread, what was made on GitHub."""
        self._remember = remember

    def made(self, github: GithubRecord) -> None:
        """What there is of the release on GitHub by now."""
        self._remember(github)

    def serves_again(self, release_id: str) -> None:
        """This earlier release is live again; empty where none is."""
        self._serves_again = release_id

    def refused(self, settings: EnvironmentConfig, error: DeployError) -> None:
        """Nothing began: the summary says why."""
        self._summary = refusal(settings.app, settings.environment, error.cause, error.fix)

    def close(self) -> None:
        """Write job summary and outputs, where there is a runner to read them."""
        summary = self._summary or self._page.summary()
        if self._context.summary_path and summary and not append_summary(self._context.summary_path, summary):
            click.echo("note: the job summary was full; the comment and this log say the same", err=True)
        if self._context.output_path and self._outcome:
            values = {**outcome_outputs(self._outcome), **self._ids(), "rolled-back-to": self._serves_again}
            append_outputs(self._context.output_path, actions.outputs(values, secrets.token_hex(16)))

    def _ids(self) -> dict[str, str]:
        if not self._reporter:
            return {}
        made = self._reporter.made
        return {"deployment-id": str(made.deployment_id or ""), "comment-url": made.comment_url}


def outcome_outputs(outcome: Outcome) -> dict[str, str]:
    """What an outcome gives to the steps after it."""
    return {
        "result": outcome.result.value,
        "reason-code": outcome.diagnoses[0].code if outcome.diagnoses else "",
        "release-id": outcome.plan.request.release_id,
        "image-digest": outcome.digests[0][1] if outcome.digests else "",
        "environment-url": outcome.plan.url,
        "json": json.dumps(outcome_document(outcome), ensure_ascii=False),
    }


def _links(context: GithubContext, project: Context, release_id: str) -> Links:
    settings = project.settings
    if not settings.ledger:
        # Without a ledger nothing is remembered that one could go back to.
        return Links(repository=context.repository_url, run=context.run_url)
    workflow = settings.rollback_workflow
    there = has_workflow(project.root, workflow)
    return Links(
        repository=context.repository_url,
        run=context.run_url,
        rollback_page=f"{context.repository_url}/actions/workflows/{workflow}" if there else "",
        rollback_command=f"deploytool rollback --environment {settings.environment} --expect-current {release_id}",
        rollback_workflow=workflow if there else "",
        checkbox=settings.rollback_checkbox,
    )


# SEG cli.tell_plan
# A plan as GitHub shows it: the pull request's comment, the job summary, the outputs.


def comment_plan(plan: Plan) -> None:
    """Where a runner or a pull request is there to read it; what GitHub does not take is noted, and fails nothing."""
    context = github_context(os.environ, read_event(os.environ))
    text = plan_markdown(plan)
    if context.summary_path and not append_summary(context.summary_path, text):
        click.echo("note: the job summary was full", err=True)
    url = _commented(context, plan, text)
    if context.output_path:
        values = {
            "result": "nothing_to_do" if plan.nothing_to_do else "planned",
            "comment-url": url,
            "environment-url": plan.url,
            "json": json.dumps(plan_document(plan), ensure_ascii=False),
        }
        append_outputs(context.output_path, actions.outputs(values, secrets.token_hex(16)))


def _commented(context: GithubContext, plan: Plan, text: str) -> str:
    number = context.event_pull_request
    if number is None or not context.actions:
        return ""
    if context.silent_because:
        click.echo(f"note: {context.silent_because}", err=True)
        return ""
    # The release's own comment: what would happen is replaced by what did.
    first = marker(plan.request.app, plan.request.environment)
    comment = StickyComment(GithubClient(context.api_url, context.token, context.repository), number, first)
    try:
        comment.write(f"{first}\n{text}")
    except GithubError as error:
        print_text(f"note: the plan is not in the pull request: {error.cause} ({error.fix})", err=True)
    return comment.url
