"""What a row of the guide is, and how its resources are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from deploytool.infra.checks.model import TemplateSet, template_set
from tests.support.cloudformation.templates import SITUATIONS, load

CLOUD = template_set(load(), SITUATIONS["everything"])
"""With a domain, in the scaled size."""
SMALL = template_set(load(), SITUATIONS["nothing but names"])
"""Without a domain, in the minimal size."""


@dataclass(frozen=True)
class Row:
    """One row: the resources it needs (STACK.LOGICAL_ID), and what of them matters."""

    says: str
    needs: tuple[str, ...]
    holds: Callable[[TemplateSet], bool] = field(repr=False)
    cloud: TemplateSet = field(default=CLOUD, repr=False)

    def without(self, needed: str) -> TemplateSet:
        """The cloud in which one of the resources was forgotten."""
        kept = tuple(each for each in self.cloud.resources if f"{each.stack}.{each.name}" != needed)
        assert len(kept) < len(self.cloud.resources), f"there is no {needed}"
        return replace(self.cloud, resources=kept)


def of(cloud: TemplateSet, name: str) -> dict[str, Any]:
    """The properties of a resource; none where it does not exist."""
    found = cloud.get(*name.split("."))
    return dict(found.properties) if found else {}


def has(cloud: TemplateSet, name: str, **wanted: Any) -> bool:
    """The resource has these properties."""
    found = of(cloud, name)
    return bool(found) and all(found.get(key) == value for key, value in wanted.items())


def there(cloud: TemplateSet, *names: str) -> bool:
    """They all exist."""
    return all(cloud.get(*name.split(".")) for name in names)


def port(cloud: TemplateSet, group: str, number: int, source: str) -> bool:
    """The group lets this one in at this one port, and nobody else anywhere."""
    rules = of(cloud, group).get("SecurityGroupIngress", [])
    stack = group.partition(".")[0]
    return len(rules) == 1 and all(
        int(rule["FromPort"]) == int(rule["ToPort"]) == number
        and cloud.target(stack, rule.get("SourceSecurityGroupId")) is cloud.get(*source.split("."))
        for rule in rules
    )


def source(cloud: TemplateSet, group: str, name: str) -> bool:
    """The group lets in this one alone, at any port."""
    rules = of(cloud, group).get("SecurityGroupIngress", [])
    stack = group.partition(".")[0]
    return len(rules) == 1 and cloud.target(stack, rules[0].get("SourceSecurityGroupId")) is cloud.get(*name.split("."))


def container(cloud: TemplateSet, task: str) -> dict[str, Any]:
    """The only container of a task definition of the service stack."""
    found: list[dict[str, Any]] = of(cloud, f"service.{task}").get("ContainerDefinitions", [{}])
    return found[0]


def alarm(cloud: TemplateSet, name: str, metric: str, threshold: int) -> bool:
    """The alarm is on this metric, and tells the topic of the alerts."""
    found = of(cloud, name)
    tells = repr(found.get("AlarmActions", ""))
    return (
        found.get("MetricName") == metric
        and int(found.get("Threshold", 0)) == threshold
        and there(cloud, "platform.Alerts")
        and ("-Alerts" in tells or "-alerts" in tells)
    )
