"""``deploytool handle-comment``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploytool.cli import option_rules, options
from deploytool.errors import ConfigurationError, DeployError, PreconditionFailed

if TYPE_CHECKING:
    from deploytool.config.model import ConfigFile
    from deploytool.github.rollback_checkbox import RollbackRequests
    from deploytool.github.rollback_model import Approve, Facts, Ignore
    from deploytool.github.runner import GithubContext


WAIT = 600.0
"""Seconds to wait for a release that is under way: who ticked the box has gone on to something else."""


@click.command(name="handle-comment", cls=option_rules.Verb)
@click.option(
    "--event-path", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="The event, as GitHub wrote it: $GITHUB_EVENT_PATH.",
)  # fmt: skip
@click.option("-e", "--environment", default="", help="Only for this environment, which the job is for.")
@click.option("--config", default="deploytool.yml", show_default=True, help="The configuration file.")
@options.output
def command(event_path: Path, environment: str, config: str, output: str) -> int:
    """Roll back where somebody ticked the box in a release's comment.

    For a workflow on `issue_comment: [edited]`. Whatever the comment says is checked against GitHub first; any other
    event ends at once with exit code 0. The answer is written into the comment.

    \b
    Example:
      deploytool handle-comment --event-path event.json
    """
    from deploytool.config.yaml import read_config
    from deploytool.deploy.context import enter_sandbox
    from deploytool.github.client import GithubClient
    from deploytool.github.rollback_checkbox import RollbackRequests, decide
    from deploytool.github.rollback_model import Deny, Ignore
    from deploytool.github.runner import github_context

    event = _read(event_path)
    enter_sandbox()
    configured = read_config(config)
    context = github_context(os.environ, event)
    if context.silent_because:
        raise ConfigurationError(context.silent_because, "run it in a workflow, with GITHUB_TOKEN")
    client = GithubClient(context.api_url, context.token, context.repository)
    requests = RollbackRequests(client, context.repository, configured.app)
    facts = _collect_facts(context, configured, environment, Path(config).resolve().parent, requests)
    if isinstance(facts, Ignore):
        return _print_ignored(facts)
    decision = decide(facts)
    if isinstance(decision, Ignore):
        return _print_ignored(decision)
    answers = _CommentAnswers(requests, facts, context.run_url)
    if isinstance(decision, Deny):
        answers.refused(decision.reason, again=decision.again)
        raise PreconditionFailed(decision.reason, "ask for the rollback in another way: `deploytool rollback`")
    return _roll_back(decision, answers, config, as_json=output == "json")


def _collect_facts(
    context: GithubContext, configured: ConfigFile, environment: str, root: Path, requests: RollbackRequests
) -> Facts | Ignore:
    """Everything to decide on; read from GitHub only where the event alone does not say that nobody asked."""
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
        # Not answered in the comment: nothing says yet that it is ours.
        raise PreconditionFailed(options.reason, "see docs/rollback.md for the workflow")
    names = {name: resolve(configured, name).github_environment for name in configured.environments}
    asked_for, box = options
    reread = requests.reread(tick, names[asked_for], box)
    return Facts(configured.app, markers, job, tick, reread, names)


def _print_ignored(why: Ignore) -> int:
    click.echo(f"ignored: {why.reason}")
    return 0


def _roll_back(wanted: Approve, answers: _CommentAnswers, config: str, *, as_json: bool) -> int:
    from deploytool.cli.rollback import run_rollback
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.ledger.rollback_target import RollbackRequest

    clock = SystemClock()
    clock.listen()
    answers.requested()
    options = RollbackRequest(wanted.goal.release, expect_current=wanted.current.release, if_busy="wait", wait=WAIT)
    try:
        outcome = run_rollback(open_context(config, wanted.environment), options, clock, as_json=as_json)
    except DeployError as error:
        answers.refused(error.cause, again=True)
        raise
    answers.done(outcome.summary, succeeded=outcome.succeeded)
    return int(outcome.exit_code)


class _CommentAnswers:
    """What the comment says to who ticked its box."""

    def __init__(self, requests: RollbackRequests, facts: Facts, run_url: str) -> None:
        from deploytool.github import comment_edits

        self._say = comment_edits
        self._requests = requests
        self._comment = facts.tick.comment
        self._who = facts.tick.sender
        self._run = run_url
        self._offer = comment_edits.checkbox_block_of(facts.reread.body)

    def requested(self) -> None:
        """In place of the box, before anything is done. Raises GithubError: a box that stays could be ticked again."""
        self._write(self._say.requested(self._who, self._run))

    def done(self, sentence: str, *, succeeded: bool) -> None:
        """How it ended; where it did not go well, the box is there again."""
        self._try(self._say.done(self._who, sentence, self._run, succeeded=succeeded), again=not succeeded)

    def refused(self, reason: str, *, again: bool) -> None:
        """Why it was not done."""
        self._try(self._say.refused(self._who, reason, self._run), again=again)

    def _try(self, answer: str, *, again: bool) -> None:
        from deploytool.github.client import GithubError

        try:
            self._write(answer, self._offer if again else "")
        except GithubError as error:
            # What was done, or refused, is said by the exit code all the same.
            click.echo(f"note: the comment does not say so: {error.cause}", err=True)

    def _write(self, answer: str, offer: str = "") -> None:
        self._requests.answer(self._comment, partial(self._say.answered, answer=answer, offer=offer))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as an event: {error}", "pass $GITHUB_EVENT_PATH") from error
    if not isinstance(event, dict):
        raise ConfigurationError(f"{path} is no event: it holds no JSON object", "pass $GITHUB_EVENT_PATH")
    return event
