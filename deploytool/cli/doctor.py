"""``deploytool doctor``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.deploy.context import Context
    from deploytool.doctor.checks import Report
    from deploytool.doctor.facts import Facts
    from deploytool.doctor.facts_account import Github
    from deploytool.ledger.record import Record


RELEASES = 50
"""Newest releases of the ledger among which the checks look for one of a workflow and for a migration."""


@click.command(name="doctor", cls=options.Verb)
@options.environment
@click.option("--skip", "left_out", multiple=True, metavar="CHECK", help="Leave a check out; repeatable.")
@options.output
@click.pass_context
def command(ctx: click.Context, config: str, environment: str | None, left_out: tuple[str, ...], output: str) -> None:
    """Check the account against the deployment checklist and the security practices, and suggest fixes.

    Read-only. Each check passes, fails, or is unknown, with the permission that is missing. Exits with 3 if a check
    fails.

    \b
    Example:
      deploytool doctor --environment production --skip cdn --skip dns
    """
    from deploytool.deploy.context import open_context
    from deploytool.doctor.checks import run_checks
    from deploytool.doctor.output import doctor_document, doctor_text
    from deploytool.output.console import print_document, print_text

    _require_checks(left_out)
    report = run_checks(_facts(open_context(config, environment)), left_out)
    _report_to_runner(report)
    if output == "json":
        print_document(doctor_document(report))
    else:
        print_text(doctor_text(report).rstrip("\n"))
    ctx.exit(report.exit_code)


def _require_checks(left_out: tuple[str, ...]) -> None:
    from deploytool.doctor.checks import CHECKS
    from deploytool.errors import ConfigurationError

    names = [check.id for check in CHECKS]
    if unknown := [name for name in left_out if name not in names]:
        raise ConfigurationError(f"unknown check: {', '.join(unknown)}", f"use one of: {', '.join(names)}")


def _facts(context: Context) -> Facts:
    from deploytool.aws.session import Session, account_id
    from deploytool.doctor.collect import collect
    from deploytool.doctor.facts import scope_of
    from deploytool.ledger.lock_store import utc_now

    settings = context.settings
    scope = scope_of(settings, account_id(context.session), utc_now())
    return collect(
        context.session,
        lambda region: Session(region, settings.role_arn),
        settings,
        scope,
        lambda: _releases(context),
        lambda: _github(context),
    )


def _releases(context: Context) -> tuple[Record, ...]:
    from deploytool.deploy.context import ledger_of
    from deploytool.doctor.result import FactUnavailable, Unknown

    if context.settings.ledger is None:
        raise FactUnavailable(
            Unknown("no releases are recorded: deploytool.yml sets ledger: false", "set ledger to a table")
        )
    return ledger_of(context).recent(RELEASES)


def _github(context: Context) -> Github:
    from deploytool.doctor.collect.github import collect_github, not_asked
    from deploytool.github.client import GithubClient
    from deploytool.github.runner import github_context, repository_of

    github = github_context(os.environ, {})
    repository = github.repository or repository_of(context.commit.source)
    if not github.token:
        return not_asked("GITHUB_TOKEN is not set, so GitHub was not checked", "export GITHUB_TOKEN=$(gh auth token)")
    if repository.count("/") != 1:
        return not_asked("the GitHub repository is not known", "set GITHUB_REPOSITORY to owner/name")
    return collect_github(GithubClient(github.api_url, github.token, repository), context.settings.github_environment)


def _report_to_runner(report: Report) -> None:
    """Write the job summary and the outputs of the step, on a GitHub runner."""
    import json
    import secrets

    from deploytool.doctor.output import doctor_document, doctor_markdown
    from deploytool.output import actions
    from deploytool.output.actions import append_outputs, append_summary
    from deploytool.output.console import print_text

    summary, outputs = os.environ.get("GITHUB_STEP_SUMMARY"), os.environ.get("GITHUB_OUTPUT")
    if summary and not append_summary(summary, doctor_markdown(report)):
        print_text("note: the job summary is full; the report was left out", err=True)
    if outputs:
        values = {
            "result": "unhealthy" if report.exit_code else "healthy",
            "json": json.dumps(doctor_document(report), ensure_ascii=False),
        }
        append_outputs(outputs, actions.outputs(values, secrets.token_hex(16)))
