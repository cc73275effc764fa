"""AWS credentials from GitHub's OIDC token: asked for when first needed, and again before they expire.

No key is stored, none is put into the environment, and no file is written.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from deploytool.aws import sts
from deploytool.core.sign_in import ROLE, TOKEN_OF_JOB, TOKEN_URL
from deploytool.errors import CredentialsMissing

__all__ = ["REGION", "ROLE", "RoleRefused", "session", "session_name", "subject", "web_identity"]
REGION = "DEPLOYTOOL_ROLE_REGION"
AUDIENCE = "sts.amazonaws.com"


class RoleRefused(CredentialsMissing):
    """STS did not accept the job's token for the role."""

    def __init__(self, role: str, sub: str, said: str) -> None:
        super().__init__(
            f"AWS does not let this job assume {role}: {said}",
            f"its trust policy must allow {AUDIENCE} as audience and this subject: {sub}",
        )


def session(role: str, region: str) -> Any:
    """A botocore session whose credentials are the role's, and no others. Raises StsEndpointRefused."""
    from botocore.config import Config
    from botocore.credentials import (
        AssumeRoleWithWebIdentityCredentialFetcher,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )
    from botocore.exceptions import ClientError

    from deploytool.aws.pinned_session import PinnedSession

    # Asked before GitHub makes a token: where none may go, none is made.
    sts.endpoint(os.environ)
    made = PinnedSession()
    region = os.environ.get(REGION) or region

    def client(service: str, config: Config | None = None) -> Any:
        # The regional endpoint: the global one is in us-east-1, and not reachable from every network.
        return made.create_client(service, region_name=region, config=config)

    def fetch() -> Any:
        token = web_identity(os.environ)
        name = {"RoleSessionName": session_name(os.environ)}
        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(client, lambda: token, role, extra_args=name)
        try:
            return fetcher.fetch_credentials()
        except ClientError as error:
            raise RoleRefused(role, subject(token), error.response["Error"].get("Message", "")) from error

    class GithubProvider:
        METHOD = CANONICAL_NAME = "github-oidc"

        def load(self) -> Any:
            return DeferredRefreshableCredentials(fetch, self.METHOD)

    made.register_component("credential_provider", CredentialResolver([GithubProvider()]))
    return made


def web_identity(environ: Mapping[str, str]) -> str:
    """A fresh OIDC token from the runner; it is good for some minutes. Raises CredentialsMissing."""
    url, token = environ.get(TOKEN_URL, ""), environ.get(TOKEN_OF_JOB, "")
    if not url or not token:
        raise CredentialsMissing(
            "this job may not ask GitHub for an OIDC token",
            "give the job `permissions: id-token: write`; a pull request from a fork never has it",
        )
    import requests

    try:
        answer = requests.get(
            url, params={"audience": AUDIENCE}, headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        answer.raise_for_status()
        return str(answer.json()["value"])
    except (requests.RequestException, ValueError, KeyError) as error:
        raise CredentialsMissing(
            f"GitHub gave no OIDC token: {type(error).__name__}", "run the job again; see https://www.githubstatus.com"
        ) from error


def subject(token: str) -> str:
    """Who the token says the job is (claim ``sub``): what a trust policy compares. Not checked: AWS does that."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return str(claims["sub"])
    except (IndexError, ValueError, KeyError, TypeError):
        return "(the token names none)"


def session_name(environ: Mapping[str, str]) -> str:
    """What CloudTrail shows: the run that did it."""
    run = environ.get("GITHUB_RUN_ID", "")
    return f"deploytool-{run}" if run.isdecimal() else "deploytool"
