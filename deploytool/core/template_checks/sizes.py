"""Sizes that there are."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.template_checks.cloud import Cloud
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import number

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


def sizes_exist_on_fargate(cloud: Cloud) -> Iterator[TemplateFault]:
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


CHECKS = (sizes_exist_on_fargate,)
