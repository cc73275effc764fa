"""MiniStack's ECS with corrections: it shows what ECS is known to show, see ``tests/evidence``.

Loaded by ``ministack_server.py`` in MiniStack's environment, where nothing of ours can be imported. Minutes of a bake
and of a pause are seconds here. A stage that shifts traffic takes a moment, and shifts none.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from datetime import datetime
from typing import Any

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, json_response, new_uuid
from ministack.services import cloudwatch, ecs

TICK = 0.2
"""Seconds in which a deployment is looked at again, and for which it shows a desired count of 0."""
STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
"""``lifecycleStage``. The first is passed only where two deployments are in progress, the seventh only with a hook."""
BEFORE_TASKS = STAGES[:2]
UNHOOKED = frozenset(STAGES) - {"RECONCILE_SERVICE", "PRE_PRODUCTION_TRAFFIC_SHIFT"}
OVER = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
ROLLED_BACK = "Service deployment rolled back because "
BREAKER = "the circuit breaker threshold was exceeded."
PAUSE_MINUTES = 1440
NOT_THEIRS = "has begun draining connections on 1 tasks."
"""What MiniStack says of every update."""

Json = dict[str, Any]
Answer = Any
"""Status, headers and body."""


# Services and their deployments


def lock(service: Json) -> Any:
    """Held for a moment, to read or change what a service shows."""
    return resource_lock("ecs-service", key_of(service))


_schedulers: dict[str, threading.RLock] = {}


def scheduler(service: Json) -> threading.RLock:
    """Held while tasks are started or stopped, so that no other deployment becomes PRIMARY. Taken before ``lock``."""
    return _schedulers.setdefault(service["serviceArn"], threading.RLock())


def key_of(service: Json) -> str:
    return "/".join(service["serviceArn"].split("/")[-2:])


def cluster_of(service: Json) -> str:
    return str(service["serviceArn"].split("/")[-2])


def service_at(cluster: str, name: str) -> Json | None:
    service: Json | None = ecs._services.get(f"{cluster}/{name.rpartition('/')[2]}")
    return service


def say(service: Json, text: str, about: str = "") -> None:
    """An event."""
    message = f"(service {service['serviceName']}{about}) {text}"
    event = {"id": new_uuid(), "createdAt": time.time(), "message": message}
    service["events"] = [event, *(each for each in service["events"] if NOT_THEIRS not in each["message"])][:100]


def tasks_of(service: Json, deployment: Json) -> list[Json]:
    """Those of one deployment that have not stopped."""
    return [
        task
        for task in list(ecs._tasks.values())
        if task.get("_deployment_id") == deployment["id"]
        and task.get("clusterArn") == service["clusterArn"]
        and task.get("lastStatus") in ecs._PRE_STOP_STATUSES
    ]


def names(tasks: list[Json]) -> str:
    return " ".join(f"(task {task['taskArn'].rpartition('/')[2]})" for task in tasks)


_make_deployment = ecs._make_deployment


def make_deployment(task_definition: str, desired: int, status: str = "PRIMARY") -> Json:
    """In progress from the beginning; its own count is 0, and no task is started, until the update was answered."""
    made: Json = _make_deployment(task_definition, desired, status)
    ident = f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"
    return {
        **made,
        "id": ident,
        "desiredCount": 0,
        "createdAt": time.time(),
        "updatedAt": time.time(),
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {ident} in progress.",
        "_held": True,
    }


_create_service, _update_service, _describe_services = ecs._create_service, ecs._update_service, ecs._describe_services


def create_service(data: Json) -> Answer:
    return begun(data, "", _create_service(data))


def update_service(data: Json) -> Answer:
    cluster, name = ecs._resolve_cluster_name(data.get("cluster")), str(data.get("service", ""))
    service = service_at(cluster, name)
    before = ecs._primary_deployment(service)["id"] if service else ""
    return begun({**data, "serviceName": name}, before, _update_service(data))


def begun(data: Json, before: str, answer: Answer) -> Answer:
    """The answer of an update, after which a new deployment is attended to."""
    service = service_at(ecs._resolve_cluster_name(data.get("cluster")), str(data.get("serviceName", "")))
    if answer[0] >= 400 or service is None:
        return answer
    primary = ecs._primary_deployment(service)
    if primary["id"] == before:
        return json_response({"service": shown(service)})
    with lock(service):
        primary |= {"desiredCount": 0, "rolloutStateReason": f"ECS deployment {primary['id']} in progress."}
        record_of(service, primary)
    updated = json_response({"service": shown(service)})
    attend(service, primary)
    return updated


def describe_services(data: Json) -> Answer:
    status, headers, body = _describe_services(data)
    if status >= 400:
        return status, headers, body
    payload = json.loads(body)
    for index, described in enumerate(payload["services"]):
        service = ecs._services.get(key_of(described))
        payload["services"][index] = {**shown(service), "tags": described.get("tags", [])} if service else described
    return json_response(payload)


def shown(service: Json) -> Json:
    """A service as DescribeServices shows it, at one moment."""
    with lock(service):
        records = service.get("_records") or []
        view: Json = ecs._sanitize(
            {**service, "events": [each for each in service["events"] if NOT_THEIRS not in each["message"]]}
        )
    return {**view, "currentServiceDeployment": arn_of(service, records[-1])} if records else view


_run_task = ecs._run_task


def run_task(data: Json) -> Answer:
    """A service's task is started by its deployment, and has no stop code before it stops."""
    deployment = data.get("_deploymentId")
    answer: Answer = _run_task({**data, "startedBy": deployment} if deployment else data)
    if answer[0] >= 400:
        return answer
    payload = json.loads(answer[2])
    for task in payload["tasks"]:
        task.pop("stopCode", None)
        kept = ecs._tasks[task["taskArn"]]
        kept["stopCode"] = kept["stopCode"] or None
    service = service_at(str(data["cluster"]), str(data["group"]).partition(":")[2]) if deployment else None
    if service and payload["tasks"]:
        say(service, f"has started {len(payload['tasks'])} tasks: {names(payload['tasks'])}.")
    return json_response(payload)


