"""``deploytool doctor``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.project import Project
    from deploytool.core.doctor.examine import Examination
    from deploytool.core.doctor.facts import Facts
    from deploytool.core.doctor.facts_github import Github
    from deploytool.core.ledger import Record

LAST = 50
"""Releases of the ledger that are looked through for one from a workflow and for a migration."""


@click.command(name="doctor", cls=rules.Verb)
@options.environment
@click.option("--except", "left_out", multiple=True, metavar="CHECK", help="Leave a check out; may be given again.")
@options.output
@click.pass_context
def command(
    context: click.Context, config: str, environment: str | None, left_out: tuple[str, ...], output: str
) -> None:
    """Check the account against the deployment checklist and the security practices, and say how to mend it.

    Looks, and changes nothing. Each check passes, fails, or cannot be told: then the missing permission is said.
    Exits with 3 where a check fails.

    \b
    Example:
      deploytool doctor --environment production --except cdn --except dns
    """
    from deploytool.cli.print_text import print_document, print_text
    from deploytool.cli.project import project
    from deploytool.core.doctor.examine import examine
    from deploytool.report.doctor import doctor_document, doctor_text

    _known(left_out)
    found = project(config, environment)
    examination = examine(_facts(found), left_out)
    _tell_runner(examination)
    if output == "json":
        print_document(doctor_document(examination))
    else:
        print_text(doctor_text(examination).rstrip("\n"))
    context.exit(examination.exit_code)


def _known(left_out: tuple[str, ...]) -> None:
    from deploytool.core.doctor.catalogue import CHECKS
    from deploytool.errors import ConfigurationError

    names = [check.id for check in CHECKS]
    if stray := [each for each in left_out if each not in names]:
        raise ConfigurationError(f"there is no check {', '.join(stray)}", f"there are: {', '.join(names)}")


def _facts(found: Project) -> Facts:
    from deploytool.aws.identity import account
    from deploytool.aws.lease import utc_now
    from deploytool.aws.session import Session
    from deploytool.aws.survey.gather import gather
    from deploytool.core.doctor.scope import scope_of

    settings = found.settings
    scope = scope_of(settings, account(found.session), utc_now())
    return gather(
        found.session,
        lambda region: Session(region, settings.role_arn),
        settings,
        scope,
        lambda: _releases(found),
        lambda: _github(found),
    )


def _releases(found: Project) -> tuple[Record, ...]:
    from deploytool.cli.ledger import ledger_of
    from deploytool.core.doctor.finding import CannotTell, Unseen

    if found.settings.ledger is None:
        raise Unseen(
            CannotTell("deploytool.yml says ledger: false, so that nothing remembers releases", "name a table")
        )
    return ledger_of(found).recent(LAST)


def _github(found: Project) -> Github:
    from deploytool.github.client import GithubClient
    from deploytool.github.context import github_context, repository_of
    from deploytool.github.survey import survey, unasked

    context = github_context(os.environ, {})
    repository = context.repository or repository_of(found.commit.source)
    if not context.token:
        return unasked("GITHUB_TOKEN is not set, so that GitHub was not asked", "export GITHUB_TOKEN=$(gh auth token)")
    if repository.count("/") != 1:
        return unasked("which repository this is cannot be told", "set GITHUB_REPOSITORY to owner/name")
    return survey(GithubClient(context.api_url, context.token, repository), found.settings.github_environment)


def _tell_runner(examination: Examination) -> None:
    """The job summary and the step's outputs, where there is a runner."""
    import json
    import secrets

    from deploytool.github.runner_files import append_outputs, append_summary
    from deploytool.report import github_actions
    from deploytool.report.doctor import doctor_document
    from deploytool.report.doctor_markdown import doctor_markdown

    summary, outputs = os.environ.get("GITHUB_STEP_SUMMARY"), os.environ.get("GITHUB_OUTPUT")
    if summary and not append_summary(summary, doctor_markdown(examination)):
        click.echo("note: the job summary was full", err=True)
    if outputs:
        values = {
            "result": "unhealthy" if examination.exit_code else "healthy",
            "json": json.dumps(doctor_document(examination), ensure_ascii=False),
        }
        append_outputs(outputs, github_actions.outputs(values, secrets.token_hex(16)))
