"""What a change set would do to each resource, and what of that must be allowed by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from deploytool.core.model import Problem

STATEFUL = frozenset({
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::CacheCluster",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::SecretsManager::Secret",
    "AWS::ECR::Repository",
    "AWS::Logs::LogGroup",
    "AWS::KMS::Key",
    "AWS::EFS::FileSystem",
})  # fmt: skip
"""Types whose resources hold what cannot be made again."""


class Action(StrEnum):
    """What becomes of a resource."""

    ADD = "added"
    IMPORT = "imported"
    CHANGE = "changed in place"
    REPLACE = "replaced"
    MAY_REPLACE = "perhaps replaced"
    """CloudFormation knows only when it gets there."""
    REMOVE = "removed"


@dataclass(frozen=True)
class PropertyChange:
    """One property, or an attribute such as ``Tags`` or ``DeletionPolicy``, that changes."""

    name: str
    replaces: bool = False
    """Changing it may need a new resource."""
    because: str = ""
    """The parameter or resource whose change changes it; empty where the template itself differs."""


@dataclass(frozen=True)
class ResourceChange:
    """One resource that changes."""

    logical_id: str
    type: str
    action: Action
    physical_id: str = ""
    properties: tuple[PropertyChange, ...] = ()
    keeps_old: bool = False
    """Its policy leaves what is replaced or removed behind (Retain), or a snapshot of it."""

    @property
    def loses_data(self) -> bool:
        """It holds data, and would not stay what it is."""
        gone = self.action in (Action.REPLACE, Action.MAY_REPLACE, Action.REMOVE)
        return gone and self.type in STATEFUL


@dataclass(frozen=True)
class Allowed:
    """What was named on the command line: ``STACK.LOGICAL_ID``."""

    replace: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()

    def logical_ids(self, key: str) -> tuple[str, ...]:
        """Those of one stack, of either kind."""
        names = (name.partition(".") for name in sorted(self.replace | self.remove))
        return tuple(logical_id for stack, _, logical_id in names if stack == key)


NOTHING_ALLOWED = Allowed()
_WOULD = {
    Action.REPLACE: "would be replaced",
    Action.MAY_REPLACE: "might be replaced",
    Action.REMOVE: "would be removed",
}


def with_policies(
    changes: Iterable[ResourceChange], update_replace_policies: Mapping[str, str]
) -> tuple[ResourceChange, ...]:
    """The changes, told what becomes of a resource that CloudFormation only perhaps replaces: it does not say itself.

    ``update_replace_policies`` are those of the new template, by logical id.
    """
    return tuple(
        replace(change, keeps_old=update_replace_policies.get(change.logical_id, "Delete") != "Delete")
        if change.action is Action.MAY_REPLACE
        else change
        for change in changes
    )


def refusals(key: str, changes: Iterable[ResourceChange], allowed: Allowed) -> tuple[Problem, ...]:
    """Each resource of stack ``key`` that holds data, would be replaced or removed, and was not named."""
    found = []
    for change in changes:
        name = f"{key}.{change.logical_id}"
        removed = change.action is Action.REMOVE
        if not change.loses_data or name in (allowed.remove if removed else allowed.replace):
            continue
        option = f"--allow-{'remove' if removed else 'replace'} {name}"
        found.append(
            Problem(
                f"{name} ({short_type(change.type)}) holds data and {_WOULD[change.action]}{_why(change)}; "
                + ("what it holds now is kept apart" if change.keeps_old else "what it holds now would be LOST"),
                f"take the change back, or add {option}",
            )
        )
    return tuple(found)


def short_type(name: str) -> str:
    """``RDS DBInstance`` of ``AWS::RDS::DBInstance``."""
    return name.removeprefix("AWS::").replace("::", " ")


def _why(change: ResourceChange) -> str:
    names = _named(change.properties)
    return f" ({names} changes)" if names else ""


def _named(properties: Sequence[PropertyChange]) -> str:
    return ", ".join(dict.fromkeys(each.name for each in properties if each.replaces))
