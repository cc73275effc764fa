"""What a template does not show as it is: a change of a parameter, a failed creation, another region, a deletion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deploytool.infra.checks.model import CHECKS, Resource, TemplateFault, TemplateSet, check
from deploytool.infra.checks.network import rules_of
from deploytool.infra.intrinsics import NAMES, is_true, listed
from deploytool.infra.stacks import SHARED

GROUP, INGRESS = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
REGIONS = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
    "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
"""https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html"""
_NAMES_OF_STACK = frozenset({"App", "Environment"})
"""Parameters that are part of the stack's name: no update changes them."""


def references(value: Any) -> frozenset[str]:
    """Parameters and resources that a value names, in both branches of a condition."""
    return frozenset(_references(value))


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from (name.partition(".")[0] for name in NAMES.findall(text))
        case {"Fn::Sub": [str(text), Mapping() as named]}:
            yield from (name.partition(".")[0] for name in NAMES.findall(text) if name not in named)
            yield from _references(list(named.values()))
        case Mapping() | list():
            for item in value.values() if isinstance(value, Mapping) else value:
                yield from _references(item)


def varies(value: Any, document: Mapping[str, Any]) -> bool:
    """Another parameter, or another condition, makes another value of it."""
    others = references(value) - set(_resources(document)) - _NAMES_OF_STACK
    return any(not name.startswith("AWS::") for name in others) or _has_condition(value)


def _has_condition(value: Any) -> bool:
    match value:
        case {"Fn::If": [_, yes, no]}:
            return bool(yes != no)
        case Mapping():
            return any(map(_has_condition, value.values()))
        case list():
            return any(map(_has_condition, value))
        case _:
            return False


