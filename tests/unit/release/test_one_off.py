"""Which service and which container a command runs in."""

from __future__ import annotations

import pytest

from deploytool.config.model import ServiceConfig
from deploytool.errors import ConfigurationError
from deploytool.release.tasks import chosen_service, one_off_task
from tests.unit.release import plan_cases as cases

APP, WORKER = cases.service("app"), cases.service("worker")
COMMAND = ("npm", "run", "report")


@pytest.mark.parametrize(
    ("services", "wanted", "chosen"),
    [((APP, WORKER), "worker", WORKER), ((APP,), "", APP), ((APP,), "app", APP)],
    ids=["named", "the only one", "named though the only one"],
)
def test_the_service_is(services: tuple[ServiceConfig, ...], wanted: str, chosen: ServiceConfig) -> None:
    assert chosen_service({each.name: each for each in services}, wanted) is chosen


@pytest.mark.parametrize(
    ("wanted", "says"), [("wrker", 'there is no service "wrker"'), ("", "several services are configured: app, worker")]
)
def test_it_is_said_which_there_are_when_the_service_is_not_clear(wanted: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        chosen_service({"app": APP, "worker": WORKER}, wanted)

    assert says in refused.value.cause
    assert refused.value.fix


@pytest.mark.parametrize(
    ("service", "containers", "named", "chosen"),
    [
        (APP, ("web",), "", "web"),
        (APP, ("app", "proxy"), "", "app"),
        (APP, ("web", "proxy"), "proxy", "proxy"),
        (cases.service("app", containers={"web": "app"}), ("web", "app"), "", "web"),
    ],
    ids=["the only one", "the service's name", "named", "the one that runs the image"],
)
def test_the_container_is(service: ServiceConfig, containers: tuple[str, ...], named: str, chosen: str) -> None:
    live = cases.found("app", cases.definition("app", *containers))

    task = one_off_task(service, live, COMMAND, named)

    assert (task.container, task.command, task.network_from) == (chosen, COMMAND, live.state)


@pytest.mark.parametrize(
    ("named", "says"),
    [("prxy", "app has no container prxy"), ("", "app has the containers web, proxy, and none is named")],
)
def test_it_is_said_which_there_are_when_the_container_is_not_clear(named: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        one_off_task(APP, cases.found("app", cases.definition("app", "web", "proxy")), COMMAND, named)

    assert says in refused.value.cause
    assert refused.value.fix
