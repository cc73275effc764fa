"""The shape of the DynamoDB table that holds releases and locks."""

from __future__ import annotations

from typing import Any

UNFINISHED = "unfinished"
"""Local index of the records that have no end yet: local, since only such an index can be read consistently."""

_KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]

TABLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", UNFINISHED)],
    "KeySchema": _KEYS,
    "LocalSecondaryIndexes": [
        {
            "IndexName": UNFINISHED,
            "KeySchema": [_KEYS[0], {"AttributeName": UNFINISHED, "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
"""What CreateTable takes beside the name: ``pk`` is APP#ENVIRONMENT, ``sk`` is ``lock`` or ``release#ID``."""


def create_command(table: str, region: str) -> str:
    """The command line that makes the table."""
    return (
        f"aws dynamodb create-table --region {region} --table-name {table} --billing-mode PAY_PER_REQUEST"
        " --attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S"
        f" AttributeName={UNFINISHED},AttributeType=S"
        " --key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE"
        f" --local-secondary-indexes 'IndexName={UNFINISHED},KeySchema=[{{AttributeName=pk,KeyType=HASH}},"
        f"{{AttributeName={UNFINISHED},KeyType=RANGE}}],Projection={{ProjectionType=ALL}}'"
    )
