"""Everything GitHub learns of a release: deployment and comment while it runs, job summary and outputs at its end."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from deploytool.cli.git import has_workflow
from deploytool.cli.print_text import print_text
from deploytool.cli.project import Project
from deploytool.cli.surroundings import now
from deploytool.core.config.model import Settings
from deploytool.core.events import Ended, Event
from deploytool.core.ledger import GithubRecord
from deploytool.core.outcome import Outcome
from deploytool.errors import DeployError
from deploytool.github.context import GithubContext, github_context, read_event
from deploytool.github.reporter import GithubReporter
from deploytool.github.runner_files import append_outputs, append_summary
from deploytool.report import github_actions
from deploytool.report.documents import outcome_document
from deploytool.report.markdown import Links
from deploytool.report.page import CommentPage
from deploytool.report.refusal import refusal


@contextmanager
def told_github(project: Project, release_id: str) -> Iterator[Told]:
    """A listener that GitHub hears through; off GitHub it says once why nothing was reported.

    Entered before boto3 is loaded, so that ghapi loads beside the first look at AWS. GitHub never fails, delays or
    hides a release: what it did not take is said at the end.
    """
    settings = project.settings
    context = github_context(os.environ, read_event(os.environ))
    page = CommentPage(settings.app, settings.environment, _links(context, project, release_id), now)
    told = Told(context, page)
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


class Told:
    """Passes on what it is told, and keeps what the runner's files are written from once the release is over."""

    def __init__(self, context: GithubContext, page: CommentPage) -> None:
        self._context = context
        self._page = page
        self._reporter: GithubReporter | None = None
        self._remember: Callable[[GithubRecord], None] = lambda _: None
        self._outcome: Outcome | None = None
        self._summary = ""
        self._serves_again = ""

    def tell(self, event: Event) -> None:
        """The listener."""
        if isinstance(event, Ended):
            self._outcome = event.outcome
        if self._reporter:
            self._reporter.tell(event)
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

    def refused(self, settings: Settings, error: DeployError) -> None:
        """Nothing began: the summary says why."""
        self._summary = refusal(settings.app, settings.environment, error.cause, error.fix)

    def close(self) -> None:
        """Write job summary and outputs, where there is a runner to read them."""
        summary = self._summary or self._page.summary()
        if self._context.summary_path and summary and not append_summary(self._context.summary_path, summary):
            click.echo("note: the job summary was full; the comment and this log say the same", err=True)
        if self._context.output_path and self._outcome:
            values = {**outcome_outputs(self._outcome), **self._ids(), "rolled-back-to": self._serves_again}
            append_outputs(self._context.output_path, github_actions.outputs(values, secrets.token_hex(16)))

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


def _links(context: GithubContext, project: Project, release_id: str) -> Links:
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
