"""What one stack takes from another."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.template_checks.cloud import Cloud
from deploytool.core.template_checks.fault import TemplateFault


def imports_exist(cloud: Cloud) -> Iterator[TemplateFault]:
    """Every export that is imported is made by one of the stacks: else the change set fails when its turn comes."""
    for each in cloud.imports:
        if isinstance(each.export, str) and each.export not in cloud.exports:
            yield TemplateFault(
                each.stack,
                each.where,
                f"imports {each.export}, which no stack exports",
                "correct the name, or add the export to the stack that has the value",
            )


CHECKS = (imports_exist,)
