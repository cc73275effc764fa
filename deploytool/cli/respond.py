"""``deploytool respond``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploytool.cli import options, rules
from deploytool.errors import ConfigurationError, DeployError, Refused

if TYPE_CHECKING:
    from deploytool.core.config.model import Config
    from deploytool.core.rollback_request_model import Facts, Go, Ignore
    from deploytool.github.context import GithubContext
    from deploytool.github.rollback_request import RollbackRequests

WAIT = 600.0
"""Seconds to wait for a release that is under way: who ticked the box has gone on to something else."""


@click.command(name="respond", cls=rules.Verb)
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
      deploytool respond --event-path event.json
    """
    from deploytool.cli.project import enter_sandbox
    from deploytool.cli.read_config import read_config
    from deploytool.core.rollback_request import decide
    from deploytool.core.rollback_request_model import Ignore, Refuse
    from deploytool.github.client import GithubClient
    from deploytool.github.context import github_context
    from deploytool.github.rollback_request import RollbackRequests

    event = _read(event_path)
    enter_sandbox()
    configured = read_config(config)
    context = github_context(os.environ, event)
    if context.silent_because:
        raise ConfigurationError(context.silent_because, "run it in a workflow, with GITHUB_TOKEN")
    client = GithubClient(context.api_url, context.token, context.repository)
    requests = RollbackRequests(client, context.repository, configured.app)
    facts = _facts(context, configured, environment, Path(config).resolve().parent, requests)
    if isinstance(facts, Ignore):
        return _ignored(facts)
    decision = decide(facts)
    if isinstance(decision, Ignore):
        return _ignored(decision)
    answers = _Answers(requests, facts, context.run_url)
    if isinstance(decision, Refuse):
        answers.refused(decision.reason, again=decision.again)
        raise Refused(decision.reason, "ask for the rollback in another way: `deploytool rollback`")
    return _roll_back(decision, answers, config, as_json=output == "json")


def _facts(
    context: GithubContext, configured: Config, environment: str, root: Path, requests: RollbackRequests
) -> Facts | Ignore:
    """Everything to decide on; read from GitHub only where the event alone does not say that nobody asked."""
    from deploytool.cli import git
    from deploytool.core.config.resolve import resolve
    from deploytool.core.rollback_request import asked
    from deploytool.core.rollback_request_model import Facts, Ignore, Job, Refuse
    from deploytool.github.rollback_request import tick_of
    from deploytool.report.escaping import marker

    tick = tick_of(context.event_name, context.event)
    markers = {marker(configured.app, name): name for name in configured.environments}
    job = Job(
        repository=context.repository,
        ref=context.ref,
        default_branch=context.default_branch,
        sha=context.sha,
        checked_out=git.commit(root).sha,
        environment=environment,
    )
    wish = asked(tick, job, markers)
    if isinstance(wish, Ignore):
        return wish
    if isinstance(wish, Refuse):
        # Not answered in the comment: nothing says yet that it is ours.
        raise Refused(wish.reason, "see docs/rollback.md for the workflow")
    names = {name: resolve(configured, name).github_environment for name in configured.environments}
    asked_for, box = wish
    reread = requests.reread(tick, names[asked_for], box)
    return Facts(configured.app, markers, job, tick, reread, names)


def _ignored(why: Ignore) -> int:
    click.echo(f"ignored: {why.reason}")
    return 0


def _roll_back(wanted: Go, answers: _Answers, config: str, *, as_json: bool) -> int:
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.project import project
    from deploytool.cli.rollback import Wish, roll_back

    clock = SystemClock()
    clock.listen()
    answers.requested()
    wish = Wish(wanted.goal.release, expect_current=wanted.current.release, if_busy="wait", wait=WAIT)
    try:
        outcome = roll_back(project(config, wanted.environment), wish, clock, as_json=as_json)
    except DeployError as error:
        answers.refused(error.cause, again=True)
        raise
    answers.done(outcome.sentence, good=outcome.good)
    return int(outcome.exit_code)


class _Answers:
    """What the comment says to who ticked its box."""

    def __init__(self, requests: RollbackRequests, facts: Facts, run_url: str) -> None:
        from deploytool.report import way_back

        self._say = way_back
        self._requests = requests
        self._comment = facts.tick.comment
        self._who = facts.tick.sender
        self._run = run_url
        self._offer = way_back.offer_of(facts.reread.body)

    def requested(self) -> None:
        """In place of the box, before anything is done. Raises GithubError: a box that stays could be ticked again."""
        self._write(self._say.requested(self._who, self._run))

    def done(self, sentence: str, *, good: bool) -> None:
        """How it ended; where it did not go well, the box is there again."""
        self._try(self._say.done(self._who, sentence, self._run, good=good), again=not good)

    def refused(self, reason: str, *, again: bool) -> None:
        """Why it was not done."""
        self._try(self._say.refused(self._who, reason, self._run), again=again)

    def _try(self, answer: str, *, again: bool) -> None:
        from deploytool.github.errors import GithubError

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
