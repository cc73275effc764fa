"""What the stacks cost in a month: quantities by size, times list prices. US dollars, 730 hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

HOURS = 730
"""Hours of a month, as AWS's own calculator counts them."""


@dataclass(frozen=True)
class Query:
    """Where the AWS Price List has a price: service code, usage type without its region's prefix, attributes."""

    service: str
    usage: str
    """A regular expression."""
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Price:
    """One list price."""

    id: str
    usd: float
    per: str
    """The unit, such as ``hour``, ``GB-month`` or ``million``."""
    what: str
    query: Query | None = None
    """``None``: the price list has it by steps or places that this tool does not read."""
    live: bool = False
    """Today's; else that of the price file."""


@dataclass(frozen=True)
class PriceList:
    """The prices of one region."""

    region: str
    as_of: str
    """Date of the file, ISO 8601."""
    prices: Mapping[str, Price]
    notes: tuple[str, ...] = ()
    """What a reader must know: which prices are not today's."""


@dataclass(frozen=True)
class Term:
    """So many units of one price."""

    price: str
    quantity: float


@dataclass(frozen=True)
class Item:
    """One row before it is priced. ``guide`` is what the deployment guide says, where it has the row."""

    name: str
    configuration: str
    terms: tuple[Term, ...]
    guide: float | None = None


@dataclass(frozen=True)
class Row:
    """An item with what it costs in a month."""

    item: Item
    usd: float


@dataclass(frozen=True)
class Estimate:
    """One size: the guide's rows, and apart what the guide leaves out."""

    size: str
    rows: tuple[Row, ...]
    beyond: tuple[Row, ...]
    guide_total: float

    @property
    def total(self) -> float:
        """Sum of the rows that the guide has."""
        return sum(row.usd for row in self.rows)

    @property
    def beyond_total(self) -> float:
        """Sum of the rows that it leaves out."""
        return sum(row.usd for row in self.beyond)

    @property
    def grand_total(self) -> float:
        """Everything that AWS bills."""
        return self.total + self.beyond_total


def price_list(document: Mapping[str, Any]) -> PriceList:
    """The file ``prices.json``."""
    return PriceList(
        region=document["region"],
        as_of=document["as_of"],
        prices={name: _price(name, raw) for name, raw in document["prices"].items()},
    )


def _price(name: str, raw: Mapping[str, Any]) -> Price:
    live = raw["live"]
    query = Query(live["service"], live["usage"], live.get("attributes", {})) if live else None
    return Price(id=name, usd=raw["usd"], per=raw["per"], what=raw["what"], query=query)


def covered(document: Mapping[str, Any]) -> frozenset[str]:
    """CloudFormation types that the file prices or says to be free."""
    priced = (type_ for raw in document["prices"].values() for type_ in raw["resources"])
    return frozenset((*priced, *document["free"]))


def with_today(kept: PriceList, region: str, today: Mapping[str, float]) -> PriceList:
    """The list with today's prices; a note names those that were not found."""
    prices = {
        name: replace(price, usd=today[name], live=True) if name in today else price
        for name, price in kept.prices.items()
    }
    left = [price.id for price in prices.values() if not price.live]
    note = f"still the list prices of {kept.region} on {kept.as_of}: {', '.join(left)}"
    return PriceList(region, kept.as_of, prices, (note,) if left else ())


CHECKS_PER_HOUR = 4
"""How often the state machine that restarts tasks after a rotation is started."""
STEPS_PER_CHECK = 6
"""State transitions of a run that finds nothing to do."""


@dataclass(frozen=True)
class Size:
    """One size. CPU in vCPU, memory and data in GB, per month where it flows."""

    name: str
    app_tasks: int
    app_cpu: float
    app_memory: float
    worker_tasks: int
    worker_cpu: float
    worker_memory: float
    database: str
    cache: str
    guide_cache: str
    """The node that the guide's cost table has; not the one of its setup where they differ."""
    balancer_units: int
    """LCUs on average."""
    served: int
    """Through CloudFront."""
    stored: int
    """In S3."""
    logged: int
    own_metrics: int
    through_nat: int
    flow_logged: int
    between_zones: int
    images: int
    events: float
    """Management events, millions."""
    releases: int


MINIMAL = Size(
    name="minimal", app_tasks=2, app_cpu=0.5, app_memory=1, worker_tasks=1, worker_cpu=0.25, worker_memory=0.5,
    database="db.t3.medium", cache="cache.t3.medium", guide_cache="cache.t3.micro", balancer_units=1, served=100,
    stored=50, logged=10, own_metrics=10, through_nat=50, flow_logged=5, between_zones=50, images=10, events=0.5,
    releases=40,
)  # fmt: skip
SCALED = Size(
    name="scaled", app_tasks=4, app_cpu=1, app_memory=2, worker_tasks=2, worker_cpu=0.5, worker_memory=1,
    database="db.r6g.large", cache="cache.r6g.large", guide_cache="cache.r6g.large", balancer_units=5, served=500,
    stored=200, logged=50, own_metrics=10, through_nat=250, flow_logged=25, between_zones=250, images=20, events=1,
    releases=80,
)  # fmt: skip
SIZES = {size.name: size for size in (MINIMAL, SCALED)}

ZONES = 3
DATABASE_GB = 100
NODES = 2
SECRETS = 5
"""Three with addresses and keys, the token of Redis, and the password that RDS keeps."""
ALARMS = 21
TRACKING_ALARMS = 4
"""Two that Application Auto Scaling makes for each of two policies."""
MIGRATION_HOURS = 0.1
"""Of a task with 0.5 vCPU and 1 GB, per release."""


