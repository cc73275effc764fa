"""The guide's five groups of security practices."""

from __future__ import annotations

import re
from pathlib import Path

from deploytool.infra.checks.model import TemplateSet
from tests.unit.cloudformation.guide import Row, container, has, of, port, there

_ROOT = Path(__file__).parents[3]


def _private(cloud: TemplateSet) -> bool:
    subnets = [cloud.get("network", f"Private{zone}") for zone in "ABC"]
    return all(
        list(cloud.targets("data", of(cloud, f"data.{name}").get("SubnetIds"))) == subnets
        for name in ("DatabaseSubnets", "RedisSubnets")
    ) and has(cloud, "data.Database", PubliclyAccessible=False)


def _restricted(cloud: TemplateSet) -> bool:
    (rule,) = of(cloud, "platform.LoadBalancerGroup").get("SecurityGroupIngress", [{}])
    return (
        "SourcePrefixListId" in rule
        and port(cloud, "data.DatabaseGroup", 5432, "data.DatabaseClients")
        and port(cloud, "data.RedisGroup", 6379, "data.RedisClients")
    )


def _rotated(cloud: TemplateSet) -> bool:
    rule = of(cloud, "data.PasswordChanged")
    (target,) = rule.get("Targets", [{}])
    return (
        there(cloud, "data.DatabasePasswordRotation")
        and has(cloud, "data.Database", ManageMasterUserPassword=True)
        and rule.get("EventPattern", {}).get("detail", {}).get("eventName") == ["RotationSucceeded"]
        and cloud.target("data", target.get("Arn")) is cloud.get("data", "RestartAfterRotation")
        and there(cloud, "data.RestartAfterRotation", "data.RestartFailed")
    )


def _none_in_git(_: TemplateSet) -> bool:
    # Split, so that this line is not found itself.
    key = re.compile("AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY")
    ours = (
        _ROOT / name for name in (".github", "cloudformation", "deploytool", "docs", "examples", "scripts", "tests")
    )
    files = [path for directory in ours for path in directory.rglob("*") if path.is_file() and path.suffix != ".png"]
    return len(files) > 100 and not [path for path in files if key.search(path.read_text(errors="replace"))]


def _at_rest(cloud: TemplateSet) -> bool:
    return (
        has(cloud, "data.Database", StorageEncrypted=True)
        and has(cloud, "data.Redis", AtRestEncryptionEnabled=True)
        and all("BucketEncryption" in bucket.properties for bucket in cloud.of_type("AWS::S3::Bucket"))
    )


def _in_transit(cloud: TemplateSet) -> bool:
    origins = of(cloud, "platform.Cdn").get("DistributionConfig", {}).get("Origins", [{}])
    return (
        of(cloud, "data.DatabaseParameters").get("Parameters", {}).get("rds.force_ssl") == "1"
        and has(cloud, "data.Redis", TransitEncryptionEnabled=True)
        and "TLS13-1-2" in of(cloud, "platform.HttpsListener").get("SslPolicy", "")
        and origins[0].get("CustomOriginConfig", {}).get("OriginProtocolPolicy") == "https-only"
    )


def _https_only(cloud: TemplateSet) -> bool:
    config = of(cloud, "platform.Cdn").get("DistributionConfig", {})
    behaviours = [config.get("DefaultCacheBehavior", {}), *config.get("CacheBehaviors", [])]
    return (
        all(each.get("ViewerProtocolPolicy") == "redirect-to-https" for each in behaviours)
        and config["ViewerCertificate"].get("MinimumProtocolVersion") == "TLSv1.2_2021"
    )


def _separate_roles(cloud: TemplateSet) -> bool:
    roles = {
        name: cloud.target("service", of(cloud, f"service.{name}Task").get("TaskRoleArn"))
        for name in ("App", "Worker", "Migrate")
    }
    execution = cloud.target("service", of(cloud, "service.AppTask").get("ExecutionRoleArn"))
    return None not in (*roles.values(), execution) and len({*roles.values(), execution}) == 4


