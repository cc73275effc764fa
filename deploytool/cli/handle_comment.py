"""``deploytool handle-comment``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploytool.cli import options
from deploytool.errors import ConfigurationError, DeployError, PreconditionFailed
from deploytool.output.console import print_text

if TYPE_CHECKING:
    from deploytool.config.model import ConfigFile
    from deploytool.github.checkbox_client import RollbackRequests
    from deploytool.github.rollback_model import Approve, Facts, Ignore
    from deploytool.github.runner import GithubContext


WAIT = 600.0
"""Seconds to wait for a running release: nobody watches this job who could try again."""


@click.command(name="handle-comment", cls=options.Verb)
@click.option(
    "--event-path", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="The event file of the workflow run: $GITHUB_EVENT_PATH.",
)  # fmt: skip
@click.option("-e", "--environment", default="", help="Handle only comments of this environment.")
@options.config
@options.output
def command(event_path: Path, environment: str, config: str, output: str) -> int:
    """Roll back after the checkbox in a release's comment was ticked.

    For a workflow on `issue_comment: [edited]`. Checks everything in the comment against GitHub first, and answers in
    the comment. Ignores any other event (exit code 0).

    \b
    Example:
      deploytool handle-comment --event-path event.json
    """
    from deploytool.config.yaml import read_config
    from deploytool.deploy.context import enter_sandbox
    from deploytool.github.checkbox_client import RollbackRequests
    from deploytool.github.client import GithubClient
    from deploytool.github.rollback_checkbox import decide
    from deploytool.github.rollback_model import Deny, Ignore
    from deploytool.github.runner import github_context

    event = _read_event(event_path)
    enter_sandbox()
    configured = read_config(config)
    context = github_context(os.environ, event)
    if context.silent_because:
        raise ConfigurationError(context.silent_because, "run it in a workflow, with GITHUB_TOKEN")
    client = GithubClient(context.api_url, context.token, context.repository)
    requests = RollbackRequests(client, context.repository, configured.app)
    facts = _collect_facts(context, configured, environment, Path(config).resolve().parent, requests)
    if isinstance(facts, Ignore):
        return _print_ignored(facts, as_json=output == "json")
    decision = decide(facts)
    if isinstance(decision, Ignore):
        return _print_ignored(decision, as_json=output == "json")
    answers = _CommentAnswers(requests, facts, context.run_url)
    if isinstance(decision, Deny):
        answers.refused(decision.reason, again=decision.again)
        raise PreconditionFailed(decision.reason, "use `deploytool rollback` instead")
    return _roll_back(decision, answers, config, as_json=output == "json")


def _roll_back(approved: Approve, answers: _CommentAnswers, config: str, *, as_json: bool) -> int:
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.rollback import run_rollback
    from deploytool.ledger.lock import LockConflictPolicy
    from deploytool.ledger.rollback_target import RollbackRequest

    run = start_run()
    answers.requested()
    request = RollbackRequest(approved.goal.release, expect_current=approved.current.release)
    try:
        context = open_context(config, approved.environment)
        outcome = run_rollback(context, run, request, LockConflictPolicy("wait", WAIT), as_json=as_json)
    except DeployError as error:
        answers.refused(error.cause, again=True)
        raise
    answers.done(outcome.summary, succeeded=outcome.succeeded)
    return int(outcome.exit_code)


def _collect_facts(
    context: GithubContext, configured: ConfigFile, environment: str, root: Path, requests: RollbackRequests
) -> Facts | Ignore:
    """Everything to decide on; GitHub is read only where the event alone may be a request."""
    from deploytool.config.loader import resolve
    from deploytool.deploy import git
    from deploytool.github.rollback_checkbox import checkbox_event, checkbox_event_for
    from deploytool.github.rollback_model import Deny, Facts, Ignore, Job
    from deploytool.output.markup import marker

    tick = checkbox_event(context.event_name, context.event)
    markers = {marker(configured.app, name): name for name in configured.environments}
    job = Job(
        repository=context.repository,
        ref=context.ref,
        default_branch=context.default_branch,
        sha=context.sha,
        checked_out=git.commit(root).sha,
        environment=environment,
    )
    options = checkbox_event_for(tick, job, markers)
    if isinstance(options, Ignore):
        return options
    if isinstance(options, Deny):
        # Not answered in the comment: nothing shows yet that it is ours.
        raise PreconditionFailed(options.reason, "see docs/rollback.md for the workflow")
    names = {name: resolve(configured, name).github_environment for name in configured.environments}
    asked_for, box = options
    reread = requests.reread(tick, names[asked_for], box)
    return Facts(configured.app, markers, job, tick, reread, names)


def _print_ignored(ignored: Ignore, *, as_json: bool) -> int:
    from deploytool.output.console import print_document
    from deploytool.output.json import comment_ignored_document

    if as_json:
        print_document(comment_ignored_document(ignored.reason))
    else:
        print_text(f"ignored: {ignored.reason}")
    return 0


class _CommentAnswers:
    """What the comment answers to whoever ticked its checkbox."""

    def __init__(self, requests: RollbackRequests, facts: Facts, run_url: str) -> None:
        from deploytool.github import comment_edits

        self._edits = comment_edits
        self._requests = requests
        self._comment = facts.tick.comment
        self._sender = facts.tick.sender
        self._run_url = run_url
        self._offer = comment_edits.checkbox_block_of(facts.reread.body)

    def requested(self) -> None:
        """Replaces the checkbox, before anything is done. Raises GithubError: one that stays could be ticked again."""
        self._write(self._edits.requested(self._sender, self._run_url))

    def done(self, sentence: str, *, succeeded: bool) -> None:
        """How it ended; after a failure the checkbox is offered again."""
        self._try(self._edits.done(self._sender, sentence, self._run_url, succeeded=succeeded), again=not succeeded)

    def refused(self, reason: str, *, again: bool) -> None:
        """Why it was not done."""
        self._try(self._edits.refused(self._sender, reason, self._run_url), again=again)

    def _try(self, answer: str, *, again: bool) -> None:
        from deploytool.github.client import GithubError

        try:
            self._write(answer, self._offer if again else "")
        except GithubError as error:
            # The exit code reports the outcome all the same.
            print_text(f"note: the comment was not updated: {error.cause}", err=True)

    def _write(self, answer: str, offer: str = "") -> None:
        self._requests.answer(self._comment, partial(self._edits.answered, answer=answer, offer=offer))


def _read_event(path: Path) -> Mapping[str, Any]:
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as an event: {error}", "pass $GITHUB_EVENT_PATH") from error
    if not isinstance(event, dict):
        raise ConfigurationError(f"{path} is not an event: it holds no JSON object", "pass $GITHUB_EVENT_PATH")
    return event
