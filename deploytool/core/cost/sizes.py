"""How large the two sizes are, and how much they are taken to be used.

Tasks, CPU, memory and classes are those of the templates; a test compares them. How much is served, stored and logged
is the guide's where it says so, and else an assumption, written in each row.
"""

from __future__ import annotations

from dataclasses import dataclass

LOOKS_AN_HOUR = 4
"""How often the state machine that restarts tasks after a rotation is started."""
STEPS_OF_A_LOOK = 6
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
ALARMS = 14
MIGRATION_HOURS = 0.1
"""Of a task with 0.5 vCPU and 1 GB, per release."""
