"""The rows of the guide's two cost tables: the same items, with the same quantities."""

from __future__ import annotations

from deploytool.core.cost.model import HOURS, Item, Term
from deploytool.core.cost.sizes import NODES, Size

GUIDE = {
    "minimal": {"app": 30, "worker": 10, "database": 100, "cache": 25, "alb": 20, "cdn": 10, "s3": 2, "watch": 10},
    "scaled": {"app": 120, "worker": 30, "database": 350, "cache": 200, "alb": 50, "cdn": 50, "other": 50},
}
"""What the guide says, dollars a month."""


def guide_total(size: Size) -> float:
    """The guide's last line: about 207, about 850."""
    return float(sum(GUIDE[size.name].values()))


def guide_rows(size: Size) -> tuple[Item, ...]:
    """In the guide's order."""
    told = GUIDE[size.name]
    rows = (
        Item(
            "ECS Fargate, app",
            f"{size.app_tasks} × {size.app_cpu:g} vCPU, {size.app_memory:g} GB",
            fargate(size.app_tasks * HOURS, size.app_cpu, size.app_memory),
            told["app"],
        ),
        Item(
            "ECS Fargate, worker",
            f"{size.worker_tasks} × {size.worker_cpu:g} vCPU, {size.worker_memory:g} GB",
            fargate(size.worker_tasks * HOURS, size.worker_cpu, size.worker_memory),
            told["worker"],
        ),
        Item("RDS PostgreSQL", f"{size.database}, Multi-AZ", (Term(size.database, HOURS),), told["database"]),
        Item(
            "ElastiCache Redis",
            f"{size.guide_cache}, {NODES} nodes",
            (Term(size.guide_cache, NODES * HOURS),),
            told["cache"],
        ),
        Item(
            "load balancer",
            f"{size.balancer_units} LCU on average",
            (Term("alb", HOURS), Term("alb-lcu", size.balancer_units * HOURS)),
            told["alb"],
        ),
        Item("CloudFront", f"{size.served} GB", (Term("cloudfront-gb", size.served),), told["cdn"]),
    )
    return (*rows, *_rest(size))


def _rest(size: Size) -> tuple[Item, ...]:
    """The small ones: the guide has S3 and CloudWatch as two rows for the one size, as one for the other."""
    told = GUIDE[size.name]
    watching = (Term("logs-gb", size.logged), Term("logs-stored", size.logged), Term("metric", size.own_metrics))
    watched = f"{size.logged} GB of logs, {size.own_metrics} metrics of the app's own"
    if "other" in told:
        configuration = f"S3 {size.stored} GB; CloudWatch {watched}"
        return (Item("other services", configuration, (Term("s3-gb", size.stored), *watching), told["other"]),)
    return (
        Item("S3", f"{size.stored} GB", (Term("s3-gb", size.stored),), told["s3"]),
        Item("CloudWatch", watched, watching, told["watch"]),
    )


def fargate(hours: float, cpu: float, memory: float) -> tuple[Term, ...]:
    """Tasks that run for so many hours in all."""
    return (Term("fargate-vcpu", hours * cpu), Term("fargate-gb", hours * memory))
