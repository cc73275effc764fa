"""``deploytool logs``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from deploytool.cli import options, rules

if TYPE_CHECKING:
    from deploytool.aws.ecs import Ecs
    from deploytool.aws.logs import Logs, Stream
    from deploytool.cli.clock import SystemClock
    from deploytool.core.config.model import Settings
    from deploytool.core.observed import LogPlace

POLL_SECONDS = 2.0


@click.command(name="logs", cls=rules.Verb)
@click.argument("service")
@options.environment
@click.option("--lines", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Last lines per task.")
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted; new tasks are picked up.")
def command(service: str, config: str, environment: str | None, lines: int, follow: bool) -> None:
    """Show the log of SERVICE (a name under services in deploytool.yml, or `migrate`), stopped tasks included.

    \b
    Example:
      deploytool logs worker --environment production --follow
    """
    from deploytool.aws.ecs import Ecs
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.project import project
    from deploytool.cli.world import reading_logs
    from deploytool.core.config.faults import did_you_mean
    from deploytool.errors import ConfigurationError
    from deploytool.run.cancel import Cancelled

    found = project(config, environment)
    settings = found.settings
    names = {*settings.services} | ({"migrate"} if settings.migrate else set())
    if service not in names:
        raise ConfigurationError(f'there is no service "{service}" in {config}', did_you_mean(service, sorted(names)))
    clock = SystemClock()
    clock.listen()
    with reading_logs(found.session) as logs, suppress(Cancelled):
        _show(Ecs(found.session, settings.cluster), logs, clock, settings, service, lines, follow=follow)


def _show(
    ecs: Ecs, logs: Logs, clock: SystemClock, settings: Settings, service: str, lines: int, *, follow: bool
) -> None:
    readers: dict[LogPlace, Stream] = {}
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
                    click.echo(f"{click.style(f'{container.name}/{task.id[:8]}', dim=True)} {line}")
        if not follow:
            return
        clock.sleep(POLL_SECONDS)
