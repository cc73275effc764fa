"""What the guide's cost tables leave out, though its architecture has it."""

from __future__ import annotations

from deploytool.core.cost.guide_rows import fargate
from deploytool.core.cost.model import HOURS, Item, Term
from deploytool.core.cost.sizes import (
    ALARMS,
    DATABASE_GB,
    LOOKS_AN_HOUR,
    MIGRATION_HOURS,
    NODES,
    SECRETS,
    STEPS_OF_A_LOOK,
    ZONES,
    Size,
)


def beyond_rows(size: Size, gateways: int = ZONES) -> tuple[Item, ...]:
    """The largest kinds first. ``gateways``: NAT gateways, one per zone or one in all."""
    return (*_network(size, gateways), *_stores(size), *_watching(size), *_rest(size))


def _network(size: Size, gateways: int) -> tuple[Item, ...]:
    addresses = gateways + ZONES
    return (
        Item("NAT gateways", f"{gateways}, one per zone" if gateways > 1 else "one for all zones",
             (Term("nat", gateways * HOURS),)),
        Item("NAT gateways: data", f"{size.through_nat} GB through them and out",
             (Term("nat-gb", size.through_nat), Term("transfer-out", size.through_nat))),
        Item("public IPv4 addresses", f"{addresses}: {gateways} of NAT gateways, {ZONES} of the load balancer",
             (Term("public-ipv4", addresses * HOURS),)),
        Item("data between zones", f"{size.between_zones} GB, charged on both sides",
             (Term("transfer-zone", 2 * size.between_zones),)),
        Item("VPC flow logs", f"{size.flow_logged} GB, kept for a month",
             (Term("flow-log-gb", size.flow_logged), Term("logs-stored", size.flow_logged))),
        Item("Route 53", "1 zone, a million queries that are not for an alias",
             (Term("zone", 1), Term("dns-queries", 1))),
    )  # fmt: skip


def _stores(size: Size) -> tuple[Item, ...]:
    return (
        *_larger_node(size),
        Item("RDS storage", f"{DATABASE_GB} GB gp3, Multi-AZ; grows to 500 GB", (Term("rds-storage", DATABASE_GB),)),
        Item("RDS backups", f"7 days, {DATABASE_GB // 2} GB beyond the free {DATABASE_GB} GB",
             (Term("rds-backup", DATABASE_GB / 2),)),
        Item("ElastiCache snapshots", "7, of which one is free; 2 GB each", (Term("cache-backup", 12),)),
        Item("Secrets Manager", f"{SECRETS} secrets", (Term("secret", SECRETS),)),
        Item("KMS", "no key of one's own: the stacks use AWS's", (Term("kms-key", 0),)),
        Item("ECR", f"{size.images} GB of images", (Term("ecr-gb", size.images),)),
        Item("DynamoDB", "the ledger: a million reads, 0.2 million writes, under 1 GB",
             (Term("dynamodb-read", 1), Term("dynamodb-write", 0.2), Term("dynamodb-pitr", 1))),
    )  # fmt: skip


def _larger_node(size: Size) -> tuple[Item, ...]:
    if size.cache == size.guide_cache:
        return ()
    return (
        Item(
            "ElastiCache: larger node",
            f"{size.cache} as in the guide's setup, not {size.guide_cache} as in its table",
            (Term(size.cache, NODES * HOURS), Term(size.guide_cache, -NODES * HOURS)),
        ),
    )


def _watching(size: Size) -> tuple[Item, ...]:
    # Per cluster 7, per service 11, per family of task definitions 6: an example of CloudWatch's page of prices.
    insights = 7 + 2 * 11 + 3 * 6
    return (
        Item("Container Insights", f"{insights} metrics of cluster, services, families", (Term("metric", insights),)),
        Item("CloudWatch alarms", f"{ALARMS}", (Term("alarm", ALARMS),)),
        Item("CloudTrail", f"{size.events:g} million management events (the first trail is free), 1 GB kept",
             (Term("trail-events", size.events), Term("s3-gb", 1))),
        Item("GuardDuty", f"{size.events:g} million events, {size.flow_logged} GB of flow logs and DNS",
             (Term("guardduty-events", size.events), Term("guardduty-gb", size.flow_logged))),
        Item("alerts", "SNS: a thousand e-mails", (Term("sns-email", 0.001),)),
    )  # fmt: skip


def _rest(size: Size) -> tuple[Item, ...]:
    hours = size.releases * MIGRATION_HOURS
    steps = LOOKS_AN_HOUR * HOURS * STEPS_OF_A_LOOK
    return (
        Item(
            "migrations", f"{size.releases} releases, {MIGRATION_HOURS * 60:.0f} minutes each", fargate(hours, 0.5, 1)
        ),
        Item(
            "restart after rotation",
            f"Step Functions: looks every {60 // LOOKS_AN_HOUR} minutes, {STEPS_OF_A_LOOK} steps",
            (Term("state-transition", steps / 1e6),),
        ),
    )
