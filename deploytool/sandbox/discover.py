"""From a directory to the sandbox it belongs to, and from a sandbox to the environment variables that lead to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.core.sign_in import SIGN_IN
from deploytool.sandbox import trust
from deploytool.sandbox.errors import SandboxRefused
from deploytool.sandbox.state import DIRECTORY, FILE, load

if TYPE_CHECKING:
    from deploytool.sandbox.state import SandboxState


def find(start: Path) -> SandboxState | None:
    """The sandbox that was started in ``start`` or in a directory above it; its checkout lies below, so it counts too.

    It need not run any more. Raises as ``at``: one that is refused hides those above it.
    """
    directory = _place(start)
    return None if directory is None else at(directory)


def living(start: Path) -> SandboxState | None:
    """The same, and it runs: nothing may be sent to a port that another program has taken since.

    Raises:
        SandboxRefused: it is not this user's own, or it does not run.
        SandboxError: a state file is there and cannot be read.
    """
    state = find(start)
    if state is not None and not trust.lives(state):
        raise SandboxRefused(
            state.root, "it does not run", f"run `deploytool sandbox up` in {state.root}, or `deploytool sandbox down`"
        )
    return state


def at(root: Path) -> SandboxState | None:
    """The sandbox that was started in this directory, or None.

    Raises:
        SandboxRefused: the state file is not this user's own, or leads off this machine.
        SandboxError: it is there and cannot be read.
    """
    if not trust.entries(root):
        return None
    file = root / DIRECTORY / FILE
    remove = f"remove {file}, or work outside {root}; `deploytool sandbox up` makes one that is yours"
    if why := trust.why_not_ours(root):
        raise SandboxRefused(root, why, remove)
    state = load(root)
    if state is not None and (why := trust.why_not_local(state, root)):
        raise SandboxRefused(root, why, remove)
    return state


def is_near(start: Path) -> bool:
    """Whether a state file is in ``start`` or above it. It is not read."""
    return _place(start) is not None


def _place(start: Path) -> Path | None:
    here = start.resolve()
    return next((directory for directory in (here, *here.parents) if trust.entries(directory)), None)


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
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
        "AWS_CONFIG_FILE": str(state.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        # The sandbox has keys of its own, and no identity of a job is shown to it.
        **dict.fromkeys(SIGN_IN, ""),
        "GITHUB_API_URL": state.github_api_url,
        "GITHUB_SERVER_URL": state.github_web_url,
        "GITHUB_REPOSITORY": state.repository,
        "GITHUB_TOKEN": "sandbox-token",
        "DEPLOYTOOL_REGISTRY": state.registry,
        "DEPLOYTOOL_ENVIRONMENT": state.environments[0],
        "DEPLOYTOOL_SANDBOX": str(state.directory),
    }