_reconcile = ecs._reconcile_service_tasks


def reconcile(cluster: str, key: str) -> None:
    """No task before the update is answered, or before SCALE_UP; and a deployment that failed for good changes none."""
    service = ecs._services.get(key)
    if service is None:
        return
    with scheduler(service):
        primary = ecs._primary_deployment(service)
        failed = primary["rolloutState"] == "FAILED"
        if service["desiredCount"] and (primary.get("_held") or stage_of(primary) in BEFORE_TASKS or failed):
            ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
        else:
            _reconcile(cluster, key)


def stop_task(data: Json) -> Answer:
    """The scheduler stops a task, unless it is protected; a person's StopTask does not come here."""
    task = ecs._resolve_task(data["task"], data["cluster"])
    service = service_at(data["cluster"], str(task.get("group", "")).partition(":")[2]) if task else None
    if task is None or service is None:
        return json_response({})
    if is_protected(task) and data.get("reason") != "Service deleted":
        return json_response({"task": ecs._sanitize(task)})
    primary = ecs._primary_deployment(service)
    was_running = task.get("lastStatus") == "RUNNING"
    reason = f"Scaling activity initiated by (deployment {primary['id']})" if primary else data.get("reason", "")
    if ecs._mark_task_stopped(task["taskArn"], task, reason, "ServiceSchedulerInitiated", exit_code=0):
        say(service, f"has stopped 1 running tasks: {names([task])}." if was_running else "stopped 1 pending tasks.")
    ecs._cleanup_task_resources(task, ecs._get_docker())
    return json_response({"task": ecs._sanitize(task)})


# How a deployment ends


