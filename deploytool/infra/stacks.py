"""The stacks of an environment: their order, names, tags, state and protection, and what a change does to data."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum, auto

from deploytool.errors import ConfigurationError
from deploytool.release.model import Problem

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
"""Types whose resources hold data that cannot be restored."""


class Action(StrEnum):
    """What becomes of a resource."""

    ADD = "added"
    IMPORT = "imported"
    CHANGE = "changed in place"
    REPLACE = "replaced"
    MAY_REPLACE = "may be replaced"
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
        """It holds data, and would be replaced or removed."""
        return self.type in STATEFUL and self.action in (Action.REPLACE, Action.MAY_REPLACE, Action.REMOVE)


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
    """The changes with ``keeps_old`` for what may be replaced, which CloudFormation does not say.

    ``update_replace_policies`` are those of the new template, by logical id.
    """
    return tuple(
        replace(change, keeps_old=update_replace_policies.get(change.logical_id, "Delete") != "Delete")
        if change.action is Action.MAY_REPLACE
        else change
        for change in changes
    )


def change_refusals(key: str, changes: Iterable[ResourceChange], allowed: Allowed) -> tuple[Problem, ...]:
    """Each resource of stack ``key`` that holds data, would be replaced or removed, and was not allowed by name."""
    problems = []
    for change in changes:
        name = f"{key}.{change.logical_id}"
        removed = change.action is Action.REMOVE
        if not change.loses_data or name in (allowed.remove if removed else allowed.replace):
            continue
        option = f"--allow-{'remove' if removed else 'replace'} {name}"
        replacing = ", ".join(dict.fromkeys(item.name for item in change.properties if item.replaces))
        reason = f" ({replacing} changes)" if replacing else ""
        data = "the old data is kept" if change.keeps_old else "its data would be LOST"
        problems.append(
            Problem(
                f"{name} ({short_type(change.type)}) holds data and {_WOULD[change.action]}{reason}; {data}",
                f"undo the change, or add {option}",
            )
        )
    return tuple(problems)


def short_type(name: str) -> str:
    """``RDS DBInstance`` of ``AWS::RDS::DBInstance``."""
    return name.removeprefix("AWS::").replace("::", " ")


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True)
class Stack:
    """One stack. ``needs`` are keys of stacks whose exports it imports."""

    key: str
    name: str
    needs: tuple[str, ...] = ()
    of_account: bool = False
    """Once per account: every environment of the app shares it."""
    runs_images: bool = False
    """It has the ECS services: changed only under the release lock, with the images that run."""


class StackNameInvalid(ConfigurationError):
    """CloudFormation allows letters, digits and dashes in the name of a stack, and nothing else."""


def stacks_of(app: str, environment: str) -> tuple[Stack, ...]:
    """In the order in which they can be created. Raises StackNameInvalid."""
    stacks = (
        Stack("bootstrap", f"{app}-bootstrap", of_account=True),
        Stack("account", f"{app}-account", of_account=True),
        Stack("network", f"{app}-{environment}-network"),
        Stack("data", f"{app}-{environment}-data", ("network",)),
        Stack("platform", f"{app}-{environment}-platform", ("network",)),
        Stack("service", f"{app}-{environment}-service", ("bootstrap", "data", "platform"), runs_images=True),
    )
    if invalid := next((stack.name for stack in stacks if not _NAME.fullmatch(stack.name)), ""):
        raise StackNameInvalid(
            f"{invalid} cannot be the name of a CloudFormation stack",
            "begin `app` with a letter, and use letters, digits and dashes in it and in the environment's name",
        )
    return stacks


def only(stacks: Sequence[Stack], keys: Collection[str]) -> tuple[Stack, ...]:
    """The stacks with these keys (all where none is named); what they need of the others is assumed to exist."""
    kept = [stack for stack in stacks if not keys or stack.key in keys]
    present = {stack.key for stack in kept}
    return tuple(replace(stack, needs=tuple(key for key in stack.needs if key in present)) for stack in kept)


def in_deletion_order(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """For deletion: last first, each waiting for those that need it."""
    needed_by = {stack.key: tuple(other.key for other in stacks if stack.key in other.needs) for stack in stacks}
    return tuple(replace(stack, needs=needed_by[stack.key]) for stack in reversed(stacks))


TERMINATION, POLICY = "termination protection", "stack policy"


def stack_policy(except_for: Sequence[str] = ()) -> str:
    """Updates may replace or delete nothing that holds data, except these logical ids.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
    """
    deny = {
        "Effect": "Deny",
        "Action": ["Update:Replace", "Update:Delete"],
        "Principal": "*",
        "Condition": {"StringEquals": {"ResourceType": sorted(STATEFUL)}},
    }
    where = {"NotResource": [f"LogicalResourceId/{name}" for name in except_for]} if except_for else {"Resource": "*"}
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    return json.dumps({"Statement": [allow, {**deny, **where}]}, sort_keys=True)


def missing_protections(protected: bool, policy: str) -> tuple[str, ...]:
    """Which protections a stack lacks; ``policy`` is GetStackPolicy's answer, empty where there is none."""
    return tuple(name for name, is_set in ((TERMINATION, protected), (POLICY, _is_ours(policy))) if not is_set)


