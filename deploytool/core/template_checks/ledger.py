"""The table that this tool writes to."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.ledger_table import TABLE, UNFINISHED
from deploytool.core.template_checks.cloud import Cloud
from deploytool.core.template_checks.fault import TemplateFault

_INDEXES = "LocalSecondaryIndexes"


def table_is_what_the_code_uses(cloud: Cloud) -> Iterator[TemplateFault]:
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


CHECKS = (table_is_what_the_code_uses,)