def record_failure(task: Json, digest_resolution_failed: bool = False) -> None:
    """A task failed. One whose image has no digest fails to start, and counts then."""
    group, cluster = str(task.get("group", "")), ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    service = service_at(cluster, group.partition(":")[2]) if group.startswith("service:") else None
    if digest_resolution_failed or service is None or service["status"] != "ACTIVE":
        return
    if task.get("stopCode") == "TaskFailedToStart":
        say(service, f"was unable to place a task. Reason: {task.get('stoppedReason', '')}.")
    with scheduler(service), lock(service):
        primary, deployment = ecs._primary_deployment(service), ecs._deployment_for_task(service, task)
        counts = deployment is not None and deployment is primary and deployment["rolloutState"] == "IN_PROGRESS"
        if counts:
            deployment["failedTasks"] += 1
            record = record_of(service, deployment)
            record["failures"], record["updatedAt"] = deployment["failedTasks"], time.time()
        breaker = breaker_of(service)
        trips = (
            counts and breaker.get("enable") and deployment["failedTasks"] >= ecs._circuit_breaker_threshold(service)
        )
        if trips:
            give_up(service, deployment, "tasks failed to start", BREAKER, bool(breaker.get("rollback")))
            deployment["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
            record["breaker"] = "TRIGGERED"
            back = ecs._primary_deployment(service)
            if back is not deployment:
                reason = f"ECS deployment circuit breaker: rolling back to deploymentId {back['id']}."
                back["rolloutStateReason"] = reason
    if trips:
        go_on(service)
    elif deployment is primary:
        ecs._reconcile_service_tasks(cluster, key_of(service))


def breaker_of(service: Json) -> Json:
    return (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}


def give_up(service: Json, deployment: Json, event: str, why: str, rollback: bool, status: str = "") -> None:
    """``deployment`` is FAILED. With ``rollback`` the newest listed one that is COMPLETED is PRIMARY again, by its id.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    now, record = time.time(), record_of(service, deployment)
    deployment |= {"rolloutState": "FAILED", "rolloutStateReason": "", "desiredCount": 0, "updatedAt": now}
    deployment["_stages"] = []
    pending = sum(task["lastStatus"] != "RUNNING" for task in tasks_of(service, deployment))
    if pending:
        say(service, f"stopped {pending} pending tasks.")
    if event:
        say_of(service, deployment, f"failed: {event}.")
    record |= {"updatedAt": now, "hooks": []}
    back = next((each for each in service["deployments"] if each["rolloutState"] == "COMPLETED"), None)
    if not rollback or back is None:
        record |= {"finishedAt": now, "status": "ROLLBACK_FAILED" if rollback else "STOPPED"}
        record["reason"] = "No rollback candidate was found to run the rollback." if rollback else ""
        record["stoppedAt"] = None if rollback else now
        return
    record |= {
        "status": status or "ROLLBACK_IN_PROGRESS",
        "reason": ROLLED_BACK + why,
        "back": back["id"],
        "rolledAt": now,
    }
    deployment["status"] = "ACTIVE"
    back |= {"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "rolloutStateReason": "", "updatedAt": now}
    back["desiredCount"] = service["desiredCount"]
    service["deployments"] = [back, *(each for each in service["deployments"] if each is not back)]
    service["taskDefinition"] = back["taskDefinition"]
    say(service, f"rolling back to deployment {back['id']}.")


def say_of(service: Json, deployment: Json, text: str) -> None:
    say(service, f"(deployment {deployment['id']}) deployment {text}")


def go_on(service: Json) -> None:
    """Start what is missing, and complete the PRIMARY deployment once it is steady."""
    cluster, key = cluster_of(service), key_of(service)
    ecs._reconcile_service_tasks(cluster, key)
    ecs._schedule_service_deployment_completion(cluster, key, get_account_id(), get_region())
    primary = ecs._primary_deployment(service)
    if primary["rolloutState"] == "IN_PROGRESS":
        attend(service, primary)


def complete(cluster: str, key: str, expected_deployment_id: str | None = None) -> None:
    """The old tasks drain once all new ones are steady; then the deployment is COMPLETED, and the only one listed."""
    service = ecs._services.get(key)
    if not service or service.get("status") != "ACTIVE":
        return
    with lock(service):
        primary = ecs._primary_deployment(service)
        if not is_steady(service, primary, expected_deployment_id) or primary.get("_draining"):
            return
        primary["_draining"] = True
        old = [each for each in service["deployments"] if each is not primary]
        for each in old:
            each["desiredCount"] = 0
        left = [task for each in service["deployments"] if each is not primary for task in tasks_of(service, each)]
    for task in left:
        ecs._stop_task({"task": task["taskArn"], "cluster": cluster, "reason": "Deployment completed"})
    primary["_draining"] = False
    with lock(service):
        protected = {each["id"]: len(tasks_of(service, each)) for each in old if tasks_of(service, each)}
        for ident, count in protected.items():
            if primary.get("_protected") != protected:
                say(
                    service,
                    f"was unable to scale in due to (reason {count} tasks under protection)",
                    f", taskSet {ident}",
                )
        primary["_protected"] = protected
        if protected or not is_steady(service, primary, primary["id"]):
            return
        now, reason = time.time(), f"ECS deployment {primary['id']} completed."
        primary |= {"rolloutState": "COMPLETED", "rolloutStateReason": reason, "updatedAt": now}
        service["deployments"] = [primary]
        say_of(service, primary, "completed.")
        say(service, "has reached a steady state.")
        for record in service.get("_records") or []:
            if record["status"] in OVER:
                continue
            if record["back"] == primary["id"]:
                record |= {"status": "ROLLBACK_SUCCESSFUL", "finishedAt": now, "updatedAt": now}
            elif record["id"] == primary["id"]:
                record |= {"status": "SUCCESSFUL", "finishedAt": now, "updatedAt": now}
    ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")


def is_steady(service: Json, primary: Json | None, expected: str | None) -> bool:
    """Whether enough tasks of the PRIMARY deployment outlived their start, and it has no stage left."""
    if not primary or primary["rolloutState"] != "IN_PROGRESS" or expected not in (None, primary["id"]):
        return False
    return bool(not primary.get("_stages") and scaled_up(service, primary))


def scaled_up(service: Json, deployment: Json) -> bool:
    steady = [each for each in tasks_of(service, deployment) if each["lastStatus"] == "RUNNING"]
    return sum(bool(each.get("_startup_stable")) for each in steady) >= int(service["desiredCount"])


def settle(service: Json) -> None:
    """The first deployment counts as complete whatever its tasks do: for a stack without a sandbox around it."""
    primary, now = ecs._primary_deployment(service), time.time()
    primary |= {"rolloutState": "COMPLETED", "desiredCount": service["desiredCount"], "updatedAt": now, "_stages": []}
    primary["rolloutStateReason"] = f"ECS deployment {primary['id']} completed."
    record_of(service, primary).update(status="SUCCESSFUL", finishedAt=now)


# What happens to a deployment by itself


def attend(service: Json, deployment: Json) -> None:
    """Look at a PRIMARY deployment again and again until it has ended: its stages, alarms and protected tasks."""
    if "_stages" not in deployment:
        deployment["_stages"] = stages_of(service)
    if deployment.get("_attended"):
        return
    deployment["_attended"] = True
    silent = alarms_of(service) & ringing()
    spawn_background(_attend, service, deployment, silent, thread_name="deploytool-ecs-deployment")


def _attend(service: Json, deployment: Json, silent: frozenset[str]) -> None:
    ends, entered = 0.0, ""
    time.sleep(TICK)
    if deployment.pop("_held", False):
        ecs._reconcile_service_tasks(cluster_of(service), key_of(service))
    while service["status"] == "ACTIVE":
        with scheduler(service), lock(service):
            if deployment["status"] != "PRIMARY" or deployment["rolloutState"] != "IN_PROGRESS":
                break
            record = record_of(service, deployment)
            deployment["desiredCount"] = service["desiredCount"]
            if record["status"] == "PENDING":
                record |= {"status": "IN_PROGRESS", "startedAt": time.time()}
            gave_up = _rolled_back(service, deployment, record, silent)
            moved = False
            if not gave_up and deployment.get("_stages"):
                stage = stage_of(deployment)
                if stage != entered:
                    entered, ends = stage, time.monotonic() + seconds_of(service, stage)
                    record["hooks"] = hooks_at(service, stage)
                pending = [hook for hook in record["hooks"] if awaits(hook)]
                waits = (
                    pending or time.monotonic() < ends or (stage == "SCALE_UP" and not scaled_up(service, deployment))
                )
                if not waits:
                    del deployment["_stages"][0]
                    moved = True
        if gave_up:
            go_on(service)
            break
        if moved:
            ecs._reconcile_service_tasks(cluster_of(service), key_of(service))
        time.sleep(TICK)
        if (moved and not deployment["_stages"]) or deployment.get("_protected"):
            ecs._complete_service_deployment(cluster_of(service), key_of(service), deployment["id"])
    deployment["_attended"] = False


def _rolled_back(service: Json, deployment: Json, record: Json, silent: frozenset[str]) -> bool:
    """Whether a person, a hook or an alarm made it fail just now; its rollback has begun then."""
    record["alarms"] = sorted((alarms_of(service) & ringing()) - silent)
    refused = any(hook["status"] in ("FAILED", "TIMED_OUT") for hook in record["hooks"])
    if record["status"] == "ROLLBACK_REQUESTED":
        give_up(service, deployment, "", "of a StopServiceDeployment request.", rollback=True)
    elif refused:
        give_up(service, deployment, "", f"{stage_of(deployment)} lifecycle hook(s) failed.", rollback=True)
    elif record["alarms"]:
        alarms = service["deploymentConfiguration"]["alarms"]
        give_up(service, deployment, "alarm detected", "of an alarm.", bool(alarms.get("rollback")))
    else:
        return False
    return True


def stages_of(service: Json) -> list[str]:
    """Those that a deployment passes: all with a strategy, else those of its hooks."""
    configuration = service.get("deploymentConfiguration") or {}
    hooked = {stage for hook in configuration.get("lifecycleHooks") or [] for stage in hook["lifecycleStages"]}
    passed = hooked if configuration.get("strategy", "ROLLING") == "ROLLING" else UNHOOKED | hooked
    return [stage for stage in STAGES if stage in passed]


def stage_of(deployment: Json) -> str:
    return str(next(iter(deployment.get("_stages") or ()), ""))


def seconds_of(service: Json, stage: str) -> float:
    configuration = service.get("deploymentConfiguration") or {}
    return max(TICK, float(configuration.get("bakeTimeInMinutes") or 0)) if stage == "BAKE_TIME" else TICK


def hooks_at(service: Json, stage: str) -> list[Json]:
    """PAUSE hooks that now await an action. One that has a function passes at once: it is not called."""
    hooks = (service.get("deploymentConfiguration") or {}).get("lifecycleHooks") or []
    pauses = [each for each in hooks if each.get("targetType") == "PAUSE" and stage in each["lifecycleStages"]]
    return [_awaiting(each.get("timeoutConfiguration") or {}) for each in pauses]


def _awaiting(limits: Json) -> Json:
    minutes = limits.get("timeoutInMinutes", PAUSE_MINUTES)
    return {
        "hookId": f"ecs-pause-{secrets.token_urlsafe(32)}",
        "targetType": "PAUSE",
        "status": "AWAITING_ACTION",
        "expiresAt": time.time() + minutes,
        "timeoutAction": limits.get("action", "ROLLBACK"),
    }


def awaits(hook: Json) -> bool:
    """Whether it awaits an action; once its time is over, its own one is taken."""
    if hook["status"] == "AWAITING_ACTION" and time.time() > hook["expiresAt"]:
        hook["status"] = "SUCCEEDED" if hook["timeoutAction"] == "CONTINUE" else "TIMED_OUT"
    return str(hook["status"]) == "AWAITING_ACTION"


def alarms_of(service: Json) -> frozenset[str]:
    alarms = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
    return frozenset(alarms.get("alarmNames") or ()) if alarms.get("enable") else frozenset()


def ringing() -> frozenset[str]:
    return frozenset(
        str(alarm["AlarmName"]) for alarm in list(cloudwatch._alarms.values()) if alarm.get("StateValue") == "ALARM"
    )


def record_of(service: Json, deployment: Json) -> Json:
    """The service deployment that made ``deployment``; begun with it. An older one that has not ended is stopped."""
    records: list[Json] = service.setdefault("_records", [])
    known = next((each for each in records if each["id"] == deployment["id"]), None)
    if known is not None:
        return known
    now = time.time()
    for each in records:
        if each["status"] not in OVER:
            each |= {"status": "STOPPED", "stoppedAt": now, "finishedAt": now, "updatedAt": now}
    source = next((each["id"] for each in reversed(records) if each["status"] == "SUCCESSFUL"), "")
    made = {
        "id": deployment["id"], "taskDefinition": deployment["taskDefinition"], "source": source, "status": "PENDING",
        "createdAt": deployment["createdAt"], "updatedAt": now, "startedAt": None, "finishedAt": None,
        "stoppedAt": None, "reason": "", "back": "", "rolledAt": None, "failures": 0, "breaker": "", "alarms": [],
        "hooks": [],
    }  # fmt: skip
    records.append(made)
    return made


def arn_of(service: Json, record: Json) -> str:
    """Its id is not the digits of the deployment's."""
    ident = hashlib.sha256(record["id"].rpartition("/")[2].encode()).hexdigest()[:21]
    return f"{service['serviceArn'].replace(':service/', ':service-deployment/')}/{ident}"


def is_protected(task: Json) -> bool:
    return float(task.get("_protected_until") or 0) > time.time()


def epoch(value: Any) -> Any:
    """A time with its milliseconds, as the API has it: a task is younger than the deployment that started it."""
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value
    except ValueError:
        return value


def install() -> None:
    """Replace MiniStack's own functions; one that its version lacks is an AttributeError above."""
    ecs._ts_to_epoch, ecs._make_deployment = epoch, make_deployment
    ecs._create_service, ecs._update_service, ecs._describe_services = create_service, update_service, describe_services
    ecs._run_task, ecs._stop_task, ecs._reconcile_service_tasks = run_task, stop_task, reconcile
    ecs._record_service_task_failure, ecs._complete_service_deployment = record_failure, complete
    ecs._ACTION_MAP |= {
        "CreateService": create_service,
        "UpdateService": update_service,
        "DescribeServices": describe_services,
        "RunTask": run_task,
    }
