"""Each fault as boto3, or a plain client, meets it."""

import time

import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.integration.aws_fault_proxy.conftest import Cloud
from tests.support.aws_fault_proxy.client import start_front
from tests.support.aws_fault_proxy.rules import Effect, EffectKind, Rule
from tests.support.free_port import free_port


@pytest.mark.parametrize(
    ("kind", "service", "action", "code", "status"),
    [
        ("throttle", "ecs", "list_clusters", "ThrottlingException", 400),
        ("throttle", "sts", "get_caller_identity", "Throttling", 400),
        ("throttle", "cloudwatch", "list_metrics", "ThrottlingException", 400),
        ("throttle", "dynamodb", "list_tables", "ThrottlingException", 400),
        ("server_error", "ecs", "list_clusters", "ServerException", 500),
        ("server_error", "logs", "describe_log_groups", "InternalFailure", 500),
        ("access_denied", "elbv2", "describe_load_balancers", "AccessDenied", 403),
        ("expired_token", "ecs", "list_clusters", "ExpiredTokenException", 400),
        ("expired_token", "sts", "get_caller_identity", "ExpiredToken", 403),
    ],
)
def test_boto3_raises_awss_error_when_a_rule_says_so(
    cloud: Cloud, kind: EffectKind, service: str, action: str, code: str, status: int
) -> None:
    cloud.front.script([Rule(Effect(kind))])
    with pytest.raises(ClientError) as caught:
        getattr(cloud.client(service), action)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_access_denied_names_the_service_when_update_service_is_refused(cloud: Cloud) -> None:
    cloud.front.script([Rule(Effect("access_denied"), action="UpdateService")])
    with pytest.raises(ClientError) as caught:
        cloud.ecs.update_service(cluster=cloud.cluster, service="app")
    assert caught.value.response["Error"]["Message"] == (
        "User: arn:aws:sts::000000000000:assumed-role/deploy/session is not authorized to perform: ecs:UpdateService "
        f"on resource: arn:aws:ecs:us-east-1:000000000000:service/{cloud.cluster}/app "
        "because no identity-based policy allows the ecs:UpdateService action"
    )


def test_credentials_expire_after_the_given_number_of_calls(cloud: Cloud) -> None:
    cloud.front.script([Rule(Effect("expired_token"), after=2)])
    ecs = cloud.ecs
    ecs.list_clusters()
    ecs.list_clusters()
    with pytest.raises(ClientError, match="The security token included in the request is expired"):
        ecs.list_clusters()


def test_the_connection_breaks_and_nothing_happened_when_reset(cloud: Cloud) -> None:
    cloud.front.script([Rule(Effect("reset"), action="CreateCluster")])
    with pytest.raises(ConnectionClosedError):
        cloud.ecs.create_cluster(clusterName="front-never")
    assert not any(arn.endswith("/front-never") for arn in cloud.direct.list_clusters()["clusterArns"])


def test_the_connection_breaks_though_it_happened_when_reset_after(cloud: Cloud) -> None:
    cloud.front.script([Rule(Effect("reset_after"), action="CreateCluster")])
    with pytest.raises(ConnectionClosedError):
        cloud.ecs.create_cluster(clusterName="front-lost-answer")
    assert any(arn.endswith("/front-lost-answer") for arn in cloud.direct.list_clusters()["clusterArns"])
    assert [call.status for call in cloud.front.calls("ecs", "CreateCluster")] == [0]


def test_a_call_takes_longer_when_latency_is_scripted(cloud: Cloud) -> None:
    cloud.front.script([Rule(Effect("latency", seconds=0.5), times=1)])
    started = time.monotonic()
    cloud.ecs.list_clusters()
    assert time.monotonic() - started >= 0.5


def test_run_task_starts_nothing_and_says_why_when_there_is_no_capacity(cloud: Cloud) -> None:
    reason = "Capacity is unavailable at this time"
    cloud.front.script([Rule(Effect("run_task_failure", reason=reason))])
    answer = cloud.ecs.run_task(cluster=cloud.cluster, taskDefinition="any")
    assert (answer["tasks"], answer["failures"]) == ([], [{"reason": reason}])


def test_a_push_is_denied_in_the_registrys_own_words(cloud: Cloud) -> None:
    cloud.front.script([Rule(Effect("push_denied"))])
    answer = requests.post(f"{cloud.front.base_url}/v2/app/blobs/uploads/", timeout=5)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "DENIED"


def test_a_reader_sees_the_service_before_its_update_when_reads_are_stale(cloud: Cloud) -> None:
    cloud.direct.create_service(cluster=cloud.cluster, serviceName="stale", taskDefinition="front-none", desiredCount=0)
    cloud.front.script([Rule(Effect("stale", seconds=1.5), action="DescribeServices")])
    cloud.ecs.update_service(cluster=cloud.cluster, service="stale", desiredCount=0, taskDefinition="front-other")
    assert cloud.shown("stale")["taskDefinition"] == "front-none"
    time.sleep(1.6)
    assert cloud.shown("stale")["taskDefinition"] == "front-other"


def test_a_misspelt_script_is_refused(cloud: Cloud) -> None:
    answer = requests.put(
        f"{cloud.front.base_url}/_front/script",
        json={"rules": [{"effect": {"kind": "reset"}, "acton": "x"}]},
        timeout=5,
    )
    assert answer.status_code == 400
    assert "acton" in answer.text


def test_the_caller_is_told_when_the_upstream_is_gone() -> None:
    with start_front(f"http://127.0.0.1:{free_port()}", free_port()) as front:
        answer = requests.get(f"{front.base_url}/anything", timeout=5)
        signed = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
        call = requests.post(front.base_url, json={}, headers=signed, timeout=5)
    assert (answer.status_code, call.status_code) == (502, 502)
    assert "Connection refused" in answer.text
    assert "Connection refused" in call.text
