"""The role that an environment is released with (``role_arn`` of deploytool.yml), renewed before it expires."""

from __future__ import annotations

from typing import Any

from botocore.credentials import AssumeRoleCredentialFetcher, CredentialProvider, DeferredRefreshableCredentials

from deploytool.aws.pinned_session import PinnedSession


def assumed(role_arn: str, source: Any = None) -> Any:
    """A botocore session whose credentials are the role's, taken with those of ``source``, else of this machine."""
    source = source or PinnedSession()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=source.create_client,
        source_credentials=source.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": "archdeck-deploy"},
    )
    session = PinnedSession()
    session.get_component("credential_provider").insert_before("env", _Role(fetcher))
    return session


class _Role(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    METHOD = "archdeck-role-arn"
    CANONICAL_NAME = METHOD

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        """Asked for by botocore when the first request is signed (AssumeRole), and again before they expire."""
        return DeferredRefreshableCredentials(refresh_using=self._fetcher.fetch_credentials, method=self.METHOD)
