"""Faults of CloudFormation templates that CloudFormation, cfn-lint and checkov let pass, seen before they are applied.

Each check is a function of the whole ``Cloud``, since many faults lie between two stacks. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploytool.core.template_checks import (
    alarms,
    containers,
    databases,
    descriptions,
    events,
    exports,
    ledger,
    networks,
    roles,
    services,
    sizes,
    web,
)
from deploytool.core.template_checks.cloud import Cloud, cloud_of
from deploytool.core.template_checks.fault import TemplateFault

Check = Callable[[Cloud], Iterator[TemplateFault]]

CHECKS: tuple[Check, ...] = (
    *databases.CHECKS,
    *networks.CHECKS,
    *descriptions.CHECKS,
    *containers.CHECKS,
    *services.CHECKS,
    *sizes.CHECKS,
    *roles.CHECKS,
    *alarms.CHECKS,
    *events.CHECKS,
    *web.CHECKS,
    *exports.CHECKS,
    *ledger.CHECKS,
)


_STUMBLES = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What a check meets where a template says something of another shape than any of ours."""


def faults(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> tuple[TemplateFault, ...]:
    """Every fault of the stacks' templates under these parameters, in the order of the checks.

    ``templates`` are mappings by stack, intrinsic functions in their long form. ``values`` are parameters and, where
    they are known, pseudo parameters; what is not given has its default.
    """
    cloud = cloud_of(templates, values)
    return tuple(fault for check in CHECKS for fault in check(cloud))


def told(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> tuple[str, ...]:
    """The same for people, of anybody's templates: a check that cannot read them is named, and stops nothing."""
    try:
        cloud = cloud_of(templates, values)
    except _STUMBLES:
        return ("the templates are of a shape that our checks do not know: none was made",)
    found, unread = [], []
    for check in CHECKS:
        try:
            found += [str(fault) for fault in check(cloud)]
        except _STUMBLES:
            unread.append(check.__name__)
    if unread:
        found.append(f"the templates are of a shape that these checks do not know: {', '.join(unread)}")
    return tuple(found)
