"""boto3 clients, made when first used."""

from __future__ import annotations

import os
import threading
from typing import Any

from deploytool.aws import oidc
from deploytool.errors import CredentialsMissing


class Session:
    """Clients of one region. Endpoints and credentials come from where boto3 always looks for them, except that with a
    role or an OIDC token STS is AWS's own: see ``sts``.
    """

    def __init__(self, region: str, role_arn: str | None = None, read_timeout: float = 30) -> None:
        """``read_timeout``: seconds that an answer may take."""
        self.region = region
        self._read_timeout = read_timeout
        self._role_arn = role_arn
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        # Session.client is not safe to call from several threads; the clients it makes are.
        # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """The client of one service, by boto3's name for it.

        Raises CredentialsMissing: an unknown profile; StsEndpointRefused, where STS would not be AWS's.
        """
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def _made(self, service: str) -> Any:
        # Loaded with the first client: the configuration is read, and ghapi begins to load, before it.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ProfileNotFound

        try:
            self._session = self._session or boto3.session.Session(
                region_name=self.region, botocore_session=self._signed_in()
            )
        except ProfileNotFound as error:
            raise CredentialsMissing(str(error), "set AWS_PROFILE to one of ~/.aws/config") from error
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=self._read_timeout,
            max_pool_connections=16,
            user_agent_extra="archdeck-deploy",
        )
        return self._session.client(service, config=config)

    def _signed_in(self) -> Any:
        """A botocore session with the role that the action was given; without one, boto3's own providers decide."""
        from deploytool.aws.assume_role import assumed
        from deploytool.aws.pinned_session import PinnedSession

        role = os.environ.get(oidc.ROLE, "")
        source = oidc.session(role, self.region) if role else PinnedSession()
        # The environment's own role, where the configuration names one, is taken with the identity we come with.
        return assumed(self._role_arn, source) if self._role_arn and self._role_arn != role else source
