from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import Alarm, EventRule, Grant, Mfa, Role, Topic, Trail
from tests.unit.doctor.case import DENIED, GOOD, UNKNOWN, Case
from tests.unit.doctor.healthy import APP, HEALTHY, TOPIC, WORKER, account, app, arn, facts, task

ROLES: tuple[Role, ...] = HEALTHY.account.roles  # type: ignore[assignment]  # they are known here
CPU, CONNECTIONS = HEALTHY.account.alarms  # type: ignore[misc]  # they are known here


def granted(*actions: str, resource: str = "*", conditional: bool = False) -> Facts:
    """The app's role, allowed this."""
    grant = Grant("wide", actions, (resource,), conditional)
    return account(roles=tuple(replace(item, grants=(grant,)) if item.name == "shop-app" else item for item in ROLES))


def alarm(**changes: Any) -> Facts:
    return account(alarms=(replace(CPU, **changes), CONNECTIONS))


def rule(**changes: Any) -> Facts:
    return account(rules=(replace(EventRule("findings", ("aws.guardduty",), targets=(TOPIC,)), **changes),))


ACCOUNT_CASES = (
    Case("a task may do everything", "least-privilege", granted("*"), "may do everything by policy wide"),
    Case("a task may do all of one service", "least-privilege", granted("s3:*"), "may do s3:* on every resource"),
    Case("a task may do all of one service on one thing", "least-privilege", granted("s3:*", resource="bucket"),
         "limited list", GOOD),
    Case("a task may do everything under a condition", "least-privilege", granted("*", "s3:*", conditional=True),
         "limited list", GOOD),
    Case("a task has a policy of full access", "least-privilege",
         account(roles=tuple(replace(item, managed=("AmazonS3FullAccess", "ReadOnlyAccess")) for item in ROLES)),
         "has AmazonS3FullAccess"),
    Case("the role that releases is an administrator", "least-privilege",
         account(roles=(*ROLES[:-1], replace(ROLES[-1], managed=("AdministratorAccess",)))),
         "shop-deploy (role of workflows) has AdministratorAccess"),
    Case("a role is of another account", "least-privilege", app(task=task("app", task_role="arn:aws:iam::2:role/x")),
         "task role of app: arn:aws:iam::2:role/x is not a role", UNKNOWN),
    Case("roles may not be read", "least-privilege", account(roles=DENIED), "access denied", UNKNOWN),
    Case("a task has no role", "separate-roles", app(task=task("app", task_role="")), "tasks of app have no task role"),
    Case("there is no task", "separate-roles", facts(services=(), migrate=None), "nothing to check", UNKNOWN),
    Case("two services share a role", "separate-roles",
         facts(services=(APP, replace(WORKER, task=task("worker", task_role=arn("app"))))),
         "app and worker share a task role"),
    Case("a task is what starts it", "separate-roles", app(task=task("app", task_role=arn("execution"))),
         "is both task role and execution role"),
    Case("the migrate task may not be read", "separate-roles", facts(migrate=DENIED), "app, worker: each", GOOD),
    Case("root has no MFA", "mfa", account(mfa=Mfa(root=False)), "the root user has no MFA"),
    Case("a user has no MFA", "mfa", account(mfa=Mfa(root=True, without=("mona",))), "without MFA: mona"),
    Case("many users have no MFA", "mfa", account(mfa=Mfa(root=True, without=tuple("abcdefg"))),
         "a, b, c, d, e and 2 more"),
    Case("there is no trail", "trail", account(trails=()), "no CloudTrail trail records every region"),
    Case("the trail is stopped", "trail", account(trails=(Trail("t", logging=False),)), "every region: t (stopped)"),
    Case("the trail is of one region", "trail", account(trails=(Trail("t", every_region=False),)), "t (one region)"),
    Case("the trail is not validated", "trail", account(trails=(Trail("t", validated=False),)),
         "without log file validation"),
    Case("GuardDuty is off", "guardduty", account(detectors=()), "GuardDuty is off in us-east-1"),
    Case("no alarm watches the app", "alarms", account(alarms=(CONNECTIONS,)), "no alarm for the CPU of app"),
    Case("the alarm is of another cluster", "alarms",
         alarm(dimensions={"ClusterName": "other", "ServiceName": "shop-app"}), "no alarm for the CPU of app"),
    Case("no alarm watches the database", "alarms", account(alarms=(CPU,)), "no alarm for the connections of shop-db"),
    Case("an alarm has no action", "alarms", alarm(actions=()), "alarm cpu has no enabled action"),
    Case("an alarm is silenced", "alarms", alarm(enabled=False), "alarm cpu has no enabled action"),
    Case("no subscription is confirmed", "alarms", account(topics=(Topic(TOPIC, confirmed=0),)),
         "no confirmed subscription"),
    Case("an alarm calls something else", "alarms", alarm(actions=("arn:aws:lambda:f",)), "watches the CPU", GOOD),
    Case("the worker has an alarm too", "alarms",
         account(alarms=(CPU, CONNECTIONS, Alarm("w", "AWS/ECS", "Memory", {"ServiceName": "shop-worker"}, (TOPIC,)))),
         "no alarm for the CPU of worker"),
    Case("no rule forwards findings", "security-alerts", account(rules=()), "no EventBridge rule"),
    Case("the rule is off", "security-alerts", rule(enabled=False), "rule findings is disabled or has no target"),
    Case("the rule has no target", "security-alerts", rule(targets=()), "rule findings is disabled or has no target"),
    Case("no subscription of the rule's topic is confirmed", "security-alerts", account(topics=()),
         "no confirmed subscription"),
    Case("the rule calls something else", "security-alerts", rule(targets=("arn:aws:lambda:f",)), "forwards findings",
         GOOD),
)  # fmt: skip
