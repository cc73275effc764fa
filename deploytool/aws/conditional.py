"""DynamoDB writes that hold only under a condition."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from deploytool.aws.call import call
from deploytool.core.ledger_table import create_command
from deploytool.errors import CloudError, NotFound, Refused


class LedgerMissing(Refused):
    """The table of releases and locks does not exist."""

    def __init__(self, table: str, region: str) -> None:
        super().__init__(
            f"there is no DynamoDB table {table} in {region} for the ledger and the lock",
            "create it, once per region, with the bootstrap stack or with: "
            f"{create_command(table, region)}; or set `ledger: false` to release without either",
        )


class ConditionFailed(CloudError):
    """The item is not as the condition says. ``item`` is what is there, in DynamoDB's form; empty where nothing is."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item
        super().__init__("the item was changed by somebody else", "run it again")


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
