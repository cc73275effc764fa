"""``deploytool explain``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.ecs.explain import Explanation

LARGEST = 10_000_000
"""Bytes of input that are read."""


@click.command(name="explain", cls=options.Verb)
@click.argument("file", required=False)
@click.option("--deployment", metavar="ID", help="Also show the status of this ECS deployment, such as ecs-svc/123.")
@click.option("--previous-deployment", metavar="ID", help="The ECS deployment that was live before it.")
@click.option("--task-definition", metavar="ARN", help="The task definition that it was to bring live.")
@click.option("--previous-task-definition", metavar="ARN", help="The task definition that was live before it.")
@options.output
def command(
    file: str | None,
    deployment: str | None,
    previous_deployment: str | None,
    task_definition: str | None,
    previous_task_definition: str | None,
    output: str,
) -> None:
    """Explain what ECS says: cause and fix for what you paste. Needs no account and no configuration.

    FILE, or standard input, holds a stoppedReason, service events, an error of an AWS call, log lines, or a JSON object
    as the AWS CLI prints it, with any of the keys tasks, taskDefinition, services, serviceDeployments and failures.

    \b
    Example:
      aws ecs describe-tasks --cluster shop --tasks 1f8b2c | deploytool explain
    """
    from deploytool.ecs.explain import DeploymentQuery, explain
    from deploytool.errors import ConfigurationError
    from deploytool.output.console import print_document, print_text
    from deploytool.output.json import explanation_document

    others = {
        "--previous-deployment": previous_deployment,
        "--task-definition": task_definition,
        "--previous-task-definition": previous_task_definition,
    }
    alone = next((name for name, value in others.items() if value and not deployment), None)
    if alone:
        raise ConfigurationError(f"{alone} is about a deployment, and none is named", "add --deployment ID")
    query = None
    if deployment:
        query = DeploymentQuery(
            deployment, previous_deployment or "", task_definition or "", previous_task_definition or ""
        )
    explanation = explain(_input(file), query)
    if output == "json":
        print_document(explanation_document(explanation))
    else:
        print_text("\n".join(_lines(explanation)))


def _input(file: str | None) -> str:
    """FILE, or standard input. Raises PastedError."""
    from deploytool.ecs.pasted import PastedError
    from deploytool.output.console import print_text

    try:
        if file and file != "-":
            with Path(file).open("rb") as stream:
                content = stream.read(LARGEST + 1)
        else:
            if sys.stdin.isatty():
                print_text("Paste, then press Ctrl-D:", err=True)
            content = sys.stdin.buffer.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise PastedError(
            f"{file or 'standard input'} cannot be read: {why}", "name a file, or paste the text"
        ) from error
    if len(content) > LARGEST:
        raise PastedError(f"the input is larger than {LARGEST // 1_000_000} MB", "paste the part that failed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PastedError(
            "the input is not UTF-8 text", "save it as UTF-8 (in PowerShell: Out-File -Encoding utf8)"
        ) from error


def _lines(explanation: Explanation) -> Iterator[str]:
    from deploytool.output.markup import clean, container_prefix

    if status := explanation.status:
        yield f"deployment: {status.state.replace('_', ' ')}: {clean(status.detail)}"
    for diagnosis in explanation.diagnoses:
        subject = container_prefix(diagnosis)
        cause = f"{subject}: {clean(diagnosis.cause)}" if subject else clean(diagnosis.cause)
        yield f"{click.style('cause:', fg='red', bold=True)} {cause}"
        yield f"{click.style('fix:', fg='yellow')} {clean(diagnosis.fix)}"
        if diagnosis.more:
            yield f"AWS says: {clean(diagnosis.more)}"
        yield ""
    if not explanation.diagnoses and explanation.status is None:
        yield "not recognized: nothing in the input is an error that deploytool knows"
