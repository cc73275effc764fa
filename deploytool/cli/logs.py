"""``deploytool logs``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from deploytool.cli import option_rules, options

if TYPE_CHECKING:
    from deploytool.config.model import EnvironmentConfig
    from deploytool.deploy.context import SystemClock
    from deploytool.ecs.client import Ecs
    from deploytool.ecs.model import LogStream
    from deploytool.ecs.observability import Logs, Stream


POLL_SECONDS = 2.0
WriteLine = Callable[[str, str, str, str], None]
"""Service, container, task id, line."""


@click.command(name="logs", cls=option_rules.Verb)
@click.argument("service")
@options.environment
@click.option("--lines", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Last lines per task.")
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted; new tasks are picked up.")
@options.output
def command(service: str, config: str, environment: str | None, lines: int, follow: bool, output: str) -> None:
    """Show the log of SERVICE (a name under services in deploytool.yml, or `migrate`), stopped tasks included.

    \b
    Example:
      deploytool logs worker --environment production --follow
    """
    from deploytool.config.errors import did_you_mean
    from deploytool.deploy.context import SystemClock, open_context
    from deploytool.deploy.session import open_logs
    from deploytool.ecs.client import Ecs
    from deploytool.errors import ConfigurationError
    from deploytool.release.ports import Cancelled

    found = open_context(config, environment)
    settings = found.settings
    names = {*settings.services} | ({"migrate"} if settings.migrate else set())
    if service not in names:
        raise ConfigurationError(f'there is no service "{service}" in {config}', did_you_mean(service, sorted(names)))
    clock = SystemClock()
    clock.listen()
    with open_logs(found.session) as logs, suppress(Cancelled):
        write = _write_json if output == "json" else _write_text
        _show(Ecs(found.session, settings.cluster), logs, clock, settings, service, lines, write, follow=follow)


def _show(
    ecs: Ecs,
    logs: Logs,
    clock: SystemClock,
    settings: EnvironmentConfig,
    service: str,
    lines: int,
    write: WriteLine,
    *,
    follow: bool,
) -> None:
    readers: dict[LogStream, Stream] = {}
    while True:
        if service == "migrate" and settings.migrate:
            tasks = ecs.tasks_of(family=settings.migrate.task)
        else:
            tasks = ecs.tasks_of(service=settings.services[service].service)
        for task in tasks:
            for container in task.containers:
                if container.log is None:
                    continue
                reader = readers.setdefault(container.log, logs.from_tail(container.log, lines))
                for line in reader.read():
                    write(service, container.name, task.id, line)
        if not follow:
            return
        clock.sleep(POLL_SECONDS)


def _write_text(_service: str, container: str, task_id: str, line: str) -> None:
    click.echo(f"{click.style(f'{container}/{task_id[:8]}', dim=True)} {line}")


def _write_json(service: str, container: str, task_id: str, line: str) -> None:
    from deploytool.output.console import print_json_line
    from deploytool.output.json import log_line

    print_json_line(log_line(service, container, task_id, line))
