"""From a directory to the sandbox it belongs to, and from a sandbox to the environment variables that lead to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.sandbox.state import load

if TYPE_CHECKING:
    from deploytool.sandbox.state import SandboxState


def find(start: Path) -> SandboxState | None:
    """The sandbox that was started in ``start`` or in a directory above it; its checkout lies below, so it counts too.

    Raises:
        SandboxError: a state file is there and cannot be read.
    """
    for directory in (start.resolve(), *start.resolve().parents):
        state = load(directory)
        if state is not None:
            return state
    return None


def environment(state: SandboxState) -> dict[str, str]:
    """The variables that make boto3, ghapi and deploytool talk to the sandbox and to nothing else.

    The user's profiles and the instance metadata service are out of reach: no real account is met by accident. An empty
    value means that the variable must not be set. The profile is named, since botocore takes an empty name for a name;
    `default` is all that the sandbox's own configuration file holds.
    """
    return {
        "AWS_ENDPOINT_URL": state.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_DEFAULT_REGION": state.region,
        "AWS_REGION": state.region,
        "AWS_PROFILE": "default",
        "AWS_DEFAULT_PROFILE": "default",
        "AWS_CONFIG_FILE": str(state.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "GITHUB_API_URL": state.github_api_url,
        "GITHUB_SERVER_URL": state.github_web_url,
        "GITHUB_REPOSITORY": state.repository,
        "GITHUB_TOKEN": "sandbox-token",
        "DEPLOYTOOL_REGISTRY": state.registry,
        "DEPLOYTOOL_ENVIRONMENT": state.environments[0],
        "DEPLOYTOOL_SANDBOX": str(state.directory),
    }