def _is_ours(policy: str) -> bool:
    try:
        return bool(json.loads(policy) == json.loads(stack_policy()))
    except ValueError:
        return False


class StackCondition(Enum):
    """What the status of a stack allows.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """

    MISSING = auto()
    EMPTY = auto()
    """Only a change set was ever made: it holds nothing."""
    IN_PROGRESS = auto()
    """Nothing else can begin."""
    OK = auto()
    """It can be updated."""
    CREATE_FAILED = auto()
    """It can only be deleted."""
    FAILED = auto()
    """Manual action is required."""


class OperationResult(Enum):
    """How an operation of a stack ended."""

    SUCCEEDED = auto()
    ROLLED_BACK = auto()
    FAILED = auto()


@dataclass(frozen=True)
class Output:
    """One output of a stack."""

    key: str
    value: str
    export: str = ""
    description: str = ""


@dataclass(frozen=True)
class StackState:
    """A stack as DescribeStacks returns it."""

    name: str
    id: str
    status: str
    reason: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    """Values of NoEcho parameters are asterisks."""
    outputs: tuple[Output, ...] = ()
    changed_at: datetime | None = None
    protected: bool = False
    """Termination protection."""


ROLLBACKS = ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


def condition_of(state: StackState | None) -> StackCondition:
    """``None`` is a stack that DescribeStacks does not know."""
    if state is None or state.status == "DELETE_COMPLETE":
        return StackCondition.MISSING
    if state.status == "REVIEW_IN_PROGRESS":
        return StackCondition.EMPTY
    if state.status.endswith("_IN_PROGRESS"):
        return StackCondition.IN_PROGRESS
    if state.status in ("ROLLBACK_COMPLETE", "CREATE_FAILED"):
        return StackCondition.CREATE_FAILED
    return StackCondition.FAILED if state.status.endswith("_FAILED") else StackCondition.OK


def result_of_status(status: str) -> OperationResult | None:
    """How the operation ended; ``None`` while it is in progress."""
    if status.endswith("_IN_PROGRESS"):
        return None
    if status in ROLLBACKS:
        return OperationResult.ROLLED_BACK
    return OperationResult.FAILED if status.endswith("_FAILED") else OperationResult.SUCCEEDED


def remediation(status: str, name: str) -> str:
    """How a person repairs a stack that cannot be changed as it is."""

    def command(action: str) -> str:
        return f"`aws cloudformation {action} --stack-name {name}"

    match status:
        case "UPDATE_ROLLBACK_FAILED":
            return (
                f"fix what its events name, then {command('continue-update-rollback')}` "
                "(with --resources-to-skip for what cannot be fixed), then run it again"
            )
        case "UPDATE_FAILED":
            return f"roll it back with {command('rollback-stack')}`, then run it again"
        case "DELETE_FAILED":
            return (
                f"fix what its events name and delete it again, or {command('delete-stack')} "
                "--retain-resources LOGICAL_ID` for what must stay"
            )
        case "ROLLBACK_FAILED":
            return (
                "turn off the deletion protection of what it still holds (a new database has it on), "
                f"then {command('delete-stack')}`, then run it again"
            )
        case "CREATE_FAILED" | "ROLLBACK_COMPLETE":
            return f"check what it still holds, then {command('delete-stack')}`, then run it again"
        case _:
            return f"see its events: {command('describe-stack-events')}`"


def tags_of(stack: Stack, app: str, environment: str) -> dict[str, str]:
    """CloudFormation puts them on everything in the stack. None changes from run to run: that would change every
    resource. A stack of the account has no environment's tag.
    """
    of_environment = {} if stack.of_account else {"environment": environment}
    return {"app": app, **of_environment, "managed-by": "deploytool"}
