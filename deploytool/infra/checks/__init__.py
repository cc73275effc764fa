"""Events that reach whom they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploytool.infra.checks import compute, data, network, security
from deploytool.infra.checks.model import Resource, TemplateFault, TemplateSet, listed, number, template_set
from deploytool.ledger.store import TABLE, UNFINISHED

# SEG core.template_checks.events
# Events that reach whom they are for.

_EVENTS = "events.amazonaws.com"


def event_topic_policy(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """The topic lets EventBridge publish, on no condition.

    EventBridge says nothing to SNS that a condition could be held against, so that one is never met, and what a rule
    sends is lost without a word.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    for rule in cloud.of_type("AWS::Events::Rule"):
        for target in rule.properties.get("Targets") or []:
            topic = cloud.target(rule.stack, target.get("Arn"))
            if topic and topic.type == "AWS::SNS::Topic" and not _lets_in(cloud, topic):
                yield TemplateFault(
                    rule.stack,
                    rule.name,
                    f"{topic.name} does not take what it sends, and nobody is told",
                    f"let {_EVENTS} publish there with a statement that has no Condition",
                )


def _lets_in(cloud: TemplateSet, topic: Resource) -> bool:
    return any(
        _is_for_events(statement)
        for policy in cloud.of_type("AWS::SNS::TopicPolicy")
        if topic in cloud.targets(policy.stack, policy.properties.get("Topics"))
        for statement in listed(policy.properties["PolicyDocument"]["Statement"])
    )


def _is_for_events(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, Mapping) else []
    return statement["Effect"] == "Allow" and _EVENTS in services and "Condition" not in statement


EVENT_CHECKS = (event_topic_policy,)


# SEG core.template_checks.exports
# What one stack takes from another.


def import_exists(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Every export that is imported is made by one of the stacks: else the change set fails when its turn comes."""
    for each in cloud.imports:
        if isinstance(each.export, str) and each.export not in cloud.exports:
            yield TemplateFault(
                each.stack,
                each.where,
                f"imports {each.export}, which no stack exports",
                "correct the name, or add the export to the stack that has the value",
            )


EXPORT_CHECKS = (import_exists,)


# SEG core.template_checks.ledger
# The table that this tool writes to.

_INDEXES = "LocalSecondaryIndexes"


def ledger_table_schema(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Keys and index of a table with the ledger's partition key: they can never be changed later."""
    for table in cloud.of_type("AWS::DynamoDB::Table"):
        keys = table.properties.get("KeySchema") or [{}]
        if keys[0].get("AttributeName") != TABLE["KeySchema"][0]["AttributeName"]:
            continue
        if any(table.properties.get(key) != TABLE[key] for key in ("KeySchema", _INDEXES, "AttributeDefinitions")):
            yield TemplateFault(
                table.stack,
                table.name,
                "its keys are not the ones that releases and locks are written with",
                f"key it by pk and sk, with the local index {UNFINISHED}",
            )


LEDGER_CHECKS = (ledger_table_schema,)


# SEG core.template_checks.sizes
# Sizes that there are.

_GIB = 1024
_MEMORY = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
"""MiB by CPU units (1024 is one vCPU).

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
"""


def fargate_size(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """ECS refuses other pairs when the revision is registered; cfn-lint does not look through the mapping of sizes."""
    for task in cloud.of_type("AWS::ECS::TaskDefinition"):
        cpu, memory = number(task.properties.get("Cpu")), number(task.properties.get("Memory"))
        if cpu is not None and memory is not None and memory not in _MEMORY.get(cpu, ()):
            yield TemplateFault(
                task.stack,
                task.name,
                f"Fargate has no task of {cpu} CPU units with {memory} MiB",
                f"take {', '.join(map(str, list(_MEMORY.get(cpu, ()))[:3])) or '256, 512, 1024, 2048, …'}",
            )


SIZE_CHECKS = (fargate_size,)


# SEG core.template_checks
# Faults of CloudFormation templates that CloudFormation, cfn-lint and checkov let pass, seen before they are applied.
#
# Each check is a function of the whole ``TemplateSet``, since many faults lie between two stacks. Pure.

Check = Callable[[TemplateSet], Iterator[TemplateFault]]

CHECKS: tuple[Check, ...] = (
    *data.DATABASE_CHECKS,
    *network.NETWORK_CHECKS,
    *network.DESCRIPTION_CHECKS,
    *compute.CONTAINER_CHECKS,
    *compute.SERVICE_CHECKS,
    *SIZE_CHECKS,
    *security.ROLE_CHECKS,
    *security.ALARM_CHECKS,
    *EVENT_CHECKS,
    *network.WEB_CHECKS,
    *EXPORT_CHECKS,
    *LEDGER_CHECKS,
)


_EVALUATION_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What a check meets where a template says something of another shape than any of ours."""


def find_faults(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> tuple[TemplateFault, ...]:
    """Every fault of the stacks' templates under these parameters, in the order of the checks.

    ``templates`` are mappings by stack, intrinsic functions in their long form. ``values`` are parameters and, where
    they are known, pseudo parameters; what is not given has its default.
    """
    cloud = template_set(templates, values)
    return tuple(fault for check in CHECKS for fault in check(cloud))


def fault_messages(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> tuple[str, ...]:
    """The same for people, of anybody's templates: a check that cannot read them is named, and stops nothing."""
    try:
        cloud = template_set(templates, values)
    except _EVALUATION_ERRORS:
        return ("the templates are of a shape that our checks do not know: none was made",)
    found, unread = [], []
    for check in CHECKS:
        try:
            found += [str(fault) for fault in check(cloud)]
        except _EVALUATION_ERRORS:
            unread.append(check.__name__)
    if unread:
        found.append(f"the templates are of a shape that these checks do not know: {', '.join(unread)}")
    return tuple(found)
