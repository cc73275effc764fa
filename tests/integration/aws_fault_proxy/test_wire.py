"""Which AWS call a request is."""

import pytest

from tests.support.aws_fault_proxy.faults import denied_message, resource_of
from tests.support.aws_fault_proxy.upstream import led_here
from tests.support.aws_fault_proxy.wire import AwsCall, Scope, error_answer, identify, without_secrets


def signed(service: str, region: str = "eu-west-1") -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential=AKID/20260101/{region}/{service}/aws4_request, Signature=x"}


FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
TARGET = "AmazonEC2ContainerServiceV20141113.RunTask"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "service", "action", "protocol"),
    [
        ("POST", "/", signed("ecs") | {"x-amz-target": TARGET}, b'{"a":1}', "ecs", "RunTask", "json"),
        ("POST", "/", signed("elasticloadbalancing") | FORM, b"Action=X", "elasticloadbalancing", "X", "query"),
        ("POST", "/", FORM, b"Action=AssumeRoleWithWebIdentity", "sts", "AssumeRoleWithWebIdentity", "query"),
        (
            "POST",
            "/service/GraniteServiceVersion20100801/operation/ListMetrics",
            signed("monitoring") | {"smithy-protocol": "rpc-v2-cbor"},
            b"\xa0",
            "cloudwatch",
            "ListMetrics",
            "cbor",
        ),
        ("PUT", "/bucket/key?acl", signed("s3"), b"", "s3", "PUT /bucket/key", "rest"),
        ("PATCH", "/v2/team/app/blobs/uploads/1", {}, b"", "registry", "PATCH blobs", "registry"),
        ("GET", "/v2/", {}, b"", "registry", "GET ping", "registry"),
    ],
)
def test_a_call_is_known_by_its_protocol(
    method: str, path: str, headers: dict[str, str], body: bytes, service: str, action: str, protocol: str
) -> None:
    call = identify(method, path, headers, body)
    assert call is not None
    assert (call.service, call.action, call.protocol) == (service, action, protocol)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/api/health", {}, b""),
        ("POST", "/login", FORM, b"user=x"),
        ("GET", "/v2/accounts", {}, b""),
        ("GET", "/", {"authorization": "Bearer token"}, b""),
    ],
)
def test_what_a_browser_sends_is_no_aws_call(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    assert identify(method, path, headers, body) is None


def test_the_callers_region_and_key_are_read_from_its_credential() -> None:
    call = identify("POST", "/", signed("ecs", "ap-south-1") | {"x-amz-target": TARGET}, b"{}")
    assert call is not None
    assert call.scope == Scope("AKID", "ap-south-1")


@pytest.mark.parametrize(
    ("service", "params", "arn"),
    [
        ("ecs", {"cluster": "c", "service": "app"}, "arn:aws:ecs:us-east-1:000000000000:service/c/app"),
        ("ecs", {"service": "arn:aws:ecs:r:1:service/c/app"}, "arn:aws:ecs:r:1:service/c/app"),
        (
            "ecs",
            {"cluster": "c", "taskDefinition": "app:3"},
            "arn:aws:ecs:us-east-1:000000000000:task-definition/app:3",
        ),
        ("ecr", {"repositoryName": "r"}, "arn:aws:ecr:us-east-1:000000000000:repository/r"),
        ("logs", {}, "*"),
    ],
)
def test_access_denied_names_what_the_call_is_about(service: str, params: dict[str, str], arn: str) -> None:
    call = AwsCall(service, "X", "json", params)
    assert resource_of(call) == arn
    assert f"on resource: {arn} because" in denied_message(call, "")


def test_an_error_body_escapes_what_xml_cannot_hold() -> None:
    assert b"<Message>a &lt; b</Message>" in error_answer("query", "X", "a < b", 400).body


def test_the_log_keeps_no_secret() -> None:
    assert without_secrets({"SecretString": "hush", "Name": "n"}) == {"SecretString": "***", "Name": "n"}


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v2/app/blobs/uploads/1", "/v2/app/blobs/uploads/1"),
        ("http://127.0.0.1:4566/v2/app?x=1", "http://localhost:4620/v2/app?x=1"),
        ("http://localhost:4566", "http://localhost:4620"),
        ("http://localhost:45661/", "http://localhost:45661/"),
        ("https://elsewhere.test:4566/", "https://elsewhere.test:4566/"),
    ],
)
def test_a_location_of_the_upstream_leads_through_the_front(location: str, expected: str) -> None:
    assert led_here(location, 4566, "localhost:4620") == expected