def _least_privilege(cloud: TemplateSet) -> bool:
    def allowed(role: str) -> set[str]:
        policies = of(cloud, f"service.{role}").get("Policies", [])
        actions = [each["Action"] for policy in policies for each in policy["PolicyDocument"]["Statement"]]
        return {name for action in actions for name in (action if isinstance(action, list) else [action])}

    return (
        allowed("AppRole") == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
        and allowed("WorkerRole") == {"s3:GetObject", "s3:PutObject"}
        and there(cloud, "service.MigrateRole")
        and allowed("MigrateRole") == set()
    )


def _mfa(cloud: TemplateSet) -> bool:
    statements = of(cloud, "account.RequireMfaPolicy").get("PolicyDocument", {}).get("Statement", [])
    denied = [each for each in statements if each["Effect"] == "Deny"]
    return has(cloud, "account.RequireMfaPolicy", Groups=["developers"]) and [each["Condition"] for each in denied] == [
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    ]


def _alerts(cloud: TemplateSet) -> bool:
    told = [
        cloud.target("account", of(cloud, f"account.{rule}").get("Targets", [{}])[0].get("Arn"))
        for rule in ("ThreatFound", "RootSignedIn")
    ]
    topic = cloud.get("account", "SecurityAlerts")
    return (
        topic is not None
        and told == [topic, topic]
        and there(cloud, "account.SecuritySubscription", "account.SecurityAlertsPolicy")
    )


SECURITY = (
    Row(
        "network: databases in private subnets",
        ("data.DatabaseSubnets", "data.RedisSubnets", "data.Database"),
        _private,
    ),
    Row(
        "network: groups let in who needs it",
        ("platform.LoadBalancerGroup", "data.DatabaseGroup", "data.RedisGroup"),
        _restricted,
    ),
    Row(
        "network: flow logs",
        ("network.FlowLog", "network.FlowLogGroup", "network.FlowLogRole"),
        lambda cloud: (
            has(cloud, "network.FlowLog", TrafficType="ALL", ResourceType="VPC")
            and there(cloud, "network.FlowLogGroup", "network.FlowLogRole")
        ),
    ),
    Row(
        "secrets: none as plain environment",
        ("service.AppTask", "service.WorkerTask", "service.MigrateTask"),
        lambda cloud: all(container(cloud, f"{role}Task").get("Secrets") for role in ("App", "Worker", "Migrate")),
    ),
    Row(
        "secrets: the password changes, and the tasks learn it",
        (
            "data.DatabasePasswordRotation",
            "data.PasswordChanged",
            "data.RestartAfterRotation",
            "data.RestartFailed",
            "data.Database",
        ),
        _rotated,
    ),
    Row("secrets: none in git", (), _none_in_git),
    Row("encryption: at rest", ("data.Database", "data.Redis"), _at_rest),
    Row(
        "encryption: in transit",
        ("data.DatabaseParameters", "data.Redis", "platform.HttpsListener", "platform.Cdn"),
        _in_transit,
    ),
    Row("encryption: viewers by HTTPS only", ("platform.Cdn",), _https_only),
    Row("IAM: least privilege", ("service.AppRole", "service.WorkerRole", "service.MigrateRole"), _least_privilege),
    Row(
        "IAM: a role each",
        ("service.AppRole", "service.WorkerRole", "service.MigrateRole", "service.ExecutionRole"),
        _separate_roles,
    ),
    Row("IAM: MFA", ("account.RequireMfaPolicy",), _mfa),
    Row(
        "monitoring: audit trail",
        ("account.Trail", "account.TrailBucket"),
        lambda cloud: (
            has(cloud, "account.Trail", IsLogging=True, IsMultiRegionTrail=True, EnableLogFileValidation=True)
            and there(cloud, "account.TrailBucket")
        ),
    ),
    Row(
        "monitoring: threat detection", ("account.Detector",), lambda cloud: has(cloud, "account.Detector", Enable=True)
    ),
    Row(
        "monitoring: alerts of security events",
        (
            "account.SecurityAlerts",
            "account.ThreatFound",
            "account.RootSignedIn",
            "account.SecuritySubscription",
            "account.SecurityAlertsPolicy",
        ),
        _alerts,
    ),
)
