"""``deploytool run``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from deploytool.cli import options

if TYPE_CHECKING:
    from deploytool.config.model import ServiceConfig
    from deploytool.deploy.context import Context, SystemClock
    from deploytool.release.events import Event
    from deploytool.release.model import ObservedService
    from deploytool.release.ports import Dependencies, EventListener


@click.command(name="run", cls=options.Verb, context_settings={"allow_interspersed_args": False})
@options.environment
@click.option("--service", default="", help="The service to copy the task from. Default: the only one.")
@click.option("--container", default="", help="The container. Default: the one with the service's image.")
@click.option("--timeout", type=options.DURATION, help="Stop the task after this long. Default: never.")
@options.output
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...")
def command(
    config: str,
    environment: str | None,
    service: str,
    container: str,
    timeout: float | None,
    output: str,
    words: tuple[str, ...],
) -> int:
    """Run COMMAND once, in a task with the live revision, network and capacity of a service.

    Its output goes to standard output, everything else to standard error. The exit code is that of the command, or 3
    if it never ran. Ctrl-C stops the task (exit code 130). Takes no lock; `deploytool history` does not show it.

    \b
    Example:
      deploytool run --environment production --service app -- npm run report
    """
    from deploytool.deploy.context import open_context, start_run
    from deploytool.output.console import print_json_line
    from deploytool.output.json import run_document
    from deploytool.release.model import Commit
    from deploytool.release.planner import tags
    from deploytool.release.tasks import chosen_service, one_off_task, run_once

    context = open_context(config, environment)
    configured = chosen_service(context.settings.services, service)
    run = start_run()
    live = _live_service(context, configured)
    request = replace(context, commit=Commit(live.commit)).request(f"run-{run.id}", run.triggered_by)
    task, revision = one_off_task(configured, live, words, container), live.state.task_definition
    emit: EventListener = _print_event
    if output == "json":
        emit = partial(_print_event_as_json, service=configured.name, container=task.container)
    with _run_dependencies(context, run.clock, emit) as deps:
        exit_code = run_once(task, revision, deps, token=request.release_id, tags=tags(request), timeout=timeout)
    if output == "json":
        print_json_line(run_document(context.settings.environment, configured.name, exit_code))
    return exit_code


def _live_service(context: Context, service: ServiceConfig) -> ObservedService:
    from deploytool.deploy.inspect import inspect_services
    from deploytool.ecs.client import Ecs
    from deploytool.errors import NotFound

    settings = replace(context.settings, services={service.name: service})
    live, missing = inspect_services(context.session, Ecs(context.session, settings.cluster), settings)
    if service.name in live:
        return live[service.name]
    if missing:
        raise NotFound(missing[0].cause, missing[0].fix)
    raise NotFound(f"there is no active cluster {settings.cluster} in {settings.region}", "correct deploytool.yml")


@contextmanager
def _run_dependencies(context: Context, clock: SystemClock, emit: EventListener) -> Iterator[Dependencies]:
    """Those of a release, without ledger and lock: nothing that this changes needs them."""
    from deploytool.deploy.session import dependencies, open_logs
    from deploytool.ecs.client import Ecs

    with open_logs(context.session) as logs:
        ecs = Ecs(context.session, context.settings.cluster)
        yield dependencies(context.session, ecs, logs, clock, emit)


def _print_event_as_json(event: Event, *, service: str, container: str) -> None:
    from deploytool.output.console import print_json_line
    from deploytool.output.json import log_line
    from deploytool.release.events import OutputLine

    if isinstance(event, OutputLine):
        print_json_line(log_line(service, container, None, event.line))
    else:
        _print_event(event)


def _print_event(event: Event) -> None:
    """The command's output goes to standard output, so that it can be piped; our events do not."""
    from deploytool.output.console import print_text
    from deploytool.output.log import lines
    from deploytool.release.events import OutputLine

    if isinstance(event, OutputLine):
        print_text(event.line)
    else:
        for line in lines(event):
            print_text(line, err=True)
