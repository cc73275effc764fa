"""botocore's session, which asks only AWS's own STS where the process has an identity to show."""

from __future__ import annotations

import os
from typing import Any

import botocore.session
from botocore.config import Config

from deploytool.aws import sts
from deploytool.core.sign_in import can_sign_in


class PinnedSession(botocore.session.Session):  # type: ignore[misc]  # botocore has no types
    """Every client comes from here: our own, those of botocore's credential providers, and boto3's."""

    def create_client(self, service_name: str, *arguments: Any, **options: Any) -> Any:
        """As botocore does. Raises StsEndpointRefused."""
        if service_name != "sts" or not can_sign_in(os.environ):
            return super().create_client(service_name, *arguments, **options)
        given = sts.endpoint(os.environ)
        # A profile, or its services section, names endpoints too.
        strict = Config(ignore_configured_endpoint_urls=True)
        config = options.get("config")
        options |= {"endpoint_url": given, "config": config.merge(strict) if config else strict}
        client = super().create_client(service_name, *arguments, **options)

        def check(request: Any, **_: Any) -> None:
            sts.require_allowed(request.url, given)

        # The last look, at what really goes out: data_path of a profile may bring other endpoint rules.
        client.meta.events.register_first("before-send.sts", check)
        return client
