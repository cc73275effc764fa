"""``deploytool run``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.config.model import ServiceConfig
    from deploytool.deploy.context import Context, SystemClock
    from deploytool.release.events import Event
    from deploytool.release.model import ObservedService
    from deploytool.release.ports import Dependencies, EventListener


@click.command(name="run", cls=option_rules.Verb, context_settings={"allow_interspersed_args": False})
@options.environment
@click.option("--service", default="", help="Like which service; may be left out if there is only one.")
@click.option("--container", default="", help="In which container; that of the service's image if not given.")
@click.option("--timeout", type=options.DURATION, help="Stop it after this long; never, if not given.")
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
    """Run COMMAND once, in a task of its own: the revision, network and capacity of a service as it is live now.

    Its output goes to standard output, all else to standard error. Ends with the command's own exit code; where the
    command never ran, with 3. Ctrl-C stops the task (exit 130). No lock is taken, nothing is kept in the history.

    \b
    Example:
      deploytool run --environment production --service app -- npm run report
    """
    from deploytool.deploy.context import SystemClock, open_context, release_id, triggered_by
    from deploytool.output.console import print_json_line
    from deploytool.output.json import run_document
    from deploytool.release.model import Commit, ReleaseRequest
    from deploytool.release.planner import tags
    from deploytool.release.tasks import chosen_service, one_off_task, run_once

    found = open_context(config, environment)
    settings = found.settings
    configured = chosen_service(settings.services, service)
    clock = SystemClock()
    clock.listen()
    live = _live_service(found, configured)
    name = f"run-{release_id()}"
    asked = ReleaseRequest(name, settings.app, settings.environment, Commit(live.commit), triggered_by())
    task, revision = one_off_task(configured, live, words, container), live.state.task_definition
    emit: EventListener = _print_event
    if output == "json":
        emit = partial(_print_event_as_json, service=configured.name, container=task.container)
    with _run_dependencies(found, clock, emit) as deps:
        exit_code = run_once(task, revision, deps, token=name, tags=tags(asked), timeout=timeout)
    if output == "json":
        print_json_line(run_document(settings.environment, configured.name, exit_code))
    return exit_code


def _live_service(found: Context, service: ServiceConfig) -> ObservedService:
    from deploytool.deploy.inspect import inspect_services
    from deploytool.ecs.client import Ecs
    from deploytool.errors import NotFound

    settings = replace(found.settings, services={service.name: service})
    live, missing = inspect_services(found.session, Ecs(found.session, settings.cluster), settings)
    if service.name in live:
        return live[service.name]
    if missing:
        raise NotFound(missing[0].cause, missing[0].fix)
    raise NotFound(f"there is no active cluster {settings.cluster} in {settings.region}", "correct deploytool.yml")


@contextmanager
def _run_dependencies(found: Context, clock: SystemClock, emit: EventListener) -> Iterator[Dependencies]:
    """As a release has it, without ledger and lock: nothing that this changes needs them."""
    from deploytool.deploy.session import dependencies, open_logs
    from deploytool.ecs.client import Ecs

    with open_logs(found.session) as logs:
        yield dependencies(found.session, Ecs(found.session, found.settings.cluster), logs, clock, emit)


def _print_event_as_json(event: Event, *, service: str, container: str) -> None:
    from deploytool.output.console import print_json_line
    from deploytool.output.json import log_line
    from deploytool.release.events import OutputLine

    if isinstance(event, OutputLine):
        print_json_line(log_line(service, container, None, event.line))
    else:
        _print_event(event)


def _print_event(event: Event) -> None:
    """What the command says goes to standard output, so that it can be piped on; what we say does not."""
    from deploytool.output.console import print_text
    from deploytool.output.log import lines
    from deploytool.release.events import OutputLine

    if isinstance(event, OutputLine):
        print_text(event.line)
    else:
        for line in lines(event):
            print_text(line, err=True)
