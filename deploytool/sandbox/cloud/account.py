"""The sandbox's AWS account: clients that can reach MiniStack and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True)
class Account:
    """Clients by service name, made once. Endpoint and keys are given outright: what the user's environment or files
    say about AWS is not looked at.
    """

    endpoint: str
    region: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.endpoint,
                region_name=self.region,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - MiniStack takes any; this one opens nothing else
                config=Config(retries={"total_max_attempts": 2}, read_timeout=30, proxies={}),
            )
        return self._clients[service]
