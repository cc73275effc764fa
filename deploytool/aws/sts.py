"""Where a job's identity may be shown: to AWS's Security Token Service, and to nobody that a file names."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.core.endpoints import PARTITION_SUFFIXES, is_aws, is_loopback, origin
from deploytool.errors import CredentialsMissing

LOOPBACK_SWITCH = "DEPLOYTOOL_TEST_ONLY_STS_ON_LOOPBACK"
"""The one switch of the tests. With the value ``true``, an endpoint from the process environment may also be on
127.0.0.1, localhost or ::1. It allows no other host, every verb says that it is set, and no file sets it."""
_ENDPOINTS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
"""Variables that name an endpoint; boto3 takes the first that is set."""


class StsEndpointRefused(CredentialsMissing):
    """The process environment leads the job's identity to a host that is not AWS's; nothing was sent there."""

    def __init__(self, variable: str) -> None:
        # The value stays out of the log: a URL may carry a password.
        super().__init__(
            f"with a role or an OIDC token, STS is asked at AWS only: {variable} names another host",
            f"unset {variable}, or set AWS_ENDPOINT_URL_STS to an https URL under amazonaws.com",
        )


def is_switched_to_loopback(environ: Mapping[str, str]) -> bool:
    """Whether the tests' switch is set."""
    return environ.get(LOOPBACK_SWITCH) == "true"


def endpoint(environ: Mapping[str, str]) -> str | None:
    """The endpoint that the process environment gives STS; None leaves it to AWS's own of the region.

    What a configuration file says does not count. Raises StsEndpointRefused.
    """
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    variable = next((name for name in _ENDPOINTS if environ.get(name)), None)
    if variable is None:
        return None
    url = environ[variable]
    if is_aws(url) or (is_switched_to_loopback(environ) and is_loopback(url)):
        return url
    raise StsEndpointRefused(variable)


def require_allowed(url: str, given: str | None) -> None:
    """Check where a request goes: to AWS in any partition, or to the endpoint given. Raises StsEndpointRefused."""
    asked = origin(url)
    if not is_aws(asked, PARTITION_SUFFIXES) and (given is None or asked != origin(given)):
        raise StsEndpointRefused("the AWS SDK's configuration")
