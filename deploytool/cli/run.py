"""``deploytool run``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.project import Project
    from deploytool.core.config.model import Service
    from deploytool.core.events import Event
    from deploytool.core.model import LiveService
    from deploytool.run.ports import World


@click.command(name="run", cls=rules.Verb, context_settings={"allow_interspersed_args": False})
@options.environment
@click.option("--service", default="", help="Like which service; may be left out if there is only one.")
@click.option("--container", default="", help="In which container; that of the service's image if not given.")
@click.option("--timeout", type=options.DURATION, help="Stop it after this long; never, if not given.")
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...")
def command(
    config: str,
    environment: str | None,
    service: str,
    container: str,
    timeout: float | None,
    words: tuple[str, ...],
) -> int:
    """Run COMMAND once, in a task of its own: the revision, network and capacity of a service as it is live now.

    Its output goes to standard output, all else to standard error. Ends with the command's own exit code; where the
    command never ran, with 3. Ctrl-C stops the task (exit 130). No lock is taken, nothing is kept in the history.

    \b
    Example:
      deploytool run --environment production --service app -- npm run report
    """
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin, release_id
    from deploytool.cli.project import project
    from deploytool.core.model import Commit, Request
    from deploytool.core.one_off import chosen_service, one_off_task
    from deploytool.core.task_definition import tags
    from deploytool.run.one_off import run_once

    found = project(config, environment)
    settings = found.settings
    configured = chosen_service(settings.services, service)
    clock = SystemClock()
    clock.listen()
    live = _live(found, configured)
    name = f"run-{release_id()}"
    asked = Request(name, settings.app, settings.environment, Commit(live.commit), origin())
    task, revision = one_off_task(configured, live, words, container), live.state.task_definition
    with _world(found, clock) as world:
        return run_once(task, revision, world, token=name, tags=tags(asked), timeout=timeout)


def _live(found: Project, service: Service) -> LiveService:
    from deploytool.aws.ecs import Ecs
    from deploytool.aws.look import look_at_services
    from deploytool.errors import NotFound

    settings = replace(found.settings, services={service.name: service})
    live, missing = look_at_services(found.session, Ecs(found.session, settings.cluster), settings)
    if service.name in live:
        return live[service.name]
    if missing:
        raise NotFound(missing[0].cause, missing[0].fix)
    raise NotFound(f"there is no active cluster {settings.cluster} in {settings.region}", "correct deploytool.yml")


@contextmanager
def _world(found: Project, clock: SystemClock) -> Iterator[World]:
    """As a release has it, without ledger and lock: nothing that this changes needs them."""
    from deploytool.aws.ecs import Ecs
    from deploytool.cli.world import reading_logs, world_of

    with reading_logs(found.session) as logs:
        yield world_of(found.session, Ecs(found.session, found.settings.cluster), logs, clock, _tell)


def _tell(event: Event) -> None:
    """What the command says goes to standard output, so that it can be piped on; what we say does not."""
    from deploytool.cli.print_text import print_text
    from deploytool.core.events import Said
    from deploytool.report.plain import lines

    if isinstance(event, Said):
        print_text(event.line)
    else:
        for line in lines(event):
            print_text(line, err=True)
