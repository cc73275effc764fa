"""``deploytool doctor``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.deploy.context import Context
    from deploytool.doctor.checks import Report
    from deploytool.doctor.facts import Facts
    from deploytool.doctor.facts_account import Github
    from deploytool.ledger.record import Record


LAST = 50
"""Releases of the ledger that are looked through for one from a workflow and for a migration."""


@click.command(name="doctor", cls=option_rules.Verb)
@options.environment
@click.option("--skip", "left_out", multiple=True, metavar="CHECK", help="Leave a check out; may be given again.")
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
      deploytool doctor --environment production --skip cdn --skip dns
    """
    from deploytool.deploy.context import open_context
    from deploytool.doctor.checks import run_checks
    from deploytool.doctor.output import doctor_document, doctor_text
    from deploytool.output.console import print_document, print_text

    _known_checks(left_out)
    found = open_context(config, environment)
    examination = run_checks(_facts(found), left_out)
    _report_to_runner(examination)
    if output == "json":
        print_document(doctor_document(examination))
    else:
        print_text(doctor_text(examination).rstrip("\n"))
    context.exit(examination.exit_code)


def _known_checks(left_out: tuple[str, ...]) -> None:
    from deploytool.doctor.checks import CHECKS
    from deploytool.errors import ConfigurationError

    names = [check.id for check in CHECKS]
    if stray := [each for each in left_out if each not in names]:
        raise ConfigurationError(f"there is no check {', '.join(stray)}", f"there are: {', '.join(names)}")


def _facts(found: Context) -> Facts:
    from deploytool.aws.session import Session, account_id
    from deploytool.doctor.collect import collect
    from deploytool.doctor.facts import scope_of
    from deploytool.ledger.lock_store import utc_now

    settings = found.settings
    scope = scope_of(settings, account_id(found.session), utc_now())
    return collect(
        found.session,
        lambda region: Session(region, settings.role_arn),
        settings,
        scope,
        lambda: _releases(found),
        lambda: _github(found),
    )


def _releases(found: Context) -> tuple[Record, ...]:
    from deploytool.deploy.context import ledger_of
    from deploytool.doctor.result import FactUnavailable, Unknown

    if found.settings.ledger is None:
        raise FactUnavailable(
            Unknown("deploytool.yml says ledger: false, so that nothing remembers releases", "name a table")
        )
    return ledger_of(found).recent(LAST)


def _github(found: Context) -> Github:
    from deploytool.doctor.collect.github import collect_github, not_asked
    from deploytool.github.client import GithubClient
    from deploytool.github.runner import github_context, repository_of

    context = github_context(os.environ, {})
    repository = context.repository or repository_of(found.commit.source)
    if not context.token:
        return not_asked(
            "GITHUB_TOKEN is not set, so that GitHub was not asked", "export GITHUB_TOKEN=$(gh auth token)"
        )
    if repository.count("/") != 1:
        return not_asked("which repository this is cannot be told", "set GITHUB_REPOSITORY to owner/name")
    return collect_github(GithubClient(context.api_url, context.token, repository), found.settings.github_environment)


def _report_to_runner(examination: Report) -> None:
    """The job summary and the step's outputs, where there is a runner."""
    import json
    import secrets

    from deploytool.doctor.output import doctor_document, doctor_markdown
    from deploytool.output import actions
    from deploytool.output.actions import append_outputs, append_summary

    summary, outputs = os.environ.get("GITHUB_STEP_SUMMARY"), os.environ.get("GITHUB_OUTPUT")
    if summary and not append_summary(summary, doctor_markdown(examination)):
        click.echo("note: the job summary was full", err=True)
    if outputs:
        values = {
            "result": "unhealthy" if examination.exit_code else "healthy",
            "json": json.dumps(doctor_document(examination), ensure_ascii=False),
        }
        append_outputs(outputs, actions.outputs(values, secrets.token_hex(16)))
