"""Everything GitHub learns of a release: deployment and comment while it runs, job summary and outputs at its end."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from deploytool.core.config.model import Settings
from deploytool.core.events import Ended, Event
from deploytool.core.outcome import Outcome
from deploytool.errors import DeployError
from deploytool.github.context import GithubContext, github_context, read_event
from deploytool.github.reporter import GithubReporter
from deploytool.github.runner_files import append_outputs, append_summary
from deploytool.report import github_actions
from deploytool.report.markdown import Links
from deploytool.report.page import CommentPage
from deploytool.report.refusal import refusal
from deploytool.run.ports import Tell


@contextmanager
def told_github(settings: Settings, release_id: str) -> Iterator[Tell]:
    """A listener that GitHub hears through; off GitHub it says once why nothing was reported.

    Entered before boto3 is loaded, so that ghapi loads beside the first look at AWS. GitHub never fails, delays or
    hides a release: what it did not take is said at the end.
    """
    context = github_context(os.environ, read_event(os.environ))
    page = CommentPage(settings.app, settings.environment, _links(context, settings, release_id), _now)
    heard = _Heard(context, page)
    reporter = None if context.silent_because else GithubReporter(context, page)
    if reporter:
        reporter.start()

    def tell(event: Event) -> None:
        heard.take(event, page, alone=reporter is None)
        if reporter:
            reporter.tell(event)

    try:
        yield tell
    except DeployError as error:
        heard.refused(settings, error)
        raise
    finally:
        notes = reporter.close() if reporter else (context.silent_because,)
        for note in notes:
            click.echo(f"note: {note}", err=True)
        heard.close()


class _Heard:
    """What the runner's files are written from, once the release is over."""

    def __init__(self, context: GithubContext, page: CommentPage) -> None:
        self._context = context
        self._page = page
        self._outcome: Outcome | None = None
        self._summary = ""

    def take(self, event: Event, page: CommentPage, *, alone: bool) -> None:
        """Note the outcome; without a reporter nobody else keeps the page."""
        if alone:
            page.add(event)
        if isinstance(event, Ended):
            self._outcome = event.outcome

    def refused(self, settings: Settings, error: DeployError) -> None:
        """Nothing began: the summary says why."""
        self._summary = refusal(settings.app, settings.environment, error.cause, error.fix)

    def close(self) -> None:
        """Write job summary and outputs, where there is a runner to read them."""
        summary = self._summary or self._page.summary()
        if self._context.summary_path and summary and not append_summary(self._context.summary_path, summary):
            click.echo("note: the job summary was full; the comment and this log say the same", err=True)
        if self._context.output_path and self._outcome:
            entries = github_actions.outputs(_outputs(self._outcome), secrets.token_hex(16))
            append_outputs(self._context.output_path, entries)


def _outputs(outcome: Outcome) -> dict[str, str]:
    return {
        "result": outcome.result.value,
        "reason-code": outcome.diagnoses[0].code if outcome.diagnoses else "",
        "release-id": outcome.plan.request.release_id,
        "image-digest": outcome.digests[0][1] if outcome.digests else "",
        "environment-url": outcome.plan.url,
    }


def _links(context: GithubContext, settings: Settings, release_id: str) -> Links:
    # Without a ledger nothing is remembered that one could go back to.
    back = f"deploytool rollback --environment {settings.environment} --expect-current {release_id}"
    return Links(
        repository=context.repository_url, run=context.run_url, rollback_command=back if settings.ledger else ""
    )


def _now() -> datetime:
    return datetime.now().astimezone()
