"""The estimate is of what the templates make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploytool.infra.cost import ALARMS, CHECKS_PER_HOUR, DATABASE_GB, NODES, SECRETS, SIZES, ZONES, covered

ROOT = Path(__file__).parents[3]
PRICES = json.loads((ROOT / "deploytool/prices.json").read_text())


class Tags(yaml.SafeLoader):
    """CloudFormation's short forms, kept as what they are applied to."""


Tags.add_multi_constructor("!", lambda loader, _, node: _inside(loader, node))


def _inside(loader: Tags, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


TEMPLATES: dict[str, dict[str, Any]] = {
    path.stem: yaml.load(path.read_text(), Tags) for path in sorted((ROOT / "cloudformation").glob("*.yaml"))
}


def resources(type_: str) -> list[dict[str, Any]]:
    found = (each for template in TEMPLATES.values() for each in template["Resources"].values())
    return [each for each in found if each["Type"] == type_]


def mapped(template: str, size: str) -> dict[str, Any]:
    found: dict[str, Any] = TEMPLATES[template]["Mappings"]["Sizes"][size]
    return found


def test_every_type_of_resource_is_priced_or_said_to_be_free() -> None:
    made = {each["Type"] for template in TEMPLATES.values() for each in template["Resources"].values()}

    assert len(made) > 40
    assert made - covered(PRICES) == set()


def test_nothing_is_both_priced_and_free() -> None:
    priced = {type_ for price in PRICES["prices"].values() for type_ in price["resources"]}

    assert priced & set(PRICES["free"]) == set()


@pytest.mark.parametrize("name", SIZES)
def test_a_size_is_as_large_as_the_templates_make_it(name: str) -> None:
    size, service, data = SIZES[name], mapped("service", name), mapped("data", name)

    assert (size.app_tasks, size.worker_tasks) == (service["AppTasks"], service["WorkerTasks"])
    assert (size.app_cpu * 1024, size.app_memory * 1024) == (int(service["AppCpu"]), int(service["AppMemory"]))
    assert (size.worker_cpu * 1024, size.worker_memory * 1024) == (
        int(service["WorkerCpu"]),
        int(service["WorkerMemory"]),
    )
    assert (size.database, size.cache) == (data["Database"], data["Cache"])


def test_what_is_counted_is_as_many_as_the_templates_make() -> None:
    (database,) = resources("AWS::RDS::DBInstance")
    (cache,) = resources("AWS::ElastiCache::ReplicationGroup")

    assert len(resources("AWS::EC2::NatGateway")) == ZONES
    assert len(resources("AWS::CloudWatch::Alarm")) == ALARMS
    assert int(database["Properties"]["AllocatedStorage"]) == DATABASE_GB
    assert cache["Properties"]["NumCacheClusters"] == NODES
    # One more is made by RDS, for the password that it manages.
    managed = bool(database["Properties"].get("ManageMasterUserPassword"))
    assert len(resources("AWS::SecretsManager::Secret")) + managed == SECRETS


def test_the_restart_looks_as_often_as_its_rule_says() -> None:
    (rate,) = {each["Properties"]["ScheduleExpression"] for each in resources("AWS::Events::Rule")
               if "ScheduleExpression" in each["Properties"]}  # fmt: skip

    assert rate == f"rate({60 // CHECKS_PER_HOUR} minutes)"
