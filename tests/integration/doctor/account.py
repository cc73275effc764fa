"""An account as the architecture wants it, as far as MiniStack has its parts, made by boto3."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from deploytool.aws.session import Session

HOST = "shop.example.com"
EXPIRE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100},
    "action": {"type": "expire"},
}


@dataclass
class Network:
    """Ids of what the services stand in."""

    vpc: str
    private: list[str]
    public: list[str]
    groups: dict[str, str] = field(default_factory=dict)


def make_network(session: Session, app: str) -> Network:
    """Two zones, private and public, a flow log, and a security group for each part."""
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for number, zone in ((1, "a"), (2, "b"), (101, "a"), (102, "b"))
    ]
    ids = [each["Subnet"]["SubnetId"] for each in made]
    for subnet in ids[2:]:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flow",
        DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/flow",
    )  # fmt: skip
    network = Network(vpc, ids[:2], ids[2:])
    for name in ("balancer", "tasks", "database", "cache"):
        made_group = ec2.create_security_group(GroupName=f"{app}-{name}", Description=name, VpcId=vpc)
        network.groups[name] = made_group["GroupId"]
    let_in(session, network.groups["balancer"], 443, "0.0.0.0/0")
    let_in(session, network.groups["tasks"], 3000, network.groups["balancer"])
    let_in(session, network.groups["database"], 5432, network.groups["tasks"])
    let_in(session, network.groups["cache"], 6379, network.groups["tasks"])
    return network


def let_in(session: Session, group: str, port: int, source: str) -> None:
    """Open a port to a security group or to a range of addresses."""
    rule: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    if source.startswith("sg-"):
        rule["UserIdGroupPairs"] = [{"GroupId": source}]
    else:
        rule["IpRanges"] = [{"CidrIp": source}]
    session.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def make_stores(session: Session, app: str, network: Network) -> None:
    """A database, a cache, an image repository."""
    rds = session.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName=app, DBSubnetGroupDescription=app, SubnetIds=network.private)
    rds.create_db_parameter_group(DBParameterGroupName=app, DBParameterGroupFamily="postgres16", Description=app)
    rds.modify_db_parameter_group(
        DBParameterGroupName=app,
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}],
    )
    rds.create_db_instance(
        DBInstanceIdentifier=f"{app}-db", Engine="postgres", EngineVersion="16.10", DBInstanceClass="db.t3.medium",
        AllocatedStorage=100, StorageType="gp3", StorageEncrypted=True, MultiAZ=True, DeletionProtection=True,
        BackupRetentionPeriod=7, EnablePerformanceInsights=True, PubliclyAccessible=False,
        MasterUsername="postgres", MasterUserPassword="long-enough", DBSubnetGroupName=app,
        DBParameterGroupName=app, VpcSecurityGroupIds=[network.groups["database"]],
    )  # fmt: skip
    elasticache = session.client("elasticache")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName=app, CacheSubnetGroupDescription=app, SubnetIds=network.private
    )
    elasticache.create_replication_group(
        ReplicationGroupId=app, ReplicationGroupDescription=app, Engine="redis", EngineVersion="7.0",
        CacheNodeType="cache.t3.medium", NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True,
        AtRestEncryptionEnabled=True, TransitEncryptionEnabled=True, AuthToken="a-token-of-sixteen-letters",
        SnapshotRetentionLimit=7, CacheSubnetGroupName=app, SecurityGroupIds=[network.groups["cache"]],
    )  # fmt: skip
    ecr = session.client("ecr")
    ecr.create_repository(
        repositoryName=app, imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
    )
    ecr.put_lifecycle_policy(repositoryName=app, lifecyclePolicyText=json.dumps({"rules": [EXPIRE]}))


@dataclass
class Edge:
    """The way in."""

    balancer: str
    dns: str
    target_group: str
    certificate: str
    distribution: str


def make_edge(session: Session, app: str, network: Network) -> Edge:
    """Load balancer with certificate and redirect, CDN before it, DNS before that."""
    certificate = session.client("acm").request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    elb = session.client("elbv2")
    (balancer,) = elb.create_load_balancer(
        Name=app, Subnets=network.public, SecurityGroups=[network.groups["balancer"]], Scheme="internet-facing"
    )["LoadBalancers"]
    (group,) = elb.create_target_group(
        Name=app, Protocol="HTTP", Port=3000, VpcId=network.vpc, TargetType="ip", HealthCheckPath="/api/health"
    )["TargetGroups"]
    arn, target_group = balancer["LoadBalancerArn"], group["TargetGroupArn"]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )  # fmt: skip
    elb.create_listener(
        LoadBalancerArn=arn, Protocol="HTTPS", Port=443, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
    )  # fmt: skip
    made = session.client("cloudfront").create_distribution(
        DistributionConfig=_distribution(app, balancer["DNSName"], certificate)
    )["Distribution"]
    zone = session.client("route53").create_hosted_zone(Name="example.com", CallerReference=app)["HostedZone"]["Id"]
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": made["DomainName"], "EvaluateTargetHealth": False}
    session.client("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {"Action": "CREATE", "ResourceRecordSet": {"Name": HOST, "Type": "A", "AliasTarget": alias}},
            ]
        },
    )
    return Edge(arn, balancer["DNSName"].lower(), target_group, certificate, made["Id"])


def _distribution(app: str, origin: str, certificate: str) -> dict[str, Any]:
    return {
        "CallerReference": app,
        "Comment": app,
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [HOST]},
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "app",
                    "DomainName": origin,
                    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "app",
            "ViewerProtocolPolicy": "redirect-to-https",
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
            "MinTTL": 0,
        },
        "ViewerCertificate": {
            "ACMCertificateArn": certificate,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }
