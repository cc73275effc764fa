"""Faults, each planted alone into the real templates, with the check that must see it."""

from __future__ import annotations

from tests.support.cloudformation.faults import bootstrap, data, network, platform, service, service_tasks
from tests.support.cloudformation.faults.planted import Planted

ALL: tuple[Planted, ...] = (
    *bootstrap.FAULTS,
    *data.FAULTS,
    *network.FAULTS,
    *platform.FAULTS,
    *service.FAULTS,
    *service_tasks.FAULTS,
)