def _resources(document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    declared: Mapping[str, Mapping[str, Any]] = document.get("Resources") or {}
    return declared


@check(GROUP)
def group_holds_prefix_list_once(templates: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """CloudFormation makes a new rule before it deletes the old one, and CloudFront's list counts as 55 rules of 60.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
    """
    document = templates.documents[group.stack]
    inline = rules_of(templates.declared(group)["Properties"].get("SecurityGroupIngress", []))
    apart = [
        raw["Properties"]
        for raw in _resources(document).values()
        if raw.get("Type") == INGRESS and group.name in references(raw["Properties"].get("GroupId"))
    ]
    rules = [rule for rule in (*inline, *apart) if "SourcePrefixListId" in rule]
    fixed = ("SourcePrefixListId", "GroupId")
    swapped = any(varies([value for key, value in rule.items() if key not in fixed], document) for rule in rules)
    if len(rules) > 1 or swapped:
        yield (
            "it needs a prefix list twice, at the latest while a rule changes: more rules than a group may have",
            "make a group for each port, with one rule that never changes",
        )


@check(GROUP, INGRESS)
def prefix_list_known(_: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """The prefix list has an id in this region."""
    for rule in rules_of(group.properties.get("SecurityGroupIngress", group.properties)):
        name = rule.get("SourcePrefixListId")
        if isinstance(name, str) and not name.startswith("pl-"):
            yield (
                f"{name or 'nothing'} is the id of no prefix list: that of this region is not known",
                "set CloudFrontPrefixList; `aws ec2 describe-managed-prefix-lists` shows the origin-facing one",
            )


@check("AWS::ECS::Service")
def port_change_keeps_tasks(templates: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """A rule follows the parameter at once; the tasks that run listen on the old port until they are replaced."""
    if not service.properties.get("LoadBalancers"):
        return
    balancers = listed(templates.declared(service)["Properties"]["LoadBalancers"])
    is_parameter = varies([item.get("ContainerPort") for item in balancers], templates.documents[service.stack])
    network = (service.properties.get("NetworkConfiguration") or {}).get("AwsvpcConfiguration") or {}
    own = templates.targets(service.stack, network.get("SecurityGroups"))
    sources = [
        source
        for group in own
        for rule in rules_of(group.properties.get("SecurityGroupIngress", []))
        for source in templates.targets(group.stack, rule.get("SourceSecurityGroupId"))
    ]
    sides = [(group, "SecurityGroupIngress") for group in own] + [(group, "SecurityGroupEgress") for group in sources]
    for group, key in sides:
        if group.type == GROUP and _follows_port(templates, group, key, one_is_too_few=is_parameter):
            yield (
                f"a change of its port cuts off the running tasks: {key} of {group.stack}.{group.name} changes first",
                "open every port to the other group",
            )


def _follows_port(templates: TemplateSet, group: Resource, key: str, *, one_is_too_few: bool) -> bool:
    document = templates.documents[group.stack]
    rules = list(rules_of(templates.declared(group)["Properties"].get(key, [])))
    follow = [varies([rule.get("FromPort"), rule.get("ToPort")], document) for rule in rules]
    single = [one_is_too_few and rule.get("FromPort") == rule.get("ToPort") is not None for rule in rules]
    narrow = [follows or is_single for follows, is_single in zip(follow, single, strict=True)]
    return bool(narrow) and all(narrow)


_PROTECTED = {
    "AWS::RDS::DBInstance": "DeletionProtection",
    "AWS::RDS::DBCluster": "DeletionProtection",
    "AWS::DynamoDB::Table": "DeletionProtectionEnabled",
}


@check(*_PROTECTED)
def protected_created_last(templates: TemplateSet, resource: Resource) -> Iterator[tuple[str, str]]:
    """A creation that fails deletes what it made, and stops at what is protected from deletion."""
    if not is_true(resource.properties.get(_PROTECTED[resource.type], False)):
        return
    needs = {name: _needs(raw) for name, raw in _resources(templates.documents[resource.stack]).items()}
    before = _closure(resource.name, needs)
    beside = [
        other.name
        for other in templates.resources
        if other.stack == resource.stack
        and other.name not in before
        and resource.name not in _closure(other.name, needs)
    ]
    if beside:
        more = f" and {len(beside) - 2} more" if len(beside) > 2 else ""
        yield (
            f"where {', '.join(beside[:2])}{more} cannot be created, it stays, protected, and blocks the stack",
            "create it last: name what does not need it under DependsOn",
        )


def _needs(raw: Mapping[str, Any]) -> frozenset[str]:
    return references(raw) | {str(name) for name in listed(raw.get("DependsOn", []))}


def _closure(name: str, needs: Mapping[str, Iterable[str]]) -> set[str]:
    """A resource and all that it needs."""
    reached, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current in needs and current not in reached:
            reached.add(current)
            waiting += needs[current]
    return reached


def export_stays(templates: TemplateSet) -> Iterator[TemplateFault]:
    """What another stack imports can neither change nor go: no parameter may decide what it is."""
    imported = {(item.export, item.stack) for item in templates.imports if isinstance(item.export, str)}
    for name, (stack, _) in templates.exports.items():
        document = templates.documents[stack]
        if not any(export == name and importer != stack for export, importer in imported):
            continue
        for output, raw in (document.get("Outputs") or {}).items():
            value = raw.get("Value")
            is_it = _exports(raw, name)
            if is_it and varies(value, document) and not _is_property(value, document):
                yield TemplateFault(
                    stack,
                    output,
                    f"a parameter changes export {name}, which cannot change while another stack imports it",
                    "export one value always, and let the importing stack choose by a parameter of its own",
                )


def _exports(raw: Mapping[str, Any], name: str) -> bool:
    """Told by the end of the name, which is plain text in all templates that name exports after their stack."""
    match (raw.get("Export") or {}).get("Name"):
        case str(text) | {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            return name.endswith(text.rpartition("}")[2])
        case _:
            return False


def _is_property(value: Any, document: Mapping[str, Any]) -> bool:
    """It is what a resource has, and changes with that resource alone, such as the addresses of a VPC."""
    return any(value in (raw.get("Properties") or {}).values() for raw in _resources(document).values())


CHECKS.append(export_stays)


def mapping_has_every_region(templates: TemplateSet) -> Iterator[TemplateFault]:
    """FindInMap fails where the map has no such key, also in the branch of a condition that is not taken.

    https://github.com/aws-cloudformation/aws-cloudformation-templates/issues/271
    """
    for stack, document in templates.documents.items():
        for resource, raw in _resources(document).items():
            for name, has_way_out in _lookups(raw.get("Properties"), inside=False):
                regions = (document.get("Mappings") or {}).get(name) or {}
                missing = [region for region in REGIONS if region not in regions]
                if missing if has_way_out else templates.region and templates.region not in regions:
                    where = missing[0] if has_way_out else templates.region
                    yield TemplateFault(
                        stack, resource, f"mapping {name} has no {where}: the template fails there",
                        "give every region a row",
                    )  # fmt: skip


def _lookups(value: Any, *, inside: bool) -> Iterator[tuple[str, bool]]:
    """Mappings that are looked up by region, and whether a condition has another value for regions without a row."""
    match value:
        case {"Fn::FindInMap": [str(name), {"Ref": "AWS::Region"}, _]}:
            yield name, inside
        case Mapping():
            for key, item in value.items():
                yield from _lookups(item, inside=inside or key == "Fn::If")
        case list():
            for item in value:
                yield from _lookups(item, inside=inside)


CHECKS.append(mapping_has_every_region)


@check("AWS::EC2::VPC")
def zones_can_be_chosen(templates: TemplateSet, vpc: Resource) -> Iterator[tuple[str, str]]:
    """GetAZs sorts names, and in older accounts one of the first has no NAT gateways or no Fargate.

    https://github.com/awsdocs/amazon-eks-user-guide/issues/262
    """
    document = templates.documents[vpc.stack]
    zones = [
        (raw.get("Properties") or {}).get("AvailabilityZone")
        for raw in _resources(document).values()
        if raw.get("Type") == "AWS::EC2::Subnet"
    ]
    parameters = set(document.get("Parameters") or {})
    if any("Fn::GetAZs" in repr(zone) and not references(zone) & parameters for zone in zones):
        yield "its zones are the first ones by name, usable or not", "let a parameter name other zones"


@check(*sorted(SHARED))
def account_shared_retained(_: TemplateSet, resource: Resource) -> Iterator[tuple[str, str]]:
    """An account has one of it, for all its apps."""
    yield from _retained(resource)


@check("AWS::S3::BucketPolicy")
def trail_bucket_policy_retained(templates: TemplateSet, policy: Resource) -> Iterator[tuple[str, str]]:
    """A trail that stays needs the policy of its bucket."""
    bucket = templates.target(policy.stack, policy.properties.get("Bucket"))
    for trail in templates.of_type("AWS::CloudTrail::Trail"):
        if bucket and templates.target(trail.stack, trail.properties.get("S3BucketName")) is bucket:
            yield from _retained(policy)


def _retained(resource: Resource) -> Iterator[tuple[str, str]]:
    if not resource.deletion_policy.startswith("Retain"):
        yield "it goes with this stack, and other apps of the account lose it", "set DeletionPolicy to Retain"
