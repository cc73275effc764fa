"""Where STS is asked once the process has an identity to show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from moto import mock_aws

from deploytool.aws import session
from deploytool.aws.session import LOOPBACK_SWITCH, PinnedSession, Session, StsEndpointRefused, assume_role
from deploytool.endpoints import SIGN_IN

EVIL = "https://evil.example"
LOCAL = "http://127.0.0.1:4566"
VPC = "https://vpce-0a.sts.eu-west-1.vpce.amazonaws.com"
SWITCHED = {LOOPBACK_SWITCH: "true"}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = (*SIGN_IN, "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", LOOPBACK_SWITCH, "AWS_PROFILE")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"AWS_ENDPOINT_URL": ""}, None),
        ({"AWS_ENDPOINT_URL_ECS": EVIL}, None),
        ({"AWS_ENDPOINT_URL": VPC}, VPC),
        ({"AWS_ENDPOINT_URL_STS": VPC, "AWS_ENDPOINT_URL": EVIL}, VPC),
        ({"AWS_ENDPOINT_URL": "https://sts.cn-north-1.amazonaws.com.cn"}, "https://sts.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL_STS": "https://sts.us-east-1.api.aws"}, "https://sts.us-east-1.api.aws"),
        ({"AWS_ENDPOINT_URL": EVIL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"}, None),
        ({"AWS_ENDPOINT_URL": LOCAL, **SWITCHED}, LOCAL),
        ({"AWS_ENDPOINT_URL_STS": "http://[::1]:80", **SWITCHED}, "http://[::1]:80"),
        (SWITCHED, None),
    ],
)
def test_an_endpoint_is_taken_when_it_is_of_aws(environ: dict[str, str], expected: str | None) -> None:
    assert session.endpoint(environ) == expected


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_ENDPOINT_URL": EVIL},
        {"AWS_ENDPOINT_URL_STS": EVIL, "AWS_ENDPOINT_URL": VPC},
        {"AWS_ENDPOINT_URL": LOCAL},
        {"AWS_ENDPOINT_URL": "https://sts.amazonaws.com.evil.com"},
        {"AWS_ENDPOINT_URL": "https://sts.amazonaws.com@evil.com"},
        {"AWS_ENDPOINT_URL": "http://sts.amazonaws.com"},
        {"AWS_ENDPOINT_URL": EVIL, **SWITCHED},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1.evil.com", **SWITCHED},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1@evil.com", **SWITCHED},
        {"AWS_ENDPOINT_URL": "http://0x7f000001", **SWITCHED},
        {"AWS_ENDPOINT_URL": "http://10.0.0.1", **SWITCHED},
        {"AWS_ENDPOINT_URL": LOCAL, LOOPBACK_SWITCH: "1"},
        {"AWS_ENDPOINT_URL": LOCAL, LOOPBACK_SWITCH: "evil.example"},
        {"AWS_ENDPOINT_URL": LOCAL, LOOPBACK_SWITCH: ""},
    ],
)
def test_an_endpoint_is_refused_when_it_is_not_of_aws(environ: dict[str, str]) -> None:
    with pytest.raises(StsEndpointRefused) as refused:
        session.endpoint(environ)
    assert "evil" not in refused.value.cause + refused.value.fix, "a URL may carry a password"
    assert next(iter(environ)) in refused.value.cause


def client(name: str) -> Any:
    return PinnedSession().create_client(
        "sts", region_name="eu-west-1", config=Config(signature_version=UNSIGNED, user_agent_extra=name)
    )


def configured(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)


BY_PROFILE = f"[default]\nendpoint_url = {EVIL}\n"
BY_SERVICES = f"[default]\nservices = evil\n[services evil]\nsts =\n  endpoint_url = {EVIL}\n"


@pytest.mark.parametrize("name", SIGN_IN)
@pytest.mark.parametrize("text", [BY_PROFILE, BY_SERVICES])
def test_sts_is_of_aws_when_a_configuration_file_names_another(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, text)
    assert client("before").meta.endpoint_url == EVIL, "without an identity, the file decides as ever"
    monkeypatch.setenv(name, "x")
    made = client("after")
    assert made.meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"
    assert made.meta.config.user_agent_extra == "after", "the caller's own settings stay"


def test_every_way_to_a_client_is_pinned_when_a_role_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, BY_PROFILE)
    monkeypatch.setenv("DEPLOYTOOL_ROLE", "arn:aws:iam::123456789012:role/x")
    aws = "https://sts.us-east-1.amazonaws.com"
    made = [
        session.session("arn:aws:iam::123456789012:role/x", "us-east-1").create_client("sts", region_name="us-east-1"),
        assume_role("arn:aws:iam::123456789012:role/y").create_client("sts", region_name="us-east-1"),
        Session("us-east-1").client("sts"),
        Session("us-east-1", "arn:aws:iam::123456789012:role/y").client("sts"),
    ]
    assert [each.meta.endpoint_url for each in made] == [aws] * 4
    monkeypatch.delenv("DEPLOYTOOL_ROLE")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "https://token")
    assert Session("us-east-1").client("sts").meta.endpoint_url == aws


def test_a_second_role_is_taken_from_aws_when_a_configuration_file_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, BY_PROFILE)
    monkeypatch.setenv("DEPLOYTOOL_ROLE", "arn:aws:iam::123456789012:role/x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        taken = assume_role("arn:aws:iam::123456789012:role/y").get_credentials().get_frozen_credentials()
    assert taken.access_key != "testing"


def test_no_token_is_asked_for_when_it_would_go_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(environ: object) -> str:
        raise AssertionError("a token was made")

    monkeypatch.setattr(session, "web_identity", never)
    monkeypatch.setenv("DEPLOYTOOL_ROLE", "arn:aws:iam::123456789012:role/x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", EVIL)
    with pytest.raises(StsEndpointRefused):
        Session("us-east-1").client("ecs")


def test_nothing_is_sent_when_a_configuration_brings_other_endpoint_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``data_path`` of a profile adds models, among them the rules that make STS's address."""
    rules = {
        "version": "1.0",
        "parameters": {},
        "rules": [{"type": "endpoint", "conditions": [], "endpoint": {"url": EVIL}}],
    }
    place = tmp_path / "models" / "sts" / "2011-06-15"
    place.mkdir(parents=True)
    (place / "endpoint-rule-set-1.json").write_text(json.dumps(rules))
    configured(tmp_path, f"[default]\ndata_path = {tmp_path / 'models'}\n")
    monkeypatch.setenv("DEPLOYTOOL_ROLE", "arn:aws:iam::123456789012:role/x")
    made = client("rules")
    sent: list[str] = []
    made.meta.events.register_last("before-send.sts", lambda request, **_: sent.append(request.url))
    with pytest.raises(StsEndpointRefused):
        made.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::123456789012:role/x", RoleSessionName="session", WebIdentityToken="token"
        )
    assert sent == []


@pytest.mark.parametrize(
    ("url", "given", "allowed"),
    [
        ("https://sts.us-east-1.amazonaws.com/", None, True),
        ("https://sts.us-iso-east-1.c2s.ic.gov/", None, True),
        ("https://sts.eusc-de-east-1.amazonaws.eu/", None, True),
        (f"{LOCAL}/", LOCAL, True),
        (f"{LOCAL}/", None, False),
        ("http://127.0.0.1:4567/", LOCAL, False),
        (f"{EVIL}/", LOCAL, False),
        ("http://sts.us-east-1.amazonaws.com/", None, False),
        ("https://user@sts.us-east-1.amazonaws.com/", None, False),
    ],
)
def test_a_request_goes_out_when_it_goes_to_aws_or_where_it_was_allowed(
    url: str, given: str | None, allowed: bool
) -> None:
    if allowed:
        session.require_allowed(url, given)
        return
    with pytest.raises(StsEndpointRefused):
        session.require_allowed(url, given)
