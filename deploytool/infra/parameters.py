"""The value of each parameter that a template declares: from deploytool.yml, from what runs, or left as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploytool.config.errors import did_you_mean
from deploytool.config.model import EnvironmentConfig, ServiceConfig
from deploytool.errors import ConfigurationError
from deploytool.infra.intrinsics import Values
from deploytool.infra.templates import Parameter, Template

APP_IMAGE, MIGRATE_IMAGE, WORKER_IMAGE = "AppImage", "MigrateImage", "WorkerImage"
IMAGES = (APP_IMAGE, MIGRATE_IMAGE, WORKER_IMAGE)
"""By digest; the running ones, so that a stack update never changes the version."""


LASTING = ("RestoreFromSnapshot", "RestoreRedisFromSnapshot", "VpcPrefix", "Zones")
"""They made what is there: another value would replace it, so leaving them out keeps them."""


class ParametersUnknown(ConfigurationError):
    """Parameters that no template declares."""


@dataclass(frozen=True)
class ParameterValues:
    """What one change set is made with."""

    values: Mapping[str, str] = field(default_factory=dict)
    previous: frozenset[str] = frozenset()
    """Parameters that keep the value they have."""
    secret: frozenset[str] = frozenset()
    """Those of ``values`` that are never shown."""


NO_PARAMETERS = ParameterValues()


@dataclass(frozen=True)
class ParameterChange:
    """A parameter whose value changes; both empty where it is secret."""

    name: str
    before: str = ""
    after: str = ""


def of_configuration(settings: EnvironmentConfig) -> dict[str, str]:
    """What deploytool.yml says, by parameter name; `infra.parameters` overrides."""
    app, worker = services_of(settings)
    values = {
        "App": settings.app,
        "Environment": settings.environment,
        "Size": settings.infra.size,
        "Cluster": settings.cluster,
        "Repository": settings.repository,
        "LedgerTable": settings.ledger or "",
        "AppService": app.service if app else "",
        "WorkerService": worker.service if worker else "",
    }
    # The template's own default is a worker.
    absent = {} if worker else {"WorkerCommand": ""}
    return {name: value for name, value in values.items() if value} | absent | dict(settings.infra.parameters)


def services_of(settings: EnvironmentConfig) -> tuple[ServiceConfig | None, ServiceConfig | None]:
    """The web service and the worker: by their keys `app` and `worker`, else in the order of the file."""
    services = dict(settings.services)
    app = services.pop("app", None)
    worker = services.pop("worker", None)
    rest = iter(services.values())
    return app or next(rest, None), worker or next(rest, None)


def parameter_values(template: Template, known: Mapping[str, str], before: Mapping[str, str] | None) -> ParameterValues:
    """What to pass. ``before``: the stack's parameters now, ``None`` where there is no stack.

    A parameter without a value takes its default. One without a default, a secret one, an image and what lasts stay.
    """
    declared = template.parameters
    values = {name: known[name] for name in declared if name in known}
    kept = {
        name
        for name, parameter in declared.items()
        if name not in values
        and name in (before or ())
        and (parameter.default is None or parameter.secret or name in (*IMAGES, *LASTING))
    }
    return ParameterValues(values, frozenset(kept), frozenset(name for name in values if declared[name].secret))


def kept(passed: ParameterValues, names: frozenset[str]) -> ParameterValues:
    """The same, except that these parameters keep their current values."""
    values = {name: value for name, value in passed.values.items() if name not in names}
    return ParameterValues(values, passed.previous | names, passed.secret)


def missing(template: Template, passed: ParameterValues) -> tuple[str, ...]:
    """Parameters without a value."""
    return tuple(
        name
        for name, parameter in template.parameters.items()
        if parameter.default is None and name not in passed.values and name not in passed.previous
    )


def values_of(
    template: Template, passed: ParameterValues, before: Mapping[str, str] | None, pseudo: Mapping[str, str]
) -> Values:
    """Every known value as CloudFormation will see it; ``pseudo``: pseudo parameters."""
    declared = template.parameters
    defaults = {name: item.default for name, item in declared.items() if item.default is not None}
    kept = {name: before[name] for name in passed.previous if before and not declared[name].secret}
    return {**pseudo, **defaults, **kept, **passed.values}


def parameter_changes(passed: ParameterValues, before: Mapping[str, str] | None) -> tuple[ParameterChange, ...]:
    """Values that change; secret ones are not compared, since CloudFormation does not return them."""
    if before is None:
        return ()
    return tuple(
        ParameterChange(name, before.get(name, ""), value)
        for name, value in passed.values.items()
        if name not in passed.secret and before.get(name, "") != value
    )


def not_allowed(template: Template, passed: ParameterValues) -> dict[str, str]:
    """Parameters whose values the template does not allow → what it allows."""
    allowed = {name: _violated_rule(template.parameters[name], value) for name, value in passed.values.items()}
    return {name: rule for name, rule in allowed.items() if rule}


def _violated_rule(declared: Parameter, value: str) -> str:
    items = value.split(",") if declared.is_list else [value]
    if declared.allowed and not set(items) <= set(declared.allowed):
        return f"one of {', '.join(declared.allowed)}"
    try:
        fits = all(re.fullmatch(declared.pattern or ".*", item, re.DOTALL) for item in items)
    except re.error:
        return ""  # CloudFormation judges a pattern that only Java understands.
    return "" if fits else f"a value that matches {declared.pattern}"


def check_known(templates: Iterable[Template], named: Iterable[str]) -> None:
    """``named``: the parameters of the configuration and the command line. Raises ParametersUnknown."""
    declared = sorted({name for template in templates for name in template.parameters})
    if unknown := sorted(set(named) - set(declared)):
        raise ParametersUnknown(
            f"no template declares the parameter{'s' * (len(unknown) > 1)} {', '.join(unknown)}",
            did_you_mean(unknown[0], declared),
        )
