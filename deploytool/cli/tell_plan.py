"""A plan as GitHub shows it: the pull request's comment, the job summary, the outputs."""

from __future__ import annotations

import json
import os
import secrets

import click

from deploytool.cli.print_text import print_text
from deploytool.core.plan_model import Plan
from deploytool.github.client import GithubClient
from deploytool.github.comments import StickyComment
from deploytool.github.context import GithubContext, github_context, read_event
from deploytool.github.errors import GithubError
from deploytool.github.runner_files import append_outputs, append_summary
from deploytool.report import github_actions
from deploytool.report.documents import plan_document
from deploytool.report.escaping import marker
from deploytool.report.plan_markdown import plan_markdown


def tell_plan(plan: Plan) -> None:
    """Where a runner or a pull request is there to read it; what GitHub does not take is noted, and fails nothing."""
    context = github_context(os.environ, read_event(os.environ))
    text = plan_markdown(plan)
    if context.summary_path and not append_summary(context.summary_path, text):
        click.echo("note: the job summary was full", err=True)
    url = _commented(context, plan, text)
    if context.output_path:
        values = {
            "result": "nothing-to-do" if plan.nothing_to_do else "planned",
            "comment-url": url,
            "environment-url": plan.url,
            "json": json.dumps(plan_document(plan), ensure_ascii=False),
        }
        append_outputs(context.output_path, github_actions.outputs(values, secrets.token_hex(16)))


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
