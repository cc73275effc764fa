"""Which URLs are this machine's own and which are AWS's, and which variables give a process an AWS identity.

Addresses are parsed as URLs, never compared as text that begins or ends so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The only spellings accepted. Resolvers know others, such as 0x7f000001, and do not agree on them."""

PUBLIC_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
"""What an endpoint from the process environment must end with."""

PARTITION_SUFFIXES = (
    *PUBLIC_SUFFIXES, ".api.amazonwebservices.com.cn", ".amazonaws.eu", ".api.amazonwebservices.eu", ".c2s.ic.gov",
    ".api.aws.ic.gov", ".sc2s.sgov.gov", ".api.aws.scloud", ".cloud.adc-e.uk", ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov", ".api.aws.hci.ic.gov",
)  # fmt: skip
"""Suffixes of every AWS partition: what the SDK may resolve for a region by itself."""

# Where parsers disagree: user info, a backslash, an escape, and what begins a query or a fragment.
_REFUSED_CHARACTERS = frozenset(" \\@?#%")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


@dataclass(frozen=True)
class _Address:
    scheme: str
    host: str
    port: int | None
    path: str


def is_loopback(url: str) -> bool:
    """Whether an http or https URL names this machine, with no user info, query or fragment."""
    address = _address(url)
    return address is not None and address.host in LOOPBACK


def is_loopback_authority(authority: str) -> bool:
    """The same for ``host:port`` alone, as image names begin with."""
    return "/" not in authority and is_loopback(f"http://{authority}")


def is_aws(url: str, suffixes: tuple[str, ...] = PUBLIC_SUFFIXES) -> bool:
    """Whether a URL reaches, over https on its own port, a host below one of AWS's ``suffixes``."""
    address = _address(url)
    return (
        address is not None
        and address.scheme == "https"
        and address.port in (None, 443)
        and address.path in ("", "/")
        and _NAME.fullmatch(address.host) is not None
        and address.host.endswith(suffixes)
    )


def origin(url: str) -> str:
    """Scheme, host and port of a URL; empty where it is none that these functions accept."""
    address = _address(url)
    if address is None:
        return ""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{address.scheme}://{host}" + (f":{address.port}" if address.port else "")


def _address(url: str) -> _Address | None:
    if not url.isascii() or not url.isprintable() or not _REFUSED_CHARACTERS.isdisjoint(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    # What is left of the authority after its host and port would be read in another way by somebody else.
    exact = parts.netloc.lower() in (shown, f"{shown}:{port}") and port != 0
    return _Address(parts.scheme, host, port, parts.path) if exact and parts.scheme in ("http", "https") else None


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
