"""The lock's item in DynamoDB: each change is one conditional write, so that of two who race exactly one succeeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deploytool.aws.conditional import ConditionFailed, ask
from deploytool.aws.session import Session
from deploytool.core.lease import HolderKind, Holding, taken

_TEXTS = ("owner", "actor", "run_url", "reason", "superseded_by")
_MINE = "#owner = :owner AND fence = :fence"


class Lock:
    """The lock of one app in one environment. Every call may raise LedgerMissing and CloudError."""

    def __init__(self, session: Session, table: str, app: str, environment: str) -> None:
        self._client = session.client("dynamodb")
        self._table = table
        self._key = {"pk": {"S": f"{app}#{environment}"}, "sk": {"S": "lock"}}
        self.environment = environment

    def read(self) -> Holding | None:
        """As it is now (GetItem, consistent); ``None`` where there never was one."""
        answer = ask(self._client, "get_item", self._table, Key=self._key, ConsistentRead=True)
        return _holding(answer["Item"]) if "Item" in answer else None

    def take(self, seen: Holding | None, wish: Holding) -> Holding | None:
        """Take the lock that ``may_take`` allowed when it was ``seen``; ``None`` where somebody was faster."""
        mine = taken(seen, wish)
        condition, values = "attribute_not_exists(pk)", {}
        if seen is not None:
            # The fence changes with the owner, the expiry with each renewal: neither may have happened since.
            values = {":fence": {"N": str(seen.fence)}}
            condition = "fence = :fence AND attribute_not_exists(expires)"
            if seen.expires is not None:
                values[":expires"] = {"S": seen.expires.isoformat()}
                condition = "fence = :fence AND expires = :expires"
        try:
            ask(
                self._client,
                "put_item",
                self._table,
                Item={**self._key, **_item(mine)},
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **({"ExpressionAttributeValues": values} if values else {}),
            )
        except ConditionFailed as failed:
            # A retry after a lost answer meets our own first write.
            there = _holding(failed.item)
            return mine if (there.owner, there.fence) == (mine.owner, mine.fence) else None
        return mine

    def renew(self, mine: Holding, expires: datetime) -> Holding:
        """Ours until ``expires``. Raises ConditionFailed where it is not ours any more."""
        return self._update(mine, "SET expires = :expires", {":expires": {"S": expires.isoformat()}})

    def supersede(self, seen: Holding, by: str) -> bool:
        """Ask the owner that was seen to give way to release ``by``; false where it is gone."""
        try:
            self._update(seen, "SET superseded_by = :by", {":by": {"S": by}})
        except ConditionFailed:
            return False
        return True

    def free(self, seen: Holding) -> bool:
        """Free the lock that ``seen`` has; false where it has it no longer. The fence stays, to be counted on."""
        gone = "#owner, kind, actor, run_url, reason, since, expires, superseded_by"
        try:
            self._update(seen, f"REMOVE {gone}", {})
        except ConditionFailed:
            return False
        return True

    def _update(self, seen: Holding, expression: str, values: Mapping[str, Any]) -> Holding:
        answer = ask(
            self._client,
            "update_item",
            self._table,
            Key=self._key,
            UpdateExpression=expression,
            ConditionExpression=_MINE,
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": seen.owner}, ":fence": {"N": str(seen.fence)}, **values},
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return _holding(answer["Attributes"])


def _item(holding: Holding) -> dict[str, Any]:
    texts = {name: str(getattr(holding, name)) for name in _TEXTS}
    moments = {name: moment.isoformat() for name in ("since", "expires") if (moment := getattr(holding, name))}
    written = {name: {"S": text} for name, text in {**texts, **moments, "kind": holding.kind.value}.items() if text}
    return {**written, "fence": {"N": str(holding.fence)}}


def _holding(item: Mapping[str, Any]) -> Holding:
    texts: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS if name in item}
    return Holding(
        fence=int(item["fence"]["N"]) if "fence" in item else 0,
        kind=HolderKind(item["kind"]["S"]) if "kind" in item else HolderKind.RELEASE,
        since=_moment(item, "since"),
        expires=_moment(item, "expires"),
        **texts,
    )


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]["S"]) if name in item else None