GUIDE = {
    "minimal": {"app": 30, "worker": 10, "database": 100, "cache": 25, "alb": 20, "cdn": 10, "s3": 2, "watch": 10},
    "scaled": {"app": 120, "worker": 30, "database": 350, "cache": 200, "alb": 50, "cdn": 50, "other": 50},
}
"""What the guide says, dollars a month."""


def guide_total(size: Size) -> float:
    """The guide's last line: about 207, about 850."""
    return float(sum(GUIDE[size.name].values()))


def guide_items(size: Size) -> tuple[Item, ...]:
    """In the guide's order."""
    guide = GUIDE[size.name]
    rows = (
        Item(
            "ECS Fargate, app",
            f"{size.app_tasks} × {size.app_cpu:g} vCPU, {size.app_memory:g} GB",
            fargate(size.app_tasks * HOURS, size.app_cpu, size.app_memory),
            guide["app"],
        ),
        Item(
            "ECS Fargate, worker",
            f"{size.worker_tasks} × {size.worker_cpu:g} vCPU, {size.worker_memory:g} GB",
            fargate(size.worker_tasks * HOURS, size.worker_cpu, size.worker_memory),
            guide["worker"],
        ),
        Item("RDS PostgreSQL", f"{size.database}, Multi-AZ", (Term(size.database, HOURS),), guide["database"]),
        Item(
            "ElastiCache Redis",
            f"{size.guide_cache}, {NODES} nodes",
            (Term(size.guide_cache, NODES * HOURS),),
            guide["cache"],
        ),
        Item(
            "load balancer",
            f"{size.balancer_units} LCU on average",
            (Term("alb", HOURS), Term("alb-lcu", size.balancer_units * HOURS)),
            guide["alb"],
        ),
        Item("CloudFront", f"{size.served} GB", (Term("cloudfront-gb", size.served),), guide["cdn"]),
    )
    return (*rows, *_guide_rest(size))


def _guide_rest(size: Size) -> tuple[Item, ...]:
    """The small ones: the guide has S3 and CloudWatch as two rows for the one size, as one for the other."""
    guide = GUIDE[size.name]
    watching = (Term("logs-gb", size.logged), Term("logs-stored", size.logged), Term("metric", size.own_metrics))
    watched = f"{size.logged} GB of logs, {size.own_metrics} custom metrics"
    if "other" in guide:
        configuration = f"S3 {size.stored} GB; CloudWatch {watched}"
        return (Item("other services", configuration, (Term("s3-gb", size.stored), *watching), guide["other"]),)
    return (
        Item("S3", f"{size.stored} GB", (Term("s3-gb", size.stored),), guide["s3"]),
        Item("CloudWatch", watched, watching, guide["watch"]),
    )


def fargate(hours: float, cpu: float, memory: float) -> tuple[Term, ...]:
    """Tasks that run for so many hours in all."""
    return (Term("fargate-vcpu", hours * cpu), Term("fargate-gb", hours * memory))


def additional_items(size: Size, gateways: int = ZONES) -> tuple[Item, ...]:
    """The largest kinds first. ``gateways``: NAT gateways, one per zone or one in all."""
    return (*_network(size, gateways), *_stores(size), *_watching(size), *_additional_rest(size))


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
        Item("Route 53", "1 zone, 1 million queries that are not for an alias",
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
        Item("KMS", "no customer-managed key", (Term("kms-key", 0),)),
        Item("ECR", f"{size.images} GB of images", (Term("ecr-gb", size.images),)),
        Item("DynamoDB", "ledger: 1 million reads, 0.2 million writes, under 1 GB",
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
        Item("CloudWatch alarms", f"{ALARMS}, and {TRACKING_ALARMS} of autoscaling",
             (Term("alarm", ALARMS + TRACKING_ALARMS),)),
        Item("CloudTrail", f"{size.events:g} million management events (the first trail is free), 1 GB kept",
             (Term("trail-events", size.events), Term("s3-gb", 1))),
        Item("GuardDuty", f"{size.events:g} million events, {size.flow_logged} GB of flow logs and DNS",
             (Term("guardduty-events", size.events), Term("guardduty-gb", size.flow_logged))),
        Item("alerts", "SNS: 1,000 e-mails", (Term("sns-email", 0.001),)),
    )  # fmt: skip


def _additional_rest(size: Size) -> tuple[Item, ...]:
    hours = size.releases * MIGRATION_HOURS
    steps = CHECKS_PER_HOUR * HOURS * STEPS_PER_CHECK
    return (
        Item(
            "migrations", f"{size.releases} releases, {MIGRATION_HOURS * 60:.0f} minutes each", fargate(hours, 0.5, 1)
        ),
        Item(
            "restart after rotation",
            f"Step Functions: checks every {60 // CHECKS_PER_HOUR} minutes, {STEPS_PER_CHECK} steps",
            (Term("state-transition", steps / 1e6),),
        ),
    )


def estimate(size: Size, prices: PriceList, gateways: int = ZONES) -> Estimate:
    """What one size costs in a month. Raises KeyError for a price that the list lacks."""
    return Estimate(
        size=size.name,
        rows=_rows(guide_items(size), prices),
        beyond=_rows(additional_items(size, gateways), prices),
        guide_total=guide_total(size),
    )


def _rows(items: Iterable[Item], prices: PriceList) -> tuple[Row, ...]:
    return tuple(Row(item, sum(prices.prices[term.price].usd * term.quantity for term in item.terms)) for item in items)
