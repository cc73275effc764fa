"""Why AWS refused a call, and what to do."""

from __future__ import annotations

import pytest

from deploytool.aws.api_errors import diagnose_api_error


@pytest.mark.parametrize(
    ("code", "message", "diagnosis", "words"),
    [
        ("ThrottlingException", "Rate exceeded", "aws-throttled", "AWS is throttling ecs:UpdateService"),
        ("ClientException", "Unable to assume the role", "role-invalid", "ECS may not assume it"),
        ("AccessDeniedException", "iam:PassRole on resource: arn:x", "pass-role-denied", "needs iam:PassRole"),
        ("Odd", "no such thing", "aws-refused", "AWS refused ecs:UpdateService: no such thing"),
    ],
)
def test_a_refusal_is_explained_by_its_code_and_message(code: str, message: str, diagnosis: str, words: str) -> None:
    explained = diagnose_api_error(code, message, "ecs:UpdateService")
    assert explained.code == diagnosis
    assert words in explained.cause
