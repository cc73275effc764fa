"""The migration alone, as a plan: the image is built where it is missing, the task runs, no service is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deploytool.core.check import ReleaseRefused, account_problems, cpu_problems
from deploytool.core.config.model import Migrate, Settings
from deploytool.core.containers import ContainerUnclear
from deploytool.core.model import Live, Problem, Request
from deploytool.core.plan import choose_images, migrate_step
from deploytool.core.plan_model import Build, Plan, Step
from deploytool.core.task_definition import tags
from deploytool.errors import ConfigurationError


class NoMigration(ConfigurationError):
    """The configuration has no ``migrate``."""

    def __init__(self, environment: str) -> None:
        super().__init__(f"there is no migration in {environment}", "write `migrate` into deploytool.yml")


def only_migration(settings: Settings) -> Settings:
    """What the migration needs of the settings: its image, and the service that it is like. Raises NoMigration."""
    wanted = _configured(settings)
    return replace(
        settings,
        images={wanted.image: settings.images[wanted.image]},
        services={wanted.like: settings.services[wanted.like]},
    )


def migration_plan(request: Request, settings: Settings, live: Live, registry: str) -> Plan:
    """Build what is missing, then migrate. ``settings`` are those of :func:`only_migration`, and ``live`` what was
    looked up for them. Raises NoMigration, ReleaseRefused with every reason at once.
    """
    wanted = _configured(settings)
    problems, migrate = [*account_problems(settings, live), *live.problems, *_cpu(wanted, live)], None
    try:
        migrate = migrate_step(settings, live)
    except ContainerUnclear as unclear:
        problems.append(Problem(unclear.cause, unclear.fix))
    if problems or migrate is None:
        raise ReleaseRefused(tuple(dict.fromkeys(problems)))
    image = choose_images(settings, live, registry)[wanted.image]
    steps: tuple[Step, ...] = (migrate,) if image.digest else (Build((image.name,)), migrate)
    return Plan(
        request=request,
        cluster=settings.cluster,
        region=settings.region,
        images={image.name: image},
        steps=steps,
        warnings=live.warnings,
        tags=tags(request),
        url=settings.url or "",
    )


def _configured(settings: Settings) -> Migrate:
    if settings.migrate is None:
        raise NoMigration(settings.environment)
    return settings.migrate


def _cpu(wanted: Migrate, live: Live) -> Iterator[Problem]:
    if base := live.templates.get("migrate", live.migrate):
        yield from cpu_problems(wanted.image, live.images.get(wanted.image), base, "migrate")
