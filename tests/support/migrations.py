"""Whether two migrate tasks ever ran at once, by ECS's own times."""

from __future__ import annotations

from itertools import pairwise

from tests.support.account import CLUSTER, Account


def overlapping(account: Account) -> str:
    """The two that did, in words; empty where none of those that ECS still lists did."""
    ecs = account.client("ecs")
    arns: list[str] = []
    for state in ("RUNNING", "STOPPED"):
        listed = ecs.list_tasks(cluster=CLUSTER, family=f"{CLUSTER}-migrate", desiredStatus=state)
        arns.extend(listed["taskArns"])
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns[-100:])["tasks"] if arns else []
    tasks.sort(key=lambda task: task["createdAt"])
    for earlier, later in pairwise(tasks):
        if "stoppedAt" not in earlier or earlier["stoppedAt"] > later["createdAt"]:
            return f"migrate task {later['taskArn']} began before {earlier['taskArn']} had stopped"
    return ""
