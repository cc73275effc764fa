from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import Alarm, EventRule, Grant, Mfa, Role, Topic, Trail
from tests.unit.doctor.case import CANNOT_TELL, DENIED, GOOD, Case
from tests.unit.doctor.healthy import APP, HEALTHY, TOPIC, WORKER, account, app, arn, facts, task

ROLES: tuple[Role, ...] = HEALTHY.account.roles  # type: ignore[assignment]  # they are known here
CPU, CONNECTIONS = HEALTHY.account.alarms  # type: ignore[misc]  # they are known here


def granted(*actions: str, resource: str = "*", conditional: bool = False) -> Facts:
    """The app's role, allowed this."""
    grant = Grant("wide", actions, (resource,), conditional)
    return account(roles=tuple(replace(each, grants=(grant,)) if each.name == "shop-app" else each for each in ROLES))


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
         account(roles=tuple(replace(each, managed=("AmazonS3FullAccess", "ReadOnlyAccess")) for each in ROLES)),
         "has AmazonS3FullAccess"),
    Case("the role that releases is an administrator", "least-privilege",
         account(roles=(*ROLES[:-1], replace(ROLES[-1], managed=("AdministratorAccess",)))),
         "shop-deploy (role of workflows) has AdministratorAccess"),
    Case("a role is of another account", "least-privilege", app(task=task("app", task_role="arn:aws:iam::2:role/x")),
         "task role of app: arn:aws:iam::2:role/x is not among the roles", CANNOT_TELL),
    Case("roles may not be read", "least-privilege", account(roles=DENIED), "it may not be read", CANNOT_TELL),
    Case("a task has no role", "separate-roles", app(task=task("app", task_role="")), "tasks of app have no role"),
    Case("there is no task", "separate-roles", facts(services=(), migrate=None), "nothing to look at", CANNOT_TELL),
    Case("two services share a role", "separate-roles",
         facts(services=(APP, replace(WORKER, task=task("worker", task_role=arn("app"))))),
         "app and worker share one task role"),
    Case("a task is what starts it", "separate-roles", app(task=task("app", task_role=arn("execution"))),
         "starts tasks and is theirs"),
    Case("the migrate task may not be read", "separate-roles", facts(migrate=DENIED), "app, worker: each", GOOD),
    Case("root has no MFA", "mfa", account(mfa=Mfa(root=False)), "the root user signs in with a password alone"),
    Case("a user has no MFA", "mfa", account(mfa=Mfa(root=True, without=("mona",))), "without MFA: mona"),
    Case("many users have no MFA", "mfa", account(mfa=Mfa(root=True, without=tuple("abcdefg"))),
         "a, b, c, d, e and 2 more"),
    Case("there is no trail", "trail", account(trails=()), "no CloudTrail trail records every region"),
    Case("the trail is stopped", "trail", account(trails=(Trail("t", logging=False),)), "every region: t (stopped)"),
    Case("the trail is of one region", "trail", account(trails=(Trail("t", every_region=False),)), "t (one region)"),
    Case("the trail can be changed unnoticed", "trail", account(trails=(Trail("t", validated=False),)), "unnoticed"),
    Case("GuardDuty is off", "guardduty", account(detectors=()), "GuardDuty does not watch us-east-1"),
    Case("no alarm watches the app", "alarms", account(alarms=(CONNECTIONS,)), "no alarm watches app's CPU"),
    Case("the alarm is of another cluster", "alarms",
         alarm(dimensions={"ClusterName": "other", "ServiceName": "shop-app"}), "no alarm watches app's CPU"),
    Case("no alarm watches the database", "alarms", account(alarms=(CPU,)), "no alarm watches shop-db's connections"),
    Case("an alarm tells nobody", "alarms", alarm(actions=()), "alarm cpu tells nobody"),
    Case("an alarm is silenced", "alarms", alarm(enabled=False), "alarm cpu tells nobody"),
    Case("nobody has confirmed to listen", "alarms", account(topics=(Topic(TOPIC, confirmed=0),)),
         "confirmed to listen"),
    Case("an alarm calls something else", "alarms", alarm(actions=("arn:aws:lambda:f",)), "watches app's CPU", GOOD),
    Case("the worker has an alarm too", "alarms",
         account(alarms=(CPU, CONNECTIONS, Alarm("w", "AWS/ECS", "Memory", {"ServiceName": "shop-worker"}, (TOPIC,)))),
         "no alarm watches worker's CPU"),
    Case("no rule passes findings on", "security-alerts", account(rules=()), "no EventBridge rule"),
    Case("the rule is off", "security-alerts", rule(enabled=False), "rule findings tells nobody"),
    Case("the rule has no target", "security-alerts", rule(targets=()), "rule findings tells nobody"),
    Case("nobody hears the rule", "security-alerts", account(topics=()), "confirmed to listen"),
    Case("the rule calls something else", "security-alerts", rule(targets=("arn:aws:lambda:f",)), "passes findings",
         GOOD),
)  # fmt: skip
