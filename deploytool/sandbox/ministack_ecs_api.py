"""The calls of ECS about service deployments, service revisions and task protection, which MiniStack answers empty.

Loaded by ``ministack_server.py`` beside ``ministack_ecs.py``, which keeps the records that these answers are made of.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import ministack_ecs as services
from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs
from ministack_ecs import OVER, Answer, Json, arn_of, is_protected

PROTECTED_MINUTES, LONGEST_PROTECTION = 120, 2880


def revision_arn(service: Json, ident: str) -> str:
    """A service revision has the digits of the deployment that was made from it."""
    return f"{service['serviceArn'].replace(':service/', ':service-revision/')}/{ident.rpartition('/')[2]}"


def present(shape: Json) -> Json:
    return {name: value for name, value in shape.items() if value not in (None, "")}


def brief(service: Json, record: Json) -> Json:
    return present(
        {
            "serviceDeploymentArn": arn_of(service, record),
            "serviceArn": service["serviceArn"],
            "clusterArn": service["clusterArn"],
            "createdAt": record["createdAt"],
            "startedAt": record["startedAt"],
            "finishedAt": record["finishedAt"],
            "targetServiceRevisionArn": revision_arn(service, record["id"]),
            "status": record["status"],
            "statusReason": record["reason"],
        }
    )


def full(service: Json, record: Json) -> Json:
    listed: Json = next((each for each in service["deployments"] if each["id"] == record["id"]), {})
    configuration, watched = service.get("deploymentConfiguration") or {}, services.alarms_of(service)
    breaker = services.breaker_of(service).get("enable")
    watch = "MONITORING_COMPLETE" if record["status"] in OVER else "MONITORING"
    described = brief(service, record)
    del described["targetServiceRevisionArn"]
    alarms = {"status": "TRIGGERED" if record["alarms"] else watch, "alarmNames": sorted(watched)}
    rollback = {"reason": record["reason"], "startedAt": record["rolledAt"]}
    before = next((each for each in service["_records"] if each["id"] == record["source"]), None)
    return present(
        {
            **described,
            "updatedAt": record["updatedAt"],
            "stoppedAt": record["stoppedAt"],
            "sourceServiceRevisions": [_counts(service, before["id"])] if before else [],
            "targetServiceRevision": _counts(service, record["id"]),
            "lifecycleStage": services.stage_of(listed),
            "lifecycleHookDetails": record["hooks"],
            "deploymentConfiguration": configuration,
            "rollback": {**rollback, "serviceRevisionArn": revision_arn(service, record["back"])}
            if record["back"]
            else None,
            "deploymentCircuitBreaker": {
                "status": record["breaker"] or (watch if breaker else "DISABLED"),
                "failureCount": record["failures"],
                "threshold": ecs._circuit_breaker_threshold(service) if breaker else 0,
            },
            "alarms": {**alarms, "triggeredAlarmNames": record["alarms"]} if watched else None,
        }
    )


def _counts(service: Json, ident: str) -> Json:
    listed: Json = next((each for each in service["deployments"] if each["id"] == ident), {})
    return {
        "arn": revision_arn(service, ident),
        "requestedTaskCount": listed.get("desiredCount", 0),
        "runningTaskCount": listed.get("runningCount", 0),
        "pendingTaskCount": listed.get("pendingCount", 0),
    }


def records() -> list[tuple[Json, Json]]:
    return [(service, each) for service in list(ecs._services.values()) for each in service.get("_records") or []]


def refuse(code: str, message: str) -> Answer:
    return error_response_json(code, message, 400)


def list_service_deployments(data: Json) -> Answer:
    service = services.service_at(ecs._resolve_cluster_name(data.get("cluster")), str(data.get("service", "")))
    if service is None:
        return refuse("ServiceNotFoundException", "Service not found.")
    created, statuses = data.get("createdAt") or {}, data.get("status") or OVER
    after, before = float(created.get("after") or 0), float(created.get("before") or "inf")
    chosen = [
        brief(service, each)
        for each in reversed(service.get("_records") or [])
        if (not data.get("status") or each["status"] in statuses) and after <= each["createdAt"] <= before
    ]
    start, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 20)
    more = {"nextToken": str(start + size)} if start + size < len(chosen) else {}
    return json_response({"serviceDeployments": chosen[start : start + size], **more})


def describe_service_deployments(data: Json) -> Answer:
    arns = data.get("serviceDeploymentArns") or []
    if not 1 <= len(arns) <= 20:
        return refuse("InvalidParameterException", "Specify between 1 and 20 ARNs.")
    described = {arn_of(service, each): full(service, each) for service, each in records()}
    return json_response(
        {"serviceDeployments": [described[arn] for arn in arns if arn in described], **missing(arns, described)}
    )


def describe_service_revisions(data: Json) -> Answer:
    arns = data.get("serviceRevisionArns") or []
    if not 1 <= len(arns) <= 20:
        return refuse("InvalidParameterException", "Specify between 1 and 20 ARNs.")
    described = {revision_arn(service, each["id"]): revision(service, each) for service, each in records()}
    return json_response(
        {"serviceRevisions": [described[arn] for arn in arns if arn in described], **missing(arns, described)}
    )


def missing(arns: list[str], described: Json) -> Json:
    return {"failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in described]}


def revision(service: Json, record: Json) -> Json:
    definition = ecs._task_defs.get(ecs._resolve_td_key(record["taskDefinition"])) or {}
    images = [
        present({"containerName": each["name"], "image": each["image"], "imageDigest": each["image"].partition("@")[2]})
        for each in definition.get("containerDefinitions", [])
    ]
    return present(
        {
            "serviceRevisionArn": revision_arn(service, record["id"]),
            "serviceArn": service["serviceArn"],
            "clusterArn": service["clusterArn"],
            "taskDefinition": record["taskDefinition"],
            "launchType": service.get("launchType"),
            "platformVersion": service.get("platformVersion"),
            "loadBalancers": service.get("loadBalancers"),
            "networkConfiguration": service.get("networkConfiguration") or None,
            "containerImages": images,
            "createdAt": record["createdAt"],
        }
    )


def stop_service_deployment(data: Json) -> Answer:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html"""
    arn = str(data.get("serviceDeploymentArn", ""))
    if data.get("stopType", "ROLLBACK") != "ROLLBACK":
        return refuse("InvalidParameterException", "Only the stop type ROLLBACK is supported.")
    for service, record in records():
        if arn_of(service, record) != arn:
            continue
        with services.lock(service):
            before = any(each["rolloutState"] == "COMPLETED" for each in service["deployments"])
            if record["status"] not in ("PENDING", "IN_PROGRESS") or not before:
                message = f"The service deployment is in the {record['status']} state and cannot be stopped."
                return refuse("ConflictException", message)
            record |= {"status": "ROLLBACK_REQUESTED", "updatedAt": time.time()}
        return json_response({"serviceDeploymentArn": arn})
    return refuse("ServiceDeploymentNotFoundException", "Service deployment not found.")


