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
SHARED = frozenset({"AWS::CloudTrail::Trail", "AWS::GuardDuty::Detector", "AWS::IAM::OIDCProvider"})
"""Types of which an account has one, for all its apps."""


NAMES: Mapping[str, str] = {
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ElastiCache::CacheCluster": "ClusterName",
    "AWS::ElastiCache::ReplicationGroup": "ReplicationGroupId",
    "AWS::ElastiCache::SubnetGroup": "CacheSubnetGroupName",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""The property that names a resource: as long as it stays, CloudFormation refuses to replace the resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

_INTERRUPTS: Mapping[str, frozenset[str]] = {
    "AWS::RDS::DBInstance": frozenset({
        "AllowMajorVersionUpgrade", "CACertificateIdentifier", "DBInstanceClass", "DBParameterGroupName",
        "EngineVersion", "OptionGroupName", "StorageType",
    }),
    "AWS::RDS::DBCluster": frozenset({"DBClusterParameterGroupName", "EngineVersion", "Port"}),
    "AWS::ElastiCache::ReplicationGroup": frozenset({
        "CacheNodeType", "CacheParameterGroupName", "Engine", "EngineVersion", "TransitEncryptionEnabled",
        "TransitEncryptionMode",
    }),
    "AWS::ElastiCache::CacheCluster": frozenset({"CacheNodeType", "CacheParameterGroupName", "EngineVersion"}),
    "AWS::ElasticLoadBalancingV2::Listener": frozenset({"Port", "Protocol"}),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": frozenset({"Subnets", "SubnetMappings"}),
    "AWS::EC2::Instance": frozenset({"InstanceType", "EbsOptimized", "UserData"}),
}  # fmt: skip
"""By type, properties whose change in place makes the resource unavailable for a moment, at once and not in a window.

CloudFormation applies changes of a database immediately: ApplyImmediately is true unless a template says otherwise.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticache-replicationgroup.html
"""


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
    keeps_name: bool = False
    """It has a name that stays: CloudFormation refuses to replace it."""

    @property
    def loses_data(self) -> bool:
        """It holds data, and would be replaced or removed."""
        return self.type in STATEFUL and self.action in (Action.REPLACE, Action.MAY_REPLACE, Action.REMOVE)

    @property
    def interruptions(self) -> tuple[str, ...]:
        """Properties whose change in place interrupts it."""
        in_place = self.action in (Action.CHANGE, Action.MAY_REPLACE)
        interrupting = _INTERRUPTS.get(self.type, frozenset()) if in_place else frozenset()
        return tuple(item.name for item in self.properties if item.name in interrupting)


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
    changes: Iterable[ResourceChange], update_replace_policies: Mapping[str, str], named: Collection[str] = ()
) -> tuple[ResourceChange, ...]:
    """The changes with what CloudFormation does not say: ``keeps_old`` of what may be replaced, and ``keeps_name``.

    From the new template: ``update_replace_policies`` by logical id, and the logical ids of what has a name.
    """
    return tuple(_with_policy(change, update_replace_policies, named) for change in changes)


def _with_policy(change: ResourceChange, policies: Mapping[str, str], named: Collection[str]) -> ResourceChange:
    if change.action not in (Action.REPLACE, Action.MAY_REPLACE):
        return change
    changed = {item.name for item in change.properties}
    # Without details nothing is known of the name: neither that it changes nor that it stays.
    keeps_name = bool(changed) and change.logical_id in named and NAMES.get(change.type, "") not in changed
    if change.action is Action.REPLACE:
        return replace(change, keeps_name=keeps_name)
    keeps_old = policies.get(change.logical_id, "Delete") != "Delete"
    return replace(change, keeps_name=keeps_name, keeps_old=keeps_old)


def change_refusals(key: str, changes: Iterable[ResourceChange], allowed: Allowed) -> tuple[Problem, ...]:
    """Each resource of stack ``key`` that holds data, would be replaced or removed, and was not allowed by name.

    Also each that CloudFormation itself refuses to replace.
    """
    return tuple(problem for change in changes if (problem := _refusal(key, change, allowed)))


def _refusal(key: str, change: ResourceChange, allowed: Allowed) -> Problem | None:
    name = f"{key}.{change.logical_id}"
    removed = change.action is Action.REMOVE
    option = f"--allow-{'remove' if removed else 'replace'} {name}"
    replacing = ", ".join(dict.fromkeys(item.name for item in change.properties if item.replaces))
    reason = f" ({replacing} changes)" if replacing else ""
    if change.keeps_name and change.action is Action.REPLACE:
        name_property = NAMES.get(change.type, "name")
        return Problem(
            f"{name} ({short_type(change.type)}) {_WOULD[change.action]}{reason}, which CloudFormation refuses "
            f"while its {name_property} stays the same",
            f"undo the change, or change {name_property} in the same update"
            + (f" and add {option}" if change.loses_data else ""),
        )
    if not change.loses_data or name in (allowed.remove if removed else allowed.replace):
        return None
    data = "the old data is kept" if change.keeps_old else "its data would be LOST"
    fix = f"undo the change, or add {option}"
    if change.keeps_name:
        data = "CloudFormation refuses to replace it, since it has a name: no data can be lost"
        fix += ", which changes it in place or fails and rolls back"
    return Problem(f"{name} ({short_type(change.type)}) holds data and {_WOULD[change.action]}{reason}; {data}", fix)


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


def foreign_owner(stack: Stack, state: StackState | None, app: str, environment: str) -> Problem | None:
    """The stack of this name belongs to another app or environment: `a` + `b-c` and `a-b` + `c` make the same names."""
    if condition_of(state) in (StackCondition.MISSING, StackCondition.EMPTY) or state is None:
        return None
    ours = {name: value for name, value in tags_of(stack, app, environment).items() if name != MANAGED_BY[0]}
    owner = {name: state.tags.get(name, value) for name, value in ours.items()}
    if owner == ours:
        return None
    described = ", ".join(f"{name} {value}" for name, value in owner.items())
    return Problem(
        f"stack {stack.name} belongs to {described}, not to app {app} in {environment}",
        "rename the app or the environment of one of the two",
    )


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
    tags: Mapping[str, str] = field(default_factory=dict)


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


MANAGED_BY = ("managed-by", "deploytool")


def tags_of(stack: Stack, app: str, environment: str) -> dict[str, str]:
    """CloudFormation puts them on everything in the stack. None changes from run to run: that would change every
    resource. A stack of the account has no environment's tag.
    """
    of_environment = {} if stack.of_account else {"environment": environment}
    return {"app": app, **of_environment, MANAGED_BY[0]: MANAGED_BY[1]}
