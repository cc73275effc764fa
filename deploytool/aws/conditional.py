"""DynamoDB writes that hold only under a condition, and the table they go to."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from deploytool.aws.call import call
from deploytool.errors import CloudError, NotFound, Refused

UNFINISHED = "unfinished"
"""Local index of the records that have no end yet: local, since only those can be read consistently."""

_KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
_TABLE: dict[str, Any] = {
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
_COMMAND = (
    "aws dynamodb create-table --region {region} --table-name {table} --billing-mode PAY_PER_REQUEST"
    " --attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S"
    " AttributeName=unfinished,AttributeType=S"
    " --key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE"
    " --local-secondary-indexes 'IndexName=unfinished,KeySchema=[{{AttributeName=pk,KeyType=HASH}},"
    "{{AttributeName=unfinished,KeyType=RANGE}}],Projection={{ProjectionType=ALL}}'"
)


class LedgerMissing(Refused):
    """The table of releases and locks does not exist."""

    def __init__(self, table: str, region: str) -> None:
        super().__init__(
            f"there is no DynamoDB table {table} in {region} for the ledger and the lock",
            "create it, once per region, with the bootstrap stack or with: "
            f"{_COMMAND.format(table=table, region=region)}; or set `ledger: false` to release without either",
        )


class ConditionFailed(CloudError):
    """The item is not as the condition says. ``item`` is what is there, in DynamoDB's form; empty where nothing is."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item
        super().__init__("the item was changed by somebody else", "run it again")


def create_table(client: Any, table: str) -> None:
    """CreateTable. For the sandbox; on a real account the user makes it, with the bootstrap stack."""
    call(client, "create_table", TableName=table, **_TABLE)


def ask(client: Any, operation: str, table: str, **parameters: Any) -> dict[str, Any]:
    """A call to the table. Raises ConditionFailed, LedgerMissing and CloudError."""
    try:
        return call(client, operation, TableName=table, **parameters)
    except NotFound as error:
        raise LedgerMissing(table, client.meta.region_name) from error
    except CloudError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response["Error"].get("Code") == "ConditionalCheckFailedException":
            raise ConditionFailed(dict(cause.response.get("Item", {}))) from error
        raise
