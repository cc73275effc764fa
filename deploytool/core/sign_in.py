"""The variables by which a process shows AWS who it is, without a key of its own."""

from __future__ import annotations

from collections.abc import Mapping

ROLE = "DEPLOYTOOL_ROLE"
"""ARN of the role to assume; the action sets it from its input."""
TOKEN_URL, TOKEN_OF_JOB = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
"""Where GitHub's runner gives a job its OIDC token, and what the job shows there."""
WEB_IDENTITY_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"
SIGN_IN = (ROLE, TOKEN_URL, TOKEN_OF_JOB, WEB_IDENTITY_FILE)
"""Any of these, and the process can show an identity that a stranger could use."""


def role_or_token(environ: Mapping[str, str]) -> str:
    """The first variable that gives a role or GitHub's OIDC token; empty where none does."""
    return next((name for name in (ROLE, TOKEN_URL, TOKEN_OF_JOB) if environ.get(name)), "")


def can_sign_in(environ: Mapping[str, str]) -> bool:
    """Whether the process has an identity to show."""
    return any(environ.get(name) for name in SIGN_IN)
