from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploytool.doctor.facts import Cluster, Facts, LogGroup, Scaling, Target, TargetGroup
from deploytool.ledger.record import MigrationRecord, StepRecord, StepState
from deploytool.release.model import Result, StepName
from tests.unit.doctor.case import DENIED, GOOD, UNKNOWN, Case
from tests.unit.doctor.healthy import APP, NOW, RELEASE, WORKER, app, edge, facts, scope, task

SCALING = Scaling("shop-app", 2, 10, policies=("cpu",), scaled=True)
FAILED = StepRecord(StepName.MIGRATE, StepState.FAILED, NOW)


def targets(*members: Target) -> Facts:
    return edge(target_groups=(TargetGroup("targets", "shop", health_path="/health", targets=members),))


def scaling(**changes: Any) -> Facts:
    return facts(scaling=(replace(SCALING, **changes),))


SERVICE_CASES = (
    Case("there is no cluster", "services", facts(cluster=None), "cluster shop does not exist in us-east-1"),
    Case("the cluster is inactive", "services", facts(cluster=Cluster("shop", "INACTIVE")), "cluster shop is INACTIVE"),
    Case("containers are not measured", "services", facts(cluster=Cluster("shop", insights=False)),
         "no Container Insights"),
    Case("a service is missing", "services", facts(missing_services=("shop-app",)), "service shop-app does not exist"),
    Case("a service wants no tasks", "services", app(desired=0, running=0), "app: ACTIVE, 0 of 0 tasks running"),
    Case("a task is missing", "services", app(running=1), "1 of 2 tasks running"),
    Case("a service is draining", "services", app(status="DRAINING"), "app: DRAINING"),
    Case("a service has no breaker", "services", app(breaker=False), "app: no circuit breaker with rollback"),
    Case("images run by tag", "services", app(task=task("app", images=(("app", "shop:latest"),))), "by tag: app"),
    Case("services may not be read", "services", facts(services=DENIED), "access denied", UNKNOWN),
    Case("a container has no logs", "log-groups", app(task=task("app", silent=("app",))), "app has no logs of app"),
    Case("a log group is missing", "log-groups", facts(log_groups=(LogGroup("/x", exists=False),)),
         "/x does not exist"),
    Case("logs never expire", "log-groups", facts(log_groups=(LogGroup("/x", retention=None),)), "never expires"),
    Case("a target is unhealthy", "health", targets(Target("10.0.1.7", "unhealthy", "502")),
         "1 of 1 targets are not healthy at /health: 10.0.1.7 (502)"),
    Case("a target is initializing", "health", targets(Target("10.0.1.7", "healthy"), Target("10.0.1.8", "initial")),
         "1 of 2 targets are not healthy at /health: 10.0.1.8 (initial)"),
    Case("the only target drains", "health", targets(Target("10.0.1.7", "draining")), "has no target"),
    Case("a task is unhealthy", "health", app(health=("HEALTHY", "UNHEALTHY")),
         "1 of 2 tasks are unhealthy"),
    Case("tasks may not be read", "health", app(health=DENIED), "access denied", UNKNOWN),
    Case("a worker has no health check", "health",
         facts(services=(APP, replace(WORKER, task=task("worker", unchecked=("worker",)), health=("UNKNOWN",)))),
         "worker has no health check", UNKNOWN),
    Case("a service runs no task", "health", app(health=()), "shop: 1 of 1 targets", GOOD),
    Case("the app does not scale", "scaling", facts(scaling=()), "app does not scale"),
    Case("the worker does not scale and need not", "scaling", facts(services=(WORKER,), scaling=()),
         "nothing to check", UNKNOWN),
    Case("there is no scaling policy", "scaling", scaling(policies=()), "app cannot scale: 2 to 10 tasks, 0 policies"),
    Case("scaling is suspended", "scaling", scaling(suspended=True), "1 policies, suspended"),
    Case("there is no room to scale", "scaling", scaling(maximum=2), "2 to 2 tasks"),
    Case("it has never scaled", "scaling", scaling(scaled=False), "has not scaled in the six weeks", UNKNOWN),
    Case("nothing was ever released", "pipeline", facts(releases=()), "no workflow has released to production yet"),
    Case("it was released by hand only", "pipeline", facts(releases=(replace(RELEASE, run_url=""),)),
         "20261123-1 was released by hand"),
    Case("the workflow's release failed", "pipeline", facts(releases=(replace(RELEASE, result=Result.ROLLED_BACK),)),
         "no workflow has released"),
    Case("there is no ledger", "pipeline", facts(releases=DENIED), "access denied", UNKNOWN),
    Case("there is no migration", "migrations", scope(migrate=""), "deploytool.yml has no migration", GOOD),
    Case("the migrate task is missing", "migrations", facts(migrate=None),
         "shop-migrate of the migration does not exist"),
    Case("no migration ever ran", "migrations", facts(releases=(replace(RELEASE, migration=MigrationRecord()),)),
         "no release to production has run the migration"),
    Case("the last migration failed", "migrations", facts(releases=(replace(RELEASE, steps=(FAILED,)), RELEASE)),
         "the migration of release 20261123-1 failed"),
    Case("the last migration was cut short", "migrations", facts(releases=(replace(RELEASE, steps=()),)),
         "did not end"),
    Case("there is a seed task", "seed-data", facts(seeds=("shop-seed",)), "there is a seed task (shop-seed)",
         UNKNOWN),
    Case("there is no seed task", "seed-data", facts(), "is named after seeding", UNKNOWN),
)  # fmt: skip
