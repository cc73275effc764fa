"""Service deployments and revisions in the shapes of the ECS API model."""

import hashlib

from tests.support.aws_fault_proxy.rollout import ServiceDeployment
from tests.support.aws_fault_proxy.wire import Json


def deployment_arn(service_arn: str, revision: str) -> str:
    """A service deployment's ARN. Its id is not the revision's digits, on AWS either."""
    ident = hashlib.sha256(revision.encode()).hexdigest()[:21]
    return f"{service_arn.replace(':service/', ':service-deployment/')}/{ident}"


def revision_arn(service_arn: str, revision: str) -> str:
    """A service revision's ARN."""
    return f"{service_arn.replace(':service/', ':service-revision/')}/{revision}"


def brief(service: Json, t: ServiceDeployment) -> Json:
    """ServiceDeploymentBrief."""
    arn = service["serviceArn"]
    return _present(
        {
            "serviceDeploymentArn": deployment_arn(arn, t.revision),
            "serviceArn": arn,
            "clusterArn": service["clusterArn"],
            "startedAt": t.created_at,
            "createdAt": t.created_at,
            "finishedAt": t.finished_at,
            "targetServiceRevisionArn": revision_arn(arn, t.revision),
            "status": t.status,
            "statusReason": t.reason,
        }
    )


def full(service: Json, t: ServiceDeployment, source: ServiceDeployment | None) -> Json:
    """ServiceDeployment."""
    arn = service["serviceArn"]
    shown = brief(service, t)
    del shown["targetServiceRevisionArn"]
    rollback = {
        "reason": t.rollback_reason,
        "startedAt": t.rollback_started_at,
        "serviceRevisionArn": revision_arn(arn, source.revision) if source else None,
    }
    return _present(
        {
            **shown,
            "updatedAt": t.updated_at,
            "stoppedAt": t.finished_at if t.status == "STOPPED" else None,
            "sourceServiceRevisions": [_summary(arn, source)] if source else [],
            "targetServiceRevision": _summary(arn, t),
            "deploymentConfiguration": service.get("deploymentConfiguration"),
            "rollback": _present(rollback) if t.rollback_reason else None,
            "deploymentCircuitBreaker": {
                "status": t.breaker_status,
                "failureCount": t.failures,
                "threshold": t.threshold,
            },
        }
    )


def service_revision(service: Json, t: ServiceDeployment, containers: list[Json]) -> Json:
    """ServiceRevision; `containers` are the task definition's container definitions."""
    images = []
    for container in containers:
        image = {"containerName": container["name"], "image": container["image"]}
        digest = container["image"].partition("@")[2]
        images.append({**image, "imageDigest": digest} if digest else image)
    arn = service["serviceArn"]
    return _present(
        {
            "serviceRevisionArn": revision_arn(arn, t.revision),
            "serviceArn": arn,
            "clusterArn": service["clusterArn"],
            "taskDefinition": t.task_definition,
            "launchType": service.get("launchType"),
            "platformVersion": service.get("platformVersion"),
            "loadBalancers": service.get("loadBalancers"),
            "networkConfiguration": service.get("networkConfiguration") or None,
            "containerImages": images,
            "createdAt": t.created_at,
        }
    )


def _summary(service_arn: str, t: ServiceDeployment) -> Json:
    return {
        "arn": revision_arn(service_arn, t.revision),
        "requestedTaskCount": t.requested,
        "runningTaskCount": t.running,
        "pendingTaskCount": t.pending,
    }


def _present(shape: Json) -> Json:
    return {name: value for name, value in shape.items() if value is not None and value != ""}
