"""``deploytool logs``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_text

if TYPE_CHECKING:
    from deploytool.config.model import EnvironmentConfig
    from deploytool.ecs.client import Ecs
    from deploytool.ecs.model import LogStream, Task
    from deploytool.ecs.observability import Logs, Stream


POLL_SECONDS = 2.0


@click.command(name="logs", cls=options.Verb)
@click.argument("service")
@options.environment
@click.option("--lines", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Last lines of each task.")
@click.option("-f", "--follow", is_flag=True, help="Continue until interrupted; includes new tasks.")
@options.output
def command(service: str, config: str, environment: str | None, lines: int, follow: bool, output: str) -> None:
    """Show the log of SERVICE (a name under services in deploytool.yml, or `migrate`), including stopped tasks.

    \b
    Example:
      deploytool logs worker --environment production --follow
    """
    from deploytool.config.errors import did_you_mean
    from deploytool.deploy.context import open_context, start_run
    from deploytool.deploy.session import open_logs
    from deploytool.ecs.client import Ecs
    from deploytool.errors import ConfigurationError
    from deploytool.output.console import print_json_line
    from deploytool.output.json import log_line
    from deploytool.release.ports import Cancelled

    context = open_context(config, environment, None)
    settings = context.settings
    names = {*settings.services} | ({"migrate"} if settings.migrate else set())
    if service not in names:
        raise ConfigurationError(f'there is no service "{service}" in {config}', did_you_mean(service, sorted(names)))
    clock, ecs = start_run().clock, Ecs(context.session, settings.cluster)
    readers: dict[LogStream, Stream] = {}
    with open_logs(context.session) as logs, suppress(Cancelled):
        while True:
            for container, task_id, line in _new_lines(_tasks(ecs, settings, service), logs, lines, readers):
                if output == "json":
                    print_json_line(log_line(service, container, task_id, line))
                else:
                    print_text(f"{click.style(f'{container}/{task_id[:8]}', dim=True)} {line}")
            if not follow:
                return
            clock.sleep(POLL_SECONDS)


def _tasks(ecs: Ecs, settings: EnvironmentConfig, service: str) -> Sequence[Task]:
    if service == "migrate" and settings.migrate:
        return ecs.tasks_of(family=settings.migrate.task)
    return ecs.tasks_of(service=settings.services[service].service)


def _new_lines(
    tasks: Sequence[Task], logs: Logs, lines: int, readers: dict[LogStream, Stream]
) -> Iterator[tuple[str, str, str]]:
    """Container, task id and line; ``readers`` gains those of new tasks."""
    for task in tasks:
        for container in task.containers:
            if container.log is None:
                continue
            reader = readers.setdefault(container.log, logs.from_tail(container.log, lines))
            yield from ((container.name, task.id, line) for line in reader.read())
