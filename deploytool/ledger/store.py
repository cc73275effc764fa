"""The ledger: a DynamoDB table with one item per release, written whole, and the locks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.errors import CloudError, LeaseLost, NotFound, PreconditionFailed
from deploytool.ledger.codec import from_document, spellings, to_document
from deploytool.ledger.record import Record, last_successful, version_of
from deploytool.release.model import Result

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
"""Parameters of CreateTable besides the name: ``pk`` is APP#ENVIRONMENT, ``sk`` is ``lock`` or ``release#ID``."""


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


class LedgerMissing(PreconditionFailed):
    """The ledger's table does not exist."""

    def __init__(self, table: str, region: str) -> None:
        super().__init__(
            f"there is no DynamoDB table {table} in {region} for the ledger and the lock",
            "create it, once per region, with the bootstrap stack or with: "
            f"{create_command(table, region)}; or set `ledger: false` to release without either",
        )


class ConditionFailed(CloudError):
    """The item does not meet the condition. ``item`` is the stored one, in DynamoDB's form; empty where none is."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item
        super().__init__("the item was changed by another run", "run it again")


def conditional_call(client: Any, operation: str, table: str, **parameters: Any) -> dict[str, Any]:
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


PREFIX = "release#"


class Ledger:
    """The releases of one app in one environment."""

    def __init__(self, session: Session, table: str, app: str, environment: str) -> None:
        self._client = session.client("dynamodb")
        self._table = table
        self._environment = environment
        self._partition = f"{app}#{environment}"

    def begin(self, record: Record) -> None:
        """Write a new record. Raises LedgerMissing, CloudError."""
        try:
            self._put(record, "attribute_not_exists(pk)", {})
        except ConditionFailed as failed:
            # A retry after a lost response meets our own first write.
            if _read(failed.item) != record:
                raise CloudError(
                    f"the ledger has a release {record.release_id} already", "run it again: it gets another id"
                ) from failed

    def save(self, record: Record) -> None:
        """Write the record again. Raises LeaseLost where a run with a newer lease has written it; CloudError."""
        try:
            self._put(record, "attribute_exists(pk) AND fence <= :fence", {":fence": {"N": str(record.fencing_token)}})
        except ConditionFailed as failed:
            raise LeaseLost(record.release_id) from failed

    def get(self, release_id: str) -> Record:
        """One record. Raises NotFound."""
        answer = conditional_call(self._client, "get_item", self._table, Key=self._key(release_id), ConsistentRead=True)
        if "Item" not in answer:
            raise NotFound(
                f"the ledger has no release {release_id} in {self._environment}", "list them with `deploytool history`"
            )
        return _read(answer["Item"])

    def recent(
        self,
        limit: int | None = None,
        *,
        result: Result | None = None,
        commit: str = "",
        since: datetime | None = None,
    ) -> tuple[Record, ...]:
        """Newest first; only those with this result, of this commit (or its first digits), or begun since then."""
        conditions: list[str] = []
        values: dict[str, dict[str, str]] = {}
        if result is not None:
            names = {f":result{index}": {"S": text} for index, text in enumerate(spellings(result))}
            conditions.append(f"#result IN ({', '.join(names)})")
            values |= names
        if commit:
            conditions.append("begins_with(sha, :sha)")
            values[":sha"] = {"S": commit}
        parameters: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": {"S": self._partition}, ":prefix": {"S": PREFIX}, **values},
            "ScanIndexForward": False,
        }
        if conditions:
            parameters["FilterExpression"] = " AND ".join(conditions)
            if result is not None:
                parameters["ExpressionAttributeNames"] = {"#result": "result"}
        elif limit is not None and since is None:
            parameters["Limit"] = limit
        return tuple(islice(self._since(since, parameters), limit))

    def version(self) -> Record | None:
        """The release whose version should be live now; ``None`` before the first. Raises CloudError."""
        last = last_successful(self.recent(1, result=Result.RELEASED))
        return version_of(self.recent(result=Result.RELEASED)) if last and last.restores else last

    def unfinished(self) -> tuple[Record, ...]:
        """Those whose end was never written, oldest first."""
        parameters = {
            "IndexName": UNFINISHED,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": self._partition}},
        }
        return tuple(self._query(parameters))

    def _since(self, since: datetime | None, parameters: Mapping[str, Any]) -> Iterator[Record]:
        for record in self._query(parameters):
            if since is not None and record.started_at < since:
                return
            yield record

    def _query(self, parameters: Mapping[str, Any]) -> Iterator[Record]:
        start: dict[str, Any] = {}
        while True:
            answer = conditional_call(self._client, "query", self._table, ConsistentRead=True, **parameters, **start)
            yield from map(_read, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _put(self, record: Record, condition: str, values: Mapping[str, Any]) -> None:
        # Besides the document, only the attributes that conditions and filters need.
        item = {
            **self._key(record.release_id),
            "fence": {"N": str(record.fencing_token)},
            "sha": {"S": record.commit.sha},
            "document": {"S": json.dumps(to_document(record), ensure_ascii=False, separators=(",", ":"))},
            **({"result": {"S": record.result.value}} if record.result else {UNFINISHED: {"S": record.release_id}}),
        }
        conditional_call(
            self._client,
            "put_item",
            self._table,
            Item=item,
            ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **({"ExpressionAttributeValues": dict(values)} if values else {}),
        )

    def _key(self, release_id: str) -> dict[str, Any]:
        return {"pk": {"S": self._partition}, "sk": {"S": f"{PREFIX}{release_id}"}}


def _read(item: Mapping[str, Any]) -> Record:
    return from_document(json.loads(item["document"]["S"]))
