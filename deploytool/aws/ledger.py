"""The ledger in DynamoDB: one item per release, written whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from deploytool.aws.conditional import ConditionFailed, ask
from deploytool.aws.session import Session
from deploytool.core.lease import LeaseLost
from deploytool.core.ledger import Record, last_successful, version_of
from deploytool.core.ledger_document import from_document, to_document
from deploytool.core.ledger_table import UNFINISHED
from deploytool.core.outcome import Result
from deploytool.errors import CloudError, NotFound

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
            # A retry after a lost answer meets our own first write.
            if _read(failed.item) != record:
                raise CloudError(
                    f"the ledger has a release {record.release_id} already", "run it again: it gets another id"
                ) from failed

    def save(self, record: Record) -> None:
        """Write the record again. Raises LeaseLost where a run with a newer lease has taken it over; CloudError."""
        try:
            self._put(record, "attribute_exists(pk) AND fence <= :fence", {":fence": {"N": str(record.fence)}})
        except ConditionFailed as failed:
            raise LeaseLost(record.release_id) from failed

    def get(self, release_id: str) -> Record:
        """One record. Raises NotFound."""
        answer = ask(self._client, "get_item", self._table, Key=self._key(release_id), ConsistentRead=True)
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
        """Newest first, of all or of those with this result, this commit (or its first digits), begun since then."""
        conditions, values = [], {}
        if result is not None:
            conditions.append("#result = :result")
            values[":result"] = {"S": result.value}
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
            answer = ask(self._client, "query", self._table, ConsistentRead=True, **parameters, **start)
            yield from map(_read, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _put(self, record: Record, condition: str, values: Mapping[str, Any]) -> None:
        # Beside the document stand only the attributes that conditions and filters need.
        item = {
            **self._key(record.release_id),
            "fence": {"N": str(record.fence)},
            "sha": {"S": record.commit.sha},
            "document": {"S": json.dumps(to_document(record), ensure_ascii=False, separators=(",", ":"))},
            **({"result": {"S": record.result.value}} if record.result else {UNFINISHED: {"S": record.release_id}}),
        }
        ask(
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