def continue_service_deployment(data: Json) -> Answer:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/continue-service-deployment.html"""
    arn, hook_id = str(data.get("serviceDeploymentArn", "")), data.get("hookId")
    for service, record in records():
        if arn_of(service, record) != arn:
            continue
        for hook in record["hooks"]:
            if hook["hookId"] == hook_id and hook["status"] == "AWAITING_ACTION":
                hook["status"] = "FAILED" if data.get("action") == "ROLLBACK" else "SUCCEEDED"
                return json_response({"serviceDeploymentArn": arn})
        return refuse("InvalidParameterException", "The hook does not await an action.")
    return refuse("ServiceDeploymentNotFoundException", "Service deployment not found.")


# Scale-in protection


def protection(task: Json) -> Json:
    until = task["_protected_until"] if is_protected(task) else None
    return present({"taskArn": task["taskArn"], "protectionEnabled": until is not None, "expirationDate": until})


def update_task_protection(data: Json) -> Answer:
    minutes = int(data.get("expiresInMinutes") or PROTECTED_MINUTES)
    if not 1 <= minutes <= LONGEST_PROTECTION:
        return refuse("InvalidParameterException", f"expiresInMinutes is between 1 and {LONGEST_PROTECTION}.")
    until = time.time() + 60 * minutes if data.get("protectionEnabled") else 0
    return each_task(data, lambda task: task.update(_protected_until=until))


def get_task_protection(data: Json) -> Answer:
    return each_task(data, lambda task: None)


def each_task(data: Json, change: Callable[[Json], None]) -> Answer:
    """Only a service's task that has not stopped can be protected."""
    cluster, protected, failures = ecs._resolve_cluster_name(data.get("cluster")), [], []
    for reference in data.get("tasks") or []:
        task = ecs._resolve_task(reference, cluster)
        if task is None:
            failures.append({"arn": reference, "reason": "MISSING"})
        elif not str(task.get("group", "")).startswith("service:") or task["lastStatus"] not in ecs._PRE_STOP_STATUSES:
            failures.append({"arn": task["taskArn"], "reason": "TASK_NOT_VALID"})
        else:
            change(task)
            protected.append(protection(task))
    return json_response({"protectedTasks": protected, "failures": failures})


def install() -> None:
    """Put them into MiniStack's table of actions."""
    ecs._ACTION_MAP |= {
        "ListServiceDeployments": list_service_deployments,
        "DescribeServiceDeployments": describe_service_deployments,
        "DescribeServiceRevisions": describe_service_revisions,
        "StopServiceDeployment": stop_service_deployment,
        "ContinueServiceDeployment": continue_service_deployment,
        "UpdateTaskProtection": update_task_protection,
        "GetTaskProtection": get_task_protection,
    }
