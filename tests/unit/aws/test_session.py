"""Whose credentials the clients of an environment use."""

from __future__ import annotations

import pytest
from moto import mock_aws

from deploytool.aws.session import Session
from deploytool.errors import CredentialsMissing

ROLE = "arn:aws:iam::123456789012:role/release"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_the_role_of_the_environment_is_assumed_when_it_names_one() -> None:
    with mock_aws():
        identity = Session("us-east-1", ROLE).client("sts").get_caller_identity()

    assert ":assumed-role/release/archdeck-deploy" in identity["Arn"]


def test_the_credentials_of_the_machine_are_used_when_no_role_is_named() -> None:
    with mock_aws():
        assert "assumed-role" not in Session("us-east-1").client("sts").get_caller_identity()["Arn"]


def test_an_unknown_profile_is_told_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(CredentialsMissing) as told:
        Session("us-east-1").client("sts")

    assert "nobody" in told.value.cause
    assert "AWS_PROFILE" in told.value.fix
