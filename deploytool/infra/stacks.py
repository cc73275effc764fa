"""What a change set would do to each resource, and what of that must be allowed by name."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from deploytool.errors import ConfigurationError
from deploytool.release.model import Problem

# SEG core.stacks.change
# What a change set would do to each resource, and what of that must be allowed by name.

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


def change_refusals(key: str, changes: Iterable[ResourceChange], allowed: Allowed) -> tuple[Problem, ...]:
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


# SEG core.stacks.order
# The stacks of one environment, what each is called, and which must be there before it.

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
    """In an order in which they can be made. Raises StackNameInvalid."""
    found = (
        Stack("bootstrap", f"{app}-bootstrap", of_account=True),
        Stack("account", f"{app}-account", of_account=True),
        Stack("network", f"{app}-{environment}-network"),
        Stack("data", f"{app}-{environment}-data", ("network",)),
        Stack("platform", f"{app}-{environment}-platform", ("network",)),
        Stack("service", f"{app}-{environment}-service", ("bootstrap", "data", "platform"), runs_images=True),
    )
    if wrong := next((stack.name for stack in found if not _NAME.fullmatch(stack.name)), ""):
        raise StackNameInvalid(
            f"{wrong} cannot be the name of a CloudFormation stack",
            "begin `app` with a letter, and use letters, digits and dashes in it and in the environment's name",
        )
    return found


def only(stacks: Sequence[Stack], keys: Collection[str]) -> tuple[Stack, ...]:
    """The stacks with these keys (all where none is named); what they need of the others is taken as there."""
    kept = [stack for stack in stacks if not keys or stack.key in keys]
    present = {stack.key for stack in kept}
    return tuple(replace(stack, needs=tuple(key for key in stack.needs if key in present)) for stack in kept)


def backwards(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """For deletion: last first, each waiting for those that need it."""
    needed_by: Mapping[str, tuple[str, ...]] = {
        stack.key: tuple(other.key for other in stacks if stack.key in other.needs) for stack in stacks
    }
    return tuple(replace(stack, needs=needed_by[stack.key]) for stack in reversed(stacks))


# SEG core.stacks.protection
# What keeps a stack and the data in it from being deleted by mistake.
#
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html

TERMINATION, POLICY = "termination protection", "stack policy"


def stack_policy(except_for: Sequence[str] = ()) -> str:
    """Updates may replace or delete nothing that holds data, but for these logical ids."""
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
    """Which protections a stack lacks; ``policy`` is what GetStackPolicy tells, empty where there is none."""
    found = [] if protected else [TERMINATION]
    return (*found, *([] if same_policy(policy, stack_policy()) else [POLICY]))


def same_policy(one: str, other: str) -> bool:
    """However they are written."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


# SEG core.stacks.status
# What the status of a stack means.
#
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html


class StackCondition(StrEnum):
    """What can be done with a stack."""

    MISSING = "absent"
    EMPTY = "empty"
    """Only a change set was ever made: it holds nothing."""
    IN_PROGRESS = "moving"
    """An operation goes on: nothing else can begin."""
    OK = "sound"
    """It can be updated."""
    CREATE_FAILED = "never made"
    """Its creation failed: it can only be deleted."""
    FAILED = "stuck"
    """Someone must decide."""


class OperationResult(StrEnum):
    """How an operation of a stack ended."""

    SUCCEEDED = "good"
    ROLLED_BACK = "rolled back"
    FAILED = "stuck"


@dataclass(frozen=True)
class Output:
    """One output of a stack."""

    key: str
    value: str
    export: str = ""
    description: str = ""


@dataclass(frozen=True)
class StackState:
    """A stack as DescribeStacks tells it."""

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
    """What can be done with it."""
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
    """How the operation ended; ``None`` while it goes on."""
    if status.endswith("_IN_PROGRESS"):
        return None
    if status in ROLLBACKS:
        return OperationResult.ROLLED_BACK
    return OperationResult.FAILED if status.endswith("_FAILED") else OperationResult.SUCCEEDED


def remediation(status: str, name: str) -> str:
    """What a person does about a stack that cannot be changed as it is."""
    command = "aws cloudformation"
    match status:
        case "UPDATE_ROLLBACK_FAILED":
            return (
                f"mend what its events name, then `{command} continue-update-rollback --stack-name {name}` "
                "(with --resources-to-skip for what cannot be mended), then run it again"
            )
        case "UPDATE_FAILED":
            return f"send it back with `{command} rollback-stack --stack-name {name}`, then run it again"
        case "DELETE_FAILED":
            return (
                f"mend what its events name and delete it again, or `{command} delete-stack --stack-name {name} "
                "--retain-resources LOGICAL_ID` for what shall stay"
            )
        case "ROLLBACK_FAILED":
            return (
                "turn off the deletion protection of what it still holds (a new database has it on), "
                f"then `{command} delete-stack --stack-name {name}`, then run it again"
            )
        case "CREATE_FAILED" | "ROLLBACK_COMPLETE":
            return f"see what it still holds, then `{command} delete-stack --stack-name {name}`, then run it again"
        case _:
            return f"see its events: `{command} describe-stack-events --stack-name {name}`"


# SEG core.stacks.tags
# Tags of a stack, which CloudFormation puts on everything in it.
#
# None of them changes from one run to the next: a tag that does changes every resource.


def tags_of(stack: Stack, app: str, environment: str) -> dict[str, str]:
    """What of the account belongs to no one environment has no tag that says so."""
    of_environment = {} if stack.of_account else {"environment": environment}
    return {"app": app, **of_environment, "managed-by": "deploytool"}
