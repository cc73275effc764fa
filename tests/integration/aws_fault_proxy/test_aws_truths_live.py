"""What AWS does and MiniStack does not, seen through the front with real containers."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.integration.aws_fault_proxy.conftest import Cloud, eventually
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.aws_fault_proxy.script import Behaviours

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
STAY = "trap 'exit 0' TERM; while true; do sleep 0.2; done"
ALL = Behaviours(drop_failed=True, service_deployments=True)


def deployments(cloud: Cloud, service: str) -> list[dict[str, Any]]:
    result = cloud.ecs.list_service_deployments(cluster=cloud.cluster, service=service)["serviceDeployments"]
    return list(result)


def deployment(cloud: Cloud, arn: str) -> dict[str, Any]:
    return dict(cloud.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0])


def test_the_same_tasks_answer_when_run_task_repeats_its_token(cloud: Cloud) -> None:
    definition = cloud.task_definition("front-once", "sleep 0.2")
    request = {"cluster": cloud.cluster, "taskDefinition": definition, "clientToken": "release-1"}
    cloud.front.script([Rule(Effect("reset_after"), action="RunTask", times=1)])
    with pytest.raises(Exception, match="Connection"):
        cloud.ecs.run_task(**request)
    first, again = cloud.ecs.run_task(**request), cloud.ecs.run_task(**request)
    assert [t["taskArn"] for t in first["tasks"]] == [t["taskArn"] for t in again["tasks"]]
    with pytest.raises(ClientError) as caught:
        cloud.ecs.run_task(**request, startedBy="other")
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    assert caught.value.response["resourceIds"] == [first["tasks"][0]["taskArn"]]


def test_one_task_starts_when_the_caller_gives_up_and_repeats_its_token(cloud: Cloud) -> None:
    definition = cloud.task_definition("front-impatient", "sleep 0.2")
    request = {"cluster": cloud.cluster, "taskDefinition": definition, "clientToken": "release-2"}
    cloud.front.script([Rule(Effect("latency", seconds=1), action="RunTask", times=1)])
    with ThreadPoolExecutor() as pool:
        slow, quick = pool.submit(cloud.ecs.run_task, **request), pool.submit(cloud.ecs.run_task, **request)
        arns = [answer.result()["tasks"][0]["taskArn"] for answer in (slow, quick)]
    assert arns[0] == arns[1]


def test_a_service_deployment_succeeds_and_its_tasks_name_it(cloud: Cloud) -> None:
    cloud.front.script(behaviours=ALL)
    cloud.service("good", cloud.task_definition("front-good", STAY))
    eventually(lambda: cloud.primary("good")["rolloutState"] == "COMPLETED")
    before = cloud.primary("good")["id"]
    second = cloud.task_definition("front-good", STAY + " # 2")
    cloud.ecs.update_service(cluster=cloud.cluster, service="good", taskDefinition=second)
    newest = deployments(cloud, "good")[0]
    assert newest["status"] in ("PENDING", "IN_PROGRESS")
    ident = cloud.primary("good")["id"].removeprefix("ecs-svc/")
    assert newest["targetServiceRevisionArn"].endswith(f"/{cloud.cluster}/good/{ident}")
    eventually(lambda: deployment(cloud, newest["serviceDeploymentArn"])["status"] == "SUCCESSFUL")
    shown = deployment(cloud, newest["serviceDeploymentArn"])
    assert shown["sourceServiceRevisions"][0]["arn"].endswith(before.removeprefix("ecs-svc/"))
    revision = cloud.ecs.describe_service_revisions(serviceRevisionArns=[shown["targetServiceRevision"]["arn"]])
    assert revision["serviceRevisions"][0]["taskDefinition"] == second
    tasks = cloud.ecs.list_tasks(cluster=cloud.cluster, serviceName="good")["taskArns"]
    described = cloud.ecs.describe_tasks(cluster=cloud.cluster, tasks=tasks)["tasks"]
    assert {t["startedBy"] for t in described if t["taskDefinitionArn"] == second} == {f"ecs-svc/{ident}"}
    result = cloud.ecs.list_tasks(cluster=cloud.cluster, startedBy=f"ecs-svc/{ident}")["taskArns"]
    assert result == [t["taskArn"] for t in described if t["taskDefinitionArn"] == second]


def test_a_crashing_rollout_is_rolled_back_and_its_deployment_dropped(cloud: Cloud) -> None:
    cloud.front.script(behaviours=ALL)
    first = cloud.task_definition("front-crash", STAY)
    cloud.service("crash", first)
    eventually(lambda: cloud.primary("crash")["rolloutState"] == "COMPLETED")
    before = cloud.primary("crash")["id"]
    crashing = cloud.task_definition("front-crash", "exit 3")
    cloud.ecs.update_service(cluster=cloud.cluster, service="crash", taskDefinition=crashing)
    arn = deployments(cloud, "crash")[0]["serviceDeploymentArn"]
    eventually(lambda: deployment(cloud, arn)["status"] == "ROLLBACK_SUCCESSFUL", 60)
    shown = deployment(cloud, arn)
    assert shown["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert "circuit breaker" in shown["rollback"]["reason"]
    assert [(d["id"], d["taskDefinition"]) for d in cloud.shown("crash")["deployments"]] == [(before, first)]
    assert cloud.shown("crash")["currentServiceDeployment"] == arn
    assert len(deployments(cloud, "crash")) == 2


def test_a_stopped_service_deployment_goes_back_to_the_revision_before(cloud: Cloud) -> None:
    cloud.front.script(behaviours=ALL)
    first = cloud.task_definition("front-stop", STAY)
    cloud.service("stop", first)
    eventually(lambda: cloud.primary("stop")["rolloutState"] == "COMPLETED")
    before = cloud.primary("stop")["id"]
    other = cloud.task_definition("front-stop", STAY + " # 2")
    cloud.ecs.update_service(cluster=cloud.cluster, service="stop", taskDefinition=other)
    arn = deployments(cloud, "stop")[0]["serviceDeploymentArn"]
    answer = cloud.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    assert answer["serviceDeploymentArn"] == arn
    eventually(lambda: deployment(cloud, arn)["status"] == "ROLLBACK_SUCCESSFUL")
    assert (cloud.primary("stop")["id"], cloud.primary("stop")["taskDefinition"]) == (before, first)
    with pytest.raises(ClientError) as caught:
        cloud.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    assert caught.value.response["Error"]["Code"] == "ConflictException"


def test_a_rollout_completes_only_once_its_containers_are_healthy(cloud: Cloud) -> None:
    cloud.front.script(behaviours=Behaviours(health_checks=True, service_deployments=True))
    check = {"command": ["CMD-SHELL", "test -e /tmp/ready"], "interval": 1, "retries": 9, "timeout": 2}
    cloud.service("slow", cloud.task_definition("front-slow", "sleep 5; touch /tmp/ready; " + STAY, check))
    time.sleep(1.5)
    assert cloud.primary("slow")["rolloutState"] == "IN_PROGRESS"
    assert deployments(cloud, "slow")[0]["status"] == "IN_PROGRESS"
    eventually(lambda: cloud.primary("slow")["rolloutState"] == "COMPLETED")
    task = cloud.ecs.list_tasks(cluster=cloud.cluster, serviceName="slow")["taskArns"][0]
    shown = cloud.ecs.describe_tasks(cluster=cloud.cluster, tasks=[task])["tasks"][0]
    assert (shown["healthStatus"], shown["containers"][0]["healthStatus"]) == ("HEALTHY", "HEALTHY")
    assert deployments(cloud, "slow")[0]["status"] == "SUCCESSFUL"


def test_an_unhealthy_rollout_is_rolled_back_and_its_tasks_say_why(cloud: Cloud) -> None:
    cloud.front.script(behaviours=Behaviours(health_checks=True, service_deployments=True, drop_failed=True))
    check = {"command": ["CMD-SHELL", "test -e /tmp/ready"], "interval": 1, "retries": 2, "timeout": 2}
    first = cloud.task_definition("front-sick", "touch /tmp/ready; " + STAY, check)
    cloud.service("sick", first)
    eventually(lambda: cloud.primary("sick")["rolloutState"] == "COMPLETED")
    before = cloud.primary("sick")["id"]
    sick = cloud.task_definition("front-sick", STAY, check)
    cloud.ecs.update_service(cluster=cloud.cluster, service="sick", taskDefinition=sick)
    arn = deployments(cloud, "sick")[0]["serviceDeploymentArn"]
    eventually(lambda: deployment(cloud, arn)["status"] == "ROLLBACK_SUCCESSFUL", 60)
    assert [(d["id"], d["taskDefinition"]) for d in cloud.shown("sick")["deployments"]] == [(before, first)]
    assert deployment(cloud, arn)["deploymentCircuitBreaker"]["failureCount"] == 3
    stopped = cloud.ecs.list_tasks(cluster=cloud.cluster, serviceName="sick", desiredStatus="STOPPED")["taskArns"]
    tasks = cloud.ecs.describe_tasks(cluster=cloud.cluster, tasks=stopped)["tasks"]
    reasons = [t["stoppedReason"] for t in tasks if t["taskDefinitionArn"] == sick]
    assert reasons.count("Task failed container health checks") == 3


def test_a_deleted_image_cannot_be_had_by_its_digest(cloud: Cloud) -> None:
    ecr, name = cloud.client("ecr"), f"front-{time.time_ns()}"
    ecr.create_repository(repositoryName=name)
    registry = f"{cloud.front.base_url}/v2/{name}/manifests"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": []})
    pushed = requests.put(f"{registry}/one", data=manifest, headers={"Content-Type": MANIFEST}, timeout=5)
    digest = pushed.headers["Docker-Content-Digest"]
    assert requests.get(f"{registry}/{digest}", timeout=5).text == manifest
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
    gone = requests.get(f"{registry}/{digest}", timeout=5)
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
