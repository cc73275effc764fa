from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploytool.doctor.facts import Cluster, Facts, LogGroup, Scaling, Target, TargetGroup
from deploytool.ledger.record import MigrationRecord, StepRecord, StepState
from deploytool.release.model import Result, StepName
from tests.unit.doctor.case import CANNOT_TELL, DENIED, GOOD, Case
from tests.unit.doctor.healthy import APP, NOW, RELEASE, WORKER, app, edge, facts, scope, task

SCALING = Scaling("shop-app", 2, 10, policies=("cpu",), scaled=True)
FAILED = StepRecord(StepName.MIGRATE, StepState.FAILED, NOW)


def targets(*found: Target) -> Facts:
    return edge(target_groups=(TargetGroup("targets", "shop", health_path="/health", targets=found),))


def scaling(**changes: Any) -> Facts:
    return facts(scaling=(replace(SCALING, **changes),))


SERVICE_CASES = (
    Case("there is no cluster", "services", facts(cluster=None), "there is no cluster shop in us-east-1"),
    Case("the cluster is inactive", "services", facts(cluster=Cluster("shop", "INACTIVE")), "cluster shop is INACTIVE"),
    Case("containers are not measured", "services", facts(cluster=Cluster("shop", insights=False)),
         "no Container Insights"),
    Case("a service is missing", "services", facts(missing_services=("shop-app",)), "there is no service shop-app"),
    Case("a service wants no tasks", "services", app(desired=0, running=0), "app is ACTIVE, 0 of 0 tasks run"),
    Case("a task is missing", "services", app(running=1), "1 of 2 tasks run"),
    Case("a service is draining", "services", app(status="DRAINING"), "app is DRAINING"),
    Case("a service has no breaker", "services", app(breaker=False), "a crashing version loops for ever"),
    Case("images run by tag", "services", app(task=task("app", images=(("app", "shop:latest"),))), "by tag: app"),
    Case("services may not be read", "services", facts(services=DENIED), "it may not be read", CANNOT_TELL),
    Case("a container says its words to nobody", "log-groups", app(task=task("app", silent=("app",))), "kept nowhere"),
    Case("a log group is missing", "log-groups", facts(log_groups=(LogGroup("/x", exists=False),)),
         "/x does not exist"),
    Case("logs are kept for ever", "log-groups", facts(log_groups=(LogGroup("/x", retention=None),)), "for ever"),
    Case("a target does not answer", "health", targets(Target("10.0.1.7", "unhealthy", "502")),
         "1 of 1 targets do not answer /health: 10.0.1.7 (502)"),
    Case("a target begins", "health", targets(Target("10.0.1.7", "healthy"), Target("10.0.1.8", "initial")),
         "1 of 2 targets do not answer /health: 10.0.1.8 (initial)"),
    Case("the only target drains", "health", targets(Target("10.0.1.7", "draining")), "has no target"),
    Case("a task says that it is ill", "health", app(health=("HEALTHY", "UNHEALTHY")),
         "1 of 2 tasks say that they are not"),
    Case("tasks may not be read", "health", app(health=DENIED), "it may not be read", CANNOT_TELL),
    Case("a worker is asked by nobody", "health",
         facts(services=(APP, replace(WORKER, task=task("worker", unchecked=("worker",)), health=("UNKNOWN",)))),
         "nothing asks worker whether it still works", CANNOT_TELL),
    Case("a service runs no task", "health", app(health=()), "shop: 1 of 1 targets", GOOD),
    Case("the app does not scale", "scaling", facts(scaling=()), "app does not scale"),
    Case("the worker does not scale and need not", "scaling", facts(services=(WORKER,), scaling=()),
         "nothing to look at", CANNOT_TELL),
    Case("there is no scaling policy", "scaling", scaling(policies=()), "app cannot scale: 2 to 10 tasks, 0 policies"),
    Case("scaling is suspended", "scaling", scaling(suspended=True), "1 policies, suspended"),
    Case("there is no room to scale", "scaling", scaling(maximum=2), "2 to 2 tasks"),
    Case("it has never scaled", "scaling", scaling(scaled=False), "has not scaled in the six weeks", CANNOT_TELL),
    Case("nothing was ever released", "pipeline", facts(releases=()), "no workflow has released to production yet"),
    Case("it was released by hand alone", "pipeline", facts(releases=(replace(RELEASE, run_url=""),)),
         "20261123-1 was released by hand"),
    Case("the workflow's release failed", "pipeline", facts(releases=(replace(RELEASE, result=Result.ROLLED_BACK),)),
         "no workflow has released"),
    Case("there is no ledger", "pipeline", facts(releases=DENIED), "it may not be read", CANNOT_TELL),
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
         CANNOT_TELL),
    Case("there is no seed task", "seed-data", facts(), "no API looks into a database", CANNOT_TELL),
)  # fmt: skip
